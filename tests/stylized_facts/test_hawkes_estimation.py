"""The Hawkes likelihood and its fit: against brute force, and against known parameters."""

from __future__ import annotations

import numpy as np
import pytest

from stylized_facts.baselines.hawkes_likelihood import (
    Fit,
    PointProcess,
    Pooling,
    SpreadScale,
    designs,
    log_likelihood,
    maximise,
)
from stylized_facts.baselines.hawkes_residuals import (
    Law,
    compensate,
    ks_to_exponential,
    ljung_box,
    poisson_log_likelihood,
    residuals,
)
from stylized_facts.baselines.hawkes_simulation import simulate, spectral_radius
from stylized_facts.baselines.hawkes_uncertainty import (
    branching_errors,
    covariance,
    radius_interval,
)
from stylized_facts.baselines.streams import KINDS, STREAMS


@pytest.fixture(scope="module")
def known() -> Law:
    """Four streams, two decays, spectral radius 0.7."""
    rng = np.random.default_rng(0)
    alpha = rng.random((4, 4, 2))
    alpha *= 0.7 / spectral_radius(alpha.sum(axis=2))
    return Law.plain(rng.uniform(0.2, 0.6, 4), alpha, np.array([50.0, 1.0]))


@pytest.fixture(scope="module")
def sample(known: Law) -> PointProcess:
    """About 50,000 events of the known process."""
    time_s, stream = simulate(known.mu, known.alpha, known.betas, 10_000.0, seed=3)
    return PointProcess.plain(time_s, stream)


def test_likelihood_against_brute_force(known: Law) -> None:
    rng = np.random.default_rng(1)
    n, start = 60, 2.0
    time_s, stream = start + np.sort(rng.uniform(0, 20, n)), rng.integers(0, 4, n)
    clock, spread = rng.uniform(0.5, 2, n), rng.integers(1, 9, n)
    inside = np.array([0, 0, 1, 1])
    spread[inside[stream] == 1] = np.maximum(spread[inside[stream] == 1], 2)
    window = PointProcess(time_s, stream, start, clock, spread)
    exponents = np.array([0.3, 0.3, -0.5, -0.5])
    law = known._replace(
        exponents=exponents, inside=inside, mean_spread=3.0, low_spread=2.0, high_spread=7.0
    )
    area, total = np.zeros((n, 4)), 0.0
    for i in range(4):
        for k in range(n):
            begun, ended = (time_s[k - 1] if k else start), time_s[k]
            weight = (np.clip(spread[k], 2, 7) / 3.0) ** exponents[i]
            level = law.mu[i] * clock[k] * (1.0 if inside[i] else weight)
            weight = 1.0 if not inside[i] else weight * (spread[k] > 1)
            area[k, i] = level * (ended - begun)
            for past in range(k):
                ages = np.array([begun, ended]) - time_s[past]
                decayed = np.exp(-np.outer(ages, law.betas))
                area[k, i] += law.alpha[i, stream[past]] @ (decayed[0] - decayed[1])
                level += law.alpha[i, stream[past]] * law.betas @ decayed[1]
            area[k, i] *= weight
            total += np.log(weight * level) if stream[k] == i else 0.0
    done = compensate(window, law)
    assert done.increments == pytest.approx(area, rel=1e-9)
    assert done.log_likelihood == pytest.approx(total - area.sum(), rel=1e-9)
    # The pooled fits see the same likelihood, for parameters that are symmetric.
    pooling = Pooling.mirrored(np.array([False, True]), np.array([True, True]))
    fits = [Fit(0.4, rng.random(8) * 0.1, 0.3), Fit(0.3, rng.random(8) * 0.1, -0.5)]
    mu = np.array([fit.mu for fit in fits])[pooling.group]
    alpha = np.stack([fit.alpha.reshape(4, 2) for fit in fits])[
        pooling.group[:, None], pooling.source
    ]
    parts = designs([window], law.betas, pooling, SpreadScale(3.0, 2.0, 7.0))
    split = sum(log_likelihood(part, fit)[0] for part, fit in zip(parts, fits, strict=True))
    whole = compensate(window, law._replace(mu=mu, alpha=alpha)).log_likelihood
    assert split == pytest.approx(whole, rel=1e-6)  # rows are float32


@pytest.mark.parametrize("inside", [False, True])
def test_gradient_against_finite_differences(inside: bool) -> None:
    rng = np.random.default_rng(2)
    time_s, stream = np.sort(rng.uniform(0, 50, 300)), rng.integers(0, 4, 300)
    window = PointProcess(time_s, stream, 0.0, rng.uniform(0.5, 2, 300), rng.integers(2, 9, 300))
    pooling = Pooling.mirrored(np.array([False, inside]), np.array([True, True]))
    part = designs([window], np.array([10.0, 0.5]), pooling, SpreadScale(4.0))[1]
    point = np.concatenate(([0.5], rng.random(8) * 0.2, [0.4]))

    def value(x: np.ndarray) -> float:
        return log_likelihood(part, Fit(x[0], x[1:-1], x[-1]))[0]

    step = 1e-6 * np.eye(len(point))
    numeric = [(value(point + e) - value(point - e)) / 2e-6 for e in step]
    exact = log_likelihood(part, Fit(point[0], point[1:-1], point[-1]))[1]
    assert exact == pytest.approx(np.array(numeric), rel=1e-5, abs=1e-4)


def test_known_parameters_are_recovered(known: Law, sample: PointProcess) -> None:
    fits = [maximise(part) for part in designs([sample], known.betas, Pooling.separate(4))]
    alpha = np.stack([fit.alpha.reshape(4, 2) for fit in fits])
    assert np.array([fit.mu for fit in fits]) == pytest.approx(known.mu, abs=0.06)
    assert np.sqrt(np.mean((alpha - known.alpha) ** 2)) < 0.015
    assert spectral_radius(alpha.sum(axis=2)) == pytest.approx(0.7, abs=0.03)


def test_simulated_rates_are_stationary(known: Law, sample: PointProcess) -> None:
    expected = np.linalg.solve(np.eye(4) - known.alpha.sum(axis=2), known.mu)
    rates = np.bincount(sample.stream) / 10_000.0
    assert rates == pytest.approx(expected, rel=0.06)


def test_residuals_are_exponential_under_the_truth_alone(known: Law, sample: PointProcess) -> None:
    together, by_stream = residuals(sample, compensate(sample, known))
    assert ks_to_exponential(together) < 1.63 / np.sqrt(len(together))  # 1% of true models fail
    assert max(ks_to_exponential(series) for series in by_stream) < 0.02
    assert 5.0 < ljung_box([together]) < 45.0  # chi squared of 20 degrees of freedom
    rates = np.bincount(sample.stream) / 10_000.0
    poisson = Law.plain(rates, np.zeros((4, 4, 2)), known.betas)
    flat = compensate(sample, poisson)
    assert ljung_box([residuals(sample, flat)[0]]) > 1000.0
    assert ks_to_exponential(residuals(sample, flat)[0]) > 0.15
    assert flat.log_likelihood == pytest.approx(poisson_log_likelihood(sample, rates))
    assert compensate(sample, known).log_likelihood > flat.log_likelihood + 0.2 * len(together)


def test_standard_errors_match_the_scatter_of_estimates() -> None:
    """Z-scores of all parameters have variance 1, and the interval of the radius covers it."""
    rng = np.random.default_rng(4)
    never = np.zeros(KINDS, np.bool_)
    pooling, betas = Pooling.mirrored(never, never), np.array([5.0])
    alpha = rng.uniform(0.02, 0.08, (KINDS, STREAMS, 1))
    by_stream = alpha[pooling.group[:, None], pooling.source]
    radius = spectral_radius(by_stream.sum(axis=2))
    scores, covered = [], 0
    for seed in range(8):
        time_s, stream = simulate(np.full(STREAMS, 0.4), by_stream, betas, 3000.0, seed=seed)
        parts = designs([PointProcess.plain(time_s, stream)], betas, pooling)
        fits = [maximise(part) for part in parts]
        covariances = [covariance(part, fit) for part, fit in zip(parts, fits, strict=True)]
        errors = branching_errors(covariances, [1.0] * KINDS)
        found = np.stack([fit.alpha for fit in fits])
        scores.append((found - alpha[:, :, 0])[errors > 0] / errors[errors > 0])
        unpooled_alpha = found[:, :, None][pooling.group[:, None], pooling.source].sum(axis=2)
        low, high = radius_interval(unpooled_alpha, covariances, [1.0] * KINDS)
        covered += low <= radius <= high
    assert np.concatenate(scores).std() == pytest.approx(1.0, abs=0.12)
    assert covered >= 6
