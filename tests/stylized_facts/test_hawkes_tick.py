"""Our Hawkes likelihood, kernels and simulation against those of the package tick."""

from __future__ import annotations

import numpy as np
import pytest

from stylized_facts.baselines.hawkes_likelihood import (
    Fit,
    PointProcess,
    Pooling,
    designs,
    log_likelihood,
)
from stylized_facts.baselines.hawkes_residuals import Law, compensate
from stylized_facts.baselines.hawkes_simulation import simulate, spectral_radius

hawkes = pytest.importorskip(
    "tick.hawkes",
    reason="tick is not installed: pip install 'faultline[tick]'",
    exc_type=ImportError,
)


def test_same_log_likelihood_and_gradient_as_tick() -> None:
    streams, betas = 4, np.array([40.0, 2.0, 0.2])
    rng = np.random.default_rng(0)
    alpha = rng.random((streams, streams, len(betas)))
    alpha *= 0.8 / spectral_radius(alpha.sum(axis=2))
    mu = rng.uniform(0.2, 0.6, streams)
    time_s, stream = simulate(mu, alpha, betas, 2000.0, seed=1)
    theirs = hawkes.ModelHawkesSumExpKernLogLik(betas)
    theirs.fit([time_s[stream == i] for i in range(streams)], end_times=float(time_s[-1]))
    window = PointProcess.plain(time_s, stream)
    parts = designs([window], betas, Pooling.separate(streams))
    for scale in (1.0, 0.5, 1.3):  # at the truth, and elsewhere
        point = np.concatenate((mu * scale, (alpha * scale).ravel()))
        # tick's likelihood is relative to Poisson streams of rate 1
        wanted = -theirs.loss(point) * len(time_s) - streams * time_s[-1]
        found = compensate(window, Law.plain(mu * scale, alpha * scale, betas)).log_likelihood
        assert found == pytest.approx(wanted, rel=1e-6)
        gradient = -theirs.grad(point) * len(time_s)
        for i, part in enumerate(parts):
            ours = log_likelihood(part, Fit(mu[i] * scale, alpha[i].ravel() * scale, 0.0))[1]
            assert ours[0] == pytest.approx(gradient[i], rel=1e-4, abs=1e-2)
            by_term = gradient[streams:].reshape(alpha.shape)[i].ravel()
            assert ours[1:-1] == pytest.approx(by_term, rel=1e-3, abs=0.05)  # rows are float32


def test_same_mean_intensities_as_tick() -> None:
    betas = np.array([10.0, 0.5])
    alpha = np.array([[[0.2, 0.1], [0.0, 0.3]], [[0.1, 0.0], [0.2, 0.1]]])
    mu = np.array([0.5, 0.3])
    theirs = hawkes.SimuHawkesSumExpKernels(alpha, betas, baseline=mu, verbose=False)
    stream = simulate(mu, alpha, betas, 50_000.0, seed=2)[1]
    assert np.bincount(stream) / 50_000.0 == pytest.approx(theirs.mean_intensity(), rel=0.03)
