"""Facts R1-R15 on processes whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from arch.univariate import FIGARCH, Normal, ZeroMean
from scipy import stats
from statsmodels.tsa.arima_process import arma_generate_sample

from stylized_facts import SampleError
from stylized_facts.bootstrap import window_weights
from stylized_facts.facts import CURVES, FACTS
from stylized_facts.facts.aggregation import distance_to_normal, ladder_slope
from stylized_facts.facts.asymmetry import medcouple, weighted_skew
from stylized_facts.facts.autocorrelation import autocorrelation, without_level
from stylized_facts.facts.dfa import SCALES, fluctuations, hurst_exponent
from stylized_facts.facts.epps import epps_curve
from stylized_facts.facts.fact import correlation, pairs, refitted, vertex
from stylized_facts.facts.fano import fano
from stylized_facts.facts.garch import gjr_garch
from stylized_facts.facts.hill import hill_index, one_sign, weighted_hill
from stylized_facts.facts.leverage import LAGS, leverage
from stylized_facts.facts.ljung_box import ljung_box, robust_ljung_box
from stylized_facts.facts.long_memory import gph, local_whittle, periodograms
from stylized_facts.facts.robust_kurtosis import MEASURES, robust_excess
from stylized_facts.facts.roughness import log_variance_steps
from stylized_facts.facts.signature import HORIZONS_S, signature_of_mid
from stylized_facts.facts.structure import scaling_exponents
from stylized_facts.facts.tail_shape import pareto_shape
from stylized_facts.facts.variance_ratio import variance_ratio
from stylized_facts.facts.zumbach import zumbach
from stylized_facts.quantities import Values, moved_returns

ONE = np.ones((1, 1))


def ragged(rows):
    return Values(np.concatenate(rows), np.cumsum([0] + [len(row) for row in rows]))


def single(values):
    return ragged([values])


def one(sample, key):
    return float(FACTS[key].draws(sample, np.ones((1, len(sample))))[0])


def curve(sample, key):
    found = next(c for c in CURVES if c.key == key)
    return found.estimate(sample).draws(np.ones((1, len(sample))))[0]


def fractional_noise(d, n, rng, rows=1):
    """ARFIMA(0, d, 0) by its moving average, cut off after n terms, the first n values dropped."""
    weights = np.cumprod(np.concatenate(([1.0], (np.arange(1, n) - 1 + d) / np.arange(1, n))))
    length = 1 << int(np.ceil(np.log2(3 * n)))
    noise = rng.standard_normal((rows, 2 * n))
    both = np.fft.irfft(np.fft.rfft(noise, length) * np.fft.rfft(weights, length), length)
    return both[:, n : 2 * n]


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    return [rng.standard_t(4, int(n)) for n in rng.integers(200, 500, 6)]


def repeated(rows, times):
    return [row for row, n in zip(rows, times, strict=True) for _ in range(int(n))]


# tails


def test_pareto_shape_of_student_t_is_one_over_its_index():
    x = np.random.default_rng(1).standard_t(3, 200_000)
    assert pareto_shape(x) == pytest.approx(1 / 3, abs=0.06)
    assert abs(pareto_shape(np.random.default_rng(2).exponential(size=100_000))) < 0.04
    assert np.isnan(pareto_shape(np.zeros(1000)))
    assert np.isnan(pareto_shape(x[:100]))


def test_hill_of_one_sign_sees_only_that_sign():
    rng = np.random.default_rng(3)
    x = np.concatenate((rng.pareto(2.5, 50_000) + 1, -(rng.pareto(5, 50_000) + 1)))
    assert hill_index(one_sign(single(x), 1).values) == pytest.approx(2.5, rel=0.06)
    assert hill_index(one_sign(single(x), -1).values) == pytest.approx(5, rel=0.06)


def test_hill_looks_beyond_the_head_where_a_resample_needs_it():
    rng = np.random.default_rng(4)
    rows = [rng.pareto(3, 400) + 1, 100 * (rng.pareto(3, 400) + 1)]
    only_small = np.array([[3.0, 0.0]])  # its tail lies under all that the other window holds
    found = weighted_hill(ragged(rows), only_small, 0.05)[0]
    assert found == pytest.approx(hill_index(np.tile(rows[0], 3), 0.05))


def test_robust_kurtosis_of_known_laws():
    rng = np.random.default_rng(5)
    normal, heavy = rng.standard_normal(200_000), rng.standard_t(3, 200_000)
    for measure in MEASURES:
        assert abs(robust_excess(normal, measure)) < 0.03, measure
        assert robust_excess(heavy, measure) > 0.1, measure
        assert np.isnan(robust_excess(np.ones(100), measure))
    q = stats.t(3).ppf(np.array([1, 2, 3, 5, 6, 7]) / 8)
    moors = ((q[5] - q[3]) + (q[2] - q[0])) / (q[4] - q[1]) - 1.233
    assert robust_excess(heavy, "Moors") == pytest.approx(moors, abs=0.02)


def test_ladder_of_independent_returns_falls_with_slope_minus_one():
    h = (1, 10, 30, 60)
    found = ladder_slope(np.array([[6 / x for x in h], [-1, 3, 1, 0.5], [1, -1, -1, 1]]), h)
    assert found[0] == pytest.approx(-1)
    assert found[1] == pytest.approx(-1, abs=0.02)
    assert np.isnan(found[2])


def test_distance_to_normal(market):
    rng = np.random.default_rng(6)
    assert distance_to_normal(rng.standard_normal(100_000)) < 0.01
    assert distance_to_normal(5 + 3 * rng.standard_normal(1_000)) < 0.06
    uniform = rng.uniform(size=100_000)
    levels = (np.arange(100_000) + 0.5) / 100_000
    exact = np.abs(np.sqrt(12) * (levels - 0.5) - stats.norm.ppf(levels)).mean()
    assert distance_to_normal(uniform) == pytest.approx(exact, rel=0.05)
    assert np.isnan(distance_to_normal(np.ones(10)))
    sample = market(rng.standard_t(3, (40, 600)))
    assert one(sample, "distance_to_normal_10s") > one(sample, "distance_to_normal_60s")


# linear dependence


def test_variance_ratio_of_an_ar1():
    x = arma_generate_sample([1, -0.3], [1], 100_000, distrvs=np.random.default_rng(7).normal)
    q = 5
    exact = 1 + 2 * sum((1 - k / q) * 0.3**k for k in range(1, q))
    assert variance_ratio(x, q) == pytest.approx(exact, abs=0.03)
    walk = np.random.default_rng(8).standard_normal(100_000)
    assert variance_ratio(walk, 10) == pytest.approx(1, abs=0.03)


def test_robust_ljung_box_is_not_fooled_by_clustering(garch_returns):
    rows = garch_returns(200, 600, 1)
    plain, robust = ([f(row) for row in rows] for f in (ljung_box, robust_ljung_box))
    assert np.mean(plain) > 13
    assert np.mean(robust) == pytest.approx(10, abs=1.5)
    linear = arma_generate_sample([1, -0.3], [1], 600, distrvs=np.random.default_rng(9).normal)
    assert robust_ljung_box(linear) > 25


# memory of volatility


@pytest.mark.parametrize("d", [0.0, 0.2, 0.4])
def test_fractional_order_of_fractional_noise(d):
    rows = fractional_noise(d, 4_000, np.random.default_rng(10), rows=12)
    found, weights = periodograms(ragged(list(rows))), np.ones((1, 12))
    assert gph(found, weights)[0] == pytest.approx(d, abs=0.05)
    assert local_whittle(found, weights)[0] == pytest.approx(d, abs=0.04)


def test_fractional_order_leaves_out_what_it_cannot_use():
    found = periodograms(ragged([np.ones(500), np.arange(50.0)]))
    assert np.isnan(local_whittle(found, np.ones((1, 2)))).all()


def test_figarch_remembers_longer_than_garch(market, garch_returns):
    figarch = ZeroMean(None, volatility=FIGARCH(truncation=500))
    figarch.distribution = Normal(seed=np.random.default_rng(11))
    simulated = figarch.simulate([0.05, 0.2, 0.5, 0.4], 24_000, burn=2_000)
    long = market(np.asarray(simulated["data"]).reshape(20, 1_200))
    short = market(garch_returns(20, 1_200, 2))
    assert curve(long, "acf_abs_return")[40:].mean() > curve(short, "acf_abs_return")[40:].mean()
    assert one(long, "decay_exponent") < one(short, "decay_exponent")
    assert one(long, "memory_whittle") > 0.15


def test_level_of_each_stretch_is_taken_out(rows):
    loud = np.concatenate((rows[0][:100], 50 * rows[0][100:200]))
    flat = without_level(ragged([loud, rows[1]]), 100)
    np.testing.assert_allclose(np.mean(flat.values[:100] ** 2), 1)
    np.testing.assert_allclose(np.mean(flat.values[100:200] ** 2), 1)
    lag = np.array([1])
    absolute = Values(np.abs(flat.values), flat.offsets)
    raw = autocorrelation(single(np.abs(loud)), lag).draws(ONE)[0, 0]
    assert raw > 0.2
    assert abs(autocorrelation(absolute, lag).draws(np.ones((1, 2)))[0, 0]) < 0.15
    assert (without_level(single(np.zeros(10))).values == 0).all()


def test_gjr_garch_finds_the_innovations():
    rng = np.random.default_rng(12)
    x, variance = np.empty(12_000), 1.0
    for t, z in enumerate(rng.standard_t(5, len(x)) / np.sqrt(5 / 3)):
        x[t] = np.sqrt(variance) * z
        variance = 0.05 + (0.03 + 0.08 * (z < 0)) * x[t] ** 2 + 0.87 * variance
    residuals, tail, skew = gjr_garch(x)
    assert tail == pytest.approx(5, abs=0.8)
    assert abs(skew) < 0.05
    assert hill_index(residuals, 0.025) > hill_index(x, 0.025)
    assert np.isnan(gjr_garch(np.zeros(100))[1])


def test_degrees_of_freedom_of_resamples_are_near_the_fit(market):
    rng = np.random.default_rng(13)
    sample = market(np.repeat(rng.standard_t(4, (40, 60)) / 10, 10, axis=1))
    draws = FACTS["gjr_degrees_of_freedom"].draws(sample, window_weights(40, 50, 0))
    assert draws[0] == pytest.approx(4, abs=1)
    assert np.median(draws[1:]) == pytest.approx(draws[0], abs=0.5)
    assert one(sample, "gjr_residual_hill") == pytest.approx(3.3, abs=1)


# asymmetry


def test_leverage_of_a_process_with_leverage():
    rng = np.random.default_rng(14)
    z = rng.standard_normal((4, 30_000))
    scale = np.ones_like(z)
    scale[:, 1:] = np.where(z[:, :-1] < 0, 1.5, 0.5)
    found = leverage(ragged(list(scale * z)), np.array([-2, -1, 1, 2])).draws(np.ones((1, 4)))[0]
    assert found[2] < -0.1
    assert np.abs(found[[0, 1, 3]]).max() < 0.03
    short = leverage(single(np.arange(10.0)), LAGS).draws(ONE)[0]
    assert np.isnan(short[[0, -1]]).all()


def test_skew_and_medcouple_of_known_laws(rows):
    rng = np.random.default_rng(15)
    x = rng.exponential(size=300_000)
    assert weighted_skew(single(x), ONE)[0] == pytest.approx(2, abs=0.06)
    assert medcouple(x) == pytest.approx(0.333, abs=0.02)  # Brys et al. 2004
    assert abs(medcouple(rng.standard_normal(10_000))) < 0.03
    assert np.isnan(medcouple(np.ones(20)))
    assert np.isnan(weighted_skew(single(np.ones(20)), ONE)[0])
    weights = window_weights(6, 10, 0)
    for value, times in zip(weighted_skew(ragged(rows), weights), weights, strict=True):
        assert value == pytest.approx(stats.skew(np.concatenate(repeated(rows, times))))


def test_zumbach_sees_a_trend_that_makes_volatility():
    rng = np.random.default_rng(16)
    x = np.empty(60_000)
    for start in range(0, len(x), 10):
        trend = abs(x[start - 10 : start].sum()) if start else 0.0
        x[start : start + 10] = (0.5 + 0.3 * trend) * rng.standard_normal(10)
        x[start : start + 10] = np.clip(x[start : start + 10], -4, 4)
    forward, backward = zumbach(single(x))
    assert forward.draws(ONE)[0, 0] > backward.draws(ONE)[0, 0] + 0.02
    forward, backward = zumbach(single(rng.standard_normal(60_000)))
    assert abs(forward.draws(ONE)[0, 0] - backward.draws(ONE)[0, 0]) < 0.04


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


# tools


def test_pairs_never_cross_windows(rows):
    early, late, window = pairs(ragged([np.arange(3.0), 10 + np.arange(4.0)]), 2)
    assert early.tolist() == [0, 10, 11]
    assert late.tolist() == [2, 12, 13]
    assert window.tolist() == [0, 1, 1]
    assert len(pairs(single(np.arange(3.0)), 5)[0]) == 0


def test_correlation_is_pearsons():
    rng = np.random.default_rng(26)
    x, y = rng.standard_normal((2, 300))
    found = correlation(x, x + y, np.repeat([0, 1, 2], 100), 3).draws(np.ones((1, 3)))
    assert found[0, 0] == pytest.approx(np.corrcoef(x, x + y)[0, 1])
    assert np.isnan(correlation(np.ones(4), np.ones(4), np.zeros(4, int), 1).draws(ONE)[0, 0])


def test_refits_are_repeated_in_turn(rows):
    weights = window_weights(6, 9, 0)
    found = refitted(ragged(rows), weights, np.median, most=4)
    exact = [np.median(np.concatenate(repeated(rows, times))) for times in weights[:5]]
    np.testing.assert_allclose(found, exact + exact[1:] + exact[1:2])


def test_vertex_of_a_parabola():
    grid = np.linspace(0, 1, 11)
    height = np.stack([(grid - 0.43) ** 2, grid, np.full(11, np.nan)])
    found = vertex(grid, height)
    assert found[0] == pytest.approx(0.43)
    assert np.isnan(found[1:]).all()


def test_report_only_facts_are_marked():
    marked = {fact.code for fact in FACTS.values() if fact.report_only}
    assert marked == {"R7", "R8", "R12"}
    codes = {fact.code for fact in (*FACTS.values(), *CURVES)}
    wanted = {f"R{i}" for i in range(1, 15)} | {f"L{i}" for i in range(1, 15)}
    assert wanted <= codes
