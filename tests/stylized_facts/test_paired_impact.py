"""Impact of injected metaorders from paired paths."""

from __future__ import annotations

import numpy as np
import pytest

from model.errors import FaultlineError
from stylized_facts.facts.paired_impact import injected_law, paired_impact

PAIRS = 64


@pytest.fixture
def twins():
    rng = np.random.default_rng(1)
    noise = np.cumsum(1e-4 * rng.standard_normal((PAIRS, 50)), axis=1)
    other = 2e-5 * rng.standard_normal((PAIRS, 50))
    push = 1e-3 * np.minimum(np.arange(50) / 20, 1)
    return 100 * np.exp(noise), 100 * np.exp(noise + other + push)


def test_the_twin_takes_the_noise_out(twins):
    found = paired_impact(*twins, side=1)
    exact = 10 * np.minimum(np.arange(50) / 20, 1)
    np.testing.assert_allclose(found.mean, exact, atol=0.12)
    assert ((found.low <= exact) & (exact <= found.high)).mean() > 0.8
    assert np.max(found.high - found.low) < 0.2
    down = paired_impact(*twins, side=-1)
    np.testing.assert_allclose(down.mean, -found.mean)


@pytest.mark.parametrize("exponent", [0.5, 1.0])
def test_law_of_injected_orders(exponent):
    rng = np.random.default_rng(2)
    size = np.array([10, 30, 100, 300, 1_000])[:, None] * rng.uniform(0.9, 1, (5, PAIRS))
    impact = 40 * (size / 10_000) ** exponent * (1 + 0.2 * rng.standard_normal((5, PAIRS)))
    law = injected_law(size, impact, volume=10_000, volatility_bps=20)
    assert law.exponent == pytest.approx(exponent, abs=0.06)
    assert law.low < law.exponent < law.high
    assert law.high - law.low < 0.25
    assert law.factor == pytest.approx(2, rel=0.15)


def test_bad_pairs_are_refused(twins):
    base, shocked = twins
    for bad, message in (
        ((base, shocked[:, :-1]), "of one shape"),
        ((base[:3], shocked[:3]), "3 pairs"),
        ((base, np.where(shocked > 0, np.nan, 0)), "shocked_mid must hold positive"),
    ):
        with pytest.raises(FaultlineError, match=message):
            paired_impact(*bad, side=1)
    size = np.ones((5, PAIRS))
    for args, message in (
        ((size[:2], size[:2]), "at least 4 sizes"),
        ((size[:, :2], size[:, :2]), "2 pairs"),
        ((0 * size, size), "above 0"),
        ((size, np.nan * size), "must be finite"),
    ):
        with pytest.raises(FaultlineError, match=message):
            injected_law(*args, volume=1.0, volatility_bps=1.0)
