"""Facts of scaling and intermittency on processes whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from stylized_facts import SampleError
from stylized_facts.facts.dfa import SCALES, fluctuations, hurst_exponent
from stylized_facts.facts.epps import epps_curve
from stylized_facts.facts.fano import fano
from stylized_facts.facts.roughness import log_variance_steps
from stylized_facts.facts.signature import HORIZONS_S, signature_of_mid
from stylized_facts.facts.structure import scaling_exponents
from stylized_facts.quantities import moved_returns
from tests.stylized_facts.toy_values import ONE, curve, fractional_noise, one, ragged, single

# intermittency


def test_fano_of_poisson_is_one_and_of_doubled_events_two():
    rng = np.random.default_rng(17)
    rows = [rng.poisson(3, 5_000).astype(float) for _ in range(4)]
    np.testing.assert_allclose(fano(ragged(rows)).draws(np.ones((1, 4)))[0], 1, atol=0.1)
    doubled = fano(ragged([2 * row for row in rows])).draws(np.ones((1, 4)))[0]
    np.testing.assert_allclose(doubled, 2, atol=0.2)
    assert np.isnan(fano(single(np.zeros(100))).draws(ONE)).all()
    own = fano(ragged(rows)).draws(np.array([[0.0, 2.0, 1.0, 0.0]]))[0, 0]
    counts = np.concatenate((rows[1], rows[1], rows[2]))
    assert own == pytest.approx(counts.var() / counts.mean())


def test_fano_of_a_hawkes_process_is_that_of_its_kernel():
    """Var N / E N of long bins is 1 / (1 - n)^2 for branching ratio n (Hawkes 1971)."""
    rng = np.random.default_rng(18)
    branching, seconds = 0.5, 40_000
    parents = rng.uniform(0, seconds, rng.poisson(seconds))
    times = [parents]
    while len(parents):
        children = np.repeat(parents, rng.poisson(branching, len(parents)))
        parents = children + rng.exponential(0.2, len(children))
        times.append(parents)
    counts, _ = np.histogram(np.concatenate(times), np.arange(seconds + 1))
    found = fano(single(counts.astype(float))).draws(ONE)[0]
    assert found[-1] == pytest.approx(4, rel=0.15)
    assert (np.diff(found[:3]) > 0).all()


def test_moments_of_a_gaussian_walk_scale_alike(market):
    sample = market(np.random.default_rng(19).standard_normal((30, 900)))
    assert one(sample, "scaling_second_moment") == pytest.approx(1, abs=0.05)
    assert one(sample, "intermittency") == pytest.approx(0, abs=0.05)
    exact = np.ones((1, 6, 4))
    exact[0, :, 1:] = np.array([1, 2, 5, 10, 20, 50])[:, None] ** np.array([0.4, 0.7, 0.9])
    np.testing.assert_allclose(scaling_exponents(exact, ONE)[0], [0.4, 0.7, 0.9])


def test_heavy_tailed_jumps_are_intermittent(market):
    sample = market(np.random.default_rng(20).standard_t(3, (30, 900)))
    assert one(sample, "intermittency") > 0.1


# scaling


@pytest.mark.parametrize("d", [-0.2, 0.0, 0.3])
def test_dfa_of_fractional_noise(d):
    rows = fractional_noise(d, 4_000, np.random.default_rng(21), rows=10)
    found = hurst_exponent(fluctuations(ragged(list(rows))), np.ones((1, 10)))[0]
    assert found == pytest.approx(0.5 + d, abs=0.05)


def test_dfa_is_the_fluctuation_about_fitted_lines(rows):
    found = fluctuations(ragged(rows)).draws(np.ones((1, 6)))[0]
    scale = SCALES[2]
    squares = []
    for row in rows:
        walk = np.cumsum(row - row.mean())
        for start in range(0, len(walk) - scale + 1, scale):
            box, t = walk[start : start + scale], np.arange(scale)
            squares.append(np.mean((box - np.polyval(np.polyfit(t, box, 1), t)) ** 2))
    assert found[2] == pytest.approx(np.mean(squares))
    assert np.isnan(hurst_exponent(fluctuations(single(np.arange(20.0))), ONE)[0])


def test_roughness_of_log_volatility_of_known_hurst_exponent():
    rng = np.random.default_rng(22)
    smooth = np.cumsum(0.3 * rng.standard_normal(3_000))  # ln RV a random walk: H = 1/2
    returns = np.repeat(np.exp(0.5 * smooth), 30) * rng.choice([-1.0, 1.0], 90_000)
    steps = log_variance_steps(single(returns)).draws(ONE)[0]
    slope = np.polyfit(np.log([1, 2, 3, 4]), np.log(steps), 1)[0]
    assert slope / 2 == pytest.approx(0.5, abs=0.05)
    assert np.isnan(log_variance_steps(single(np.zeros(300))).draws(ONE)).all()


def test_signature_of_a_walk_is_flat_and_of_bounces_falls(market):
    rng = np.random.default_rng(23)
    walk = market(rng.standard_normal((20, 900)))
    known = [h <= 300 for h in HORIZONS_S]
    np.testing.assert_allclose(curve(walk, "signature")[known], 1, atol=0.15)
    assert np.isnan(curve(walk, "signature")[-1])  # no window of 2000 s
    noise = rng.standard_normal((20, 901))
    bounced = market(np.diff(noise, axis=1) + 0.2 * rng.standard_normal((20, 900)))
    assert signature_of_mid(bounced).draws(np.ones((1, 20)))[0, 0] > 5


def test_epps_effect_of_asynchronous_prices(market):
    rng = np.random.default_rng(24)
    common = rng.standard_normal((20, 1_200))
    late = np.roll(common, 5, axis=1)
    first, second = market(common), market(late, asset="OTHER")
    found = epps_curve(first, second, (1, 10, 60))
    assert abs(found[0]) < 0.1
    assert found[1] == pytest.approx(0.5, abs=0.1)
    assert found[2] == pytest.approx(1 - 5 / 60, abs=0.05)
    assert np.isnan(epps_curve(first, second, (1_200,))[0])
    with pytest.raises(SampleError, match="other times"):
        epps_curve(first, market(late[:, :-1]))


def test_zero_returns_are_told_apart(market):
    rng = np.random.default_rng(25)
    returns = rng.standard_normal((10, 300)) * (rng.random((10, 300)) < 0.3)
    sample = market(returns)
    moved = moved_returns(sample)
    assert (moved.values != 0).all()
    assert len(moved.values) / 3_000 == pytest.approx(1 - one(sample, "zero_return_share"))
