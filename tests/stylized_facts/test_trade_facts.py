"""Facts of trades, order-flow imbalance and impact on toy tapes whose answer is known."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import statsmodels.api as sm

from stylized_facts.facts.metaorders import TRADERS, metaorders
from stylized_facts.facts.order_flow_imbalance import (
    imbalance_of_events,
    mean_depth,
    ofi_bins,
    ofi_regression,
)
from stylized_facts.facts.order_sign import LONG_LAGS, sign_correlation
from stylized_facts.facts.power_fit import power_fit
from stylized_facts.facts.response import LAGS
from stylized_facts.facts.square_root import CENTRES
from stylized_facts.facts.volume_volatility import trade_bins
from stylized_facts.quantities import Values, order_signs
from stylized_facts.trades import trades
from tests.stylized_facts.toy_tapes import ADD, BUY, CANCEL, PRINT, SELL, tape, trading
from tests.stylized_facts.toy_values import curve, one

# trades


def test_fills_of_one_moment_are_one_trade():
    q = (99, 101, 50, 50)
    sample = tape(
        [
            (0, ADD, BUY, 99, 1, *q),
            (1, ADD, BUY, 101, 5, *q),
            (1, ADD, BUY, 101, 7, *q),
            (1, ADD, SELL, 99, 2, *q),
            (2, ADD, SELL, 99, 3, *q),
        ]
    )
    found = trades(sample)
    assert found.sign.tolist() == [1, -1, -1]
    assert found.volume.tolist() == [12, 2, 3]
    assert found.last.tolist() == [1, 2, 3]
    assert order_signs(sample).values.tolist() == [1, -1, -1]


def test_signs_with_power_law_runs_have_that_memory():
    """Lillo, Mike and Farmer 2005: runs of exponent a give C(k) ~ k^-(a - 1)."""
    rng = np.random.default_rng(7)
    rows = []
    for _ in range(6):
        lengths = np.ceil(rng.pareto(1.6, 30_000) + 1e-9).astype(int)
        rows.append(np.repeat(rng.choice([-1.0, 1.0], len(lengths)), lengths)[:40_000])
    signs = Values(np.concatenate(rows), np.cumsum([0] + [len(r) for r in rows]))
    found = sign_correlation(signs, LONG_LAGS).draws(np.ones((1, 6)))[0]
    far = (LONG_LAGS >= 4) & (LONG_LAGS <= 100)
    slope = np.polyfit(np.log(LONG_LAGS[far]), np.log(found[far]), 1)[0]
    assert slope == pytest.approx(-0.6, abs=0.1)


def test_facts_of_persistent_signs():
    rng = np.random.default_rng(8)
    signs = np.repeat(rng.choice([-1, 1], 3_000), np.ceil(rng.pareto(1.5, 3_000)).astype(int))
    n = 4_000
    rows = trading(np.zeros(n), np.full(n, 10), signs[:n])
    sample = tape(rows)
    assert one(sample, "order_sign_decay") == pytest.approx(0.5, abs=0.25)
    assert 0.7 < one(sample, "hurst_signs") < 0.95  # 0.75 in the limit of long boxes
    fair = tape(trading(np.zeros(n), np.full(n, 10), rng.choice([-1, 1], n)))
    assert np.isnan(one(fair, "order_sign_decay"))
    assert one(fair, "hurst_signs") == pytest.approx(0.5, abs=0.06)


def test_volume_and_volatility_go_together():
    rng = np.random.default_rng(9)
    loud = np.repeat(rng.random(400) < 0.5, 10)
    moves = np.where(loud, rng.choice([-3, 3], 4_000), 0)
    volumes = np.where(loud, 50, 5) + rng.integers(0, 3, 4_000)
    sample = tape(trading(moves, volumes, np.where(moves >= 0, 1, -1)))
    assert one(sample, "volume_volatility") > 0.6
    assert abs(one(sample, "trades_volatility")) < 0.1  # as many trades in all bins
    volume, count, offsets = trade_bins(sample)
    assert offsets.tolist() == [0, 400]
    assert volume.sum() <= volumes.sum()
    assert count.max() == 10


# order-flow imbalance


def test_imbalance_of_events_by_hand():
    sample = tape(
        [
            (0, ADD, BUY, 99, 1, 99, 101, 5, 5),
            (1, ADD, BUY, 99, 2, 99, 101, 7, 5),  # joins the bid
            (2, ADD, BUY, 100, 3, 100, 101, 3, 5),  # improves it
            (3, CANCEL, BUY, 100, 3, 99, 101, 7, 5),  # and goes
            (4, ADD, BUY, 101, 5, 99, 102, 7, 8),  # takes the ask
            (5, ADD, SELL, 101, 4, 99, 101, 7, 4),
            (6, PRINT, BUY, 101, 9, 99, 101, 7, 4),
        ]
    )
    assert imbalance_of_events(sample).tolist() == [2, 3, -3, 5, -4, 0]


def test_imbalance_moves_a_book_of_constant_depth_by_half_its_share():
    """Cont, Kukanov and Stoikov: dP = OFI / (2 D) where every level holds D."""
    rng = np.random.default_rng(10)
    depth, windows = 100, []
    for w in range(12):
        own = depth * (1 + w % 4)
        bid, held = 1_000, own  # shares left at the ask (bid side mirrors it)
        rows = [(0, ADD, BUY, 1, 1, bid, bid + 1, own, own)]
        for i in range(1, 3_000):
            flow = int(rng.integers(-30, 31)) or 1
            held -= flow
            if held <= 0:
                bid, held = bid + 1, held + own
            elif held > own:
                bid, held = bid - 1, held - own
            side = BUY if flow > 0 else SELL
            rows.append((i / 10, ADD, side, 1 if flow > 0 else 9_999, abs(flow), bid, bid + 1,
                         own + 1 - held, held))  # fmt: skip
        windows.append(rows)
    sample = tape(*windows)
    move, flow, window = ofi_bins(sample)
    assert len(move) == len(flow) == 12 * 29
    found = ofi_regression(move, flow)
    check = sm.OLS(move, sm.add_constant(flow)).fit(cov_type="HAC", cov_kwds={"maxlags": 6})
    assert found.slope == pytest.approx(check.params[1])
    assert found.standard_error == pytest.approx(check.bse[1])
    assert one(sample, "ofi_r_squared") == pytest.approx(check.rsquared)
    assert one(sample, "ofi_slope") == pytest.approx(found.slope * mean_depth(sample).mean())
    assert one(sample, "ofi_r_squared") > 0.5
    assert one(sample, "ofi_depth_exponent") == pytest.approx(1, abs=0.1)
    assert 0.2 < one(sample, "ofi_slope") < 1
    constant = ofi_regression(np.zeros(300), flow[:300])
    assert np.isnan(constant.slope)


# impact


def test_response_is_the_signed_move_that_follows():
    rng = np.random.default_rng(11)
    signs = rng.choice([-1, 1], 3_000)
    moves = np.where(rng.random(3_000) < 0.5, signs, 0)  # half of the trades move the mid by one
    sample = tape(trading(moves, np.full(3_000, 10), signs))
    moving, still = curve(sample, "response_curve_mo_1"), curve(sample, "response_curve_mo_0")
    np.testing.assert_allclose(moving[:4], 1, atol=0.15)
    np.testing.assert_allclose(still[:4], 0, atol=0.15)
    assert np.isnan(curve(sample, "response_curve_ca_1")).all()
    assert one(sample, "response_mo_1") == pytest.approx(1, abs=0.3)
    assert LAGS[0] == 2
    assert LAGS[-1] == 200


def test_cancels_press_the_other_way():
    rows = [(0, ADD, BUY, 1, 1, 99, 103, 5, 5)]
    for i in range(150):
        rows.append((2 * i + 1, CANCEL, SELL, 103 + i, 5, 99 + i, 104 + i, 5, 5))
        rows.append((2 * i + 2, ADD, BUY, 100 + i, 5, 100 + i, 104 + i, 5, 5))
    sample = tape(rows)
    assert curve(sample, "response_curve_ca_1")[0] == pytest.approx(1)  # a cancel, then a bid
    assert curve(sample, "response_curve_lo_1")[0] == pytest.approx(1)


@pytest.mark.parametrize("exponent", [0.3, 0.5, 1.0])
def test_power_fit_finds_the_exponent(exponent):
    x, n = np.logspace(-2, 1, 9), np.full((2, 9), 50.0)
    y = np.stack((2 * x**exponent, 3 * x**exponent))
    found, factor = power_fit(x, n * y, n, 10)
    np.testing.assert_allclose(found, exponent, atol=0.002)
    np.testing.assert_allclose(factor, [2, 3], rtol=0.01)
    n[0, 3:] = 5
    assert np.isnan(power_fit(x, n * y, n, 10)[0][0])


def test_impact_of_trades_is_concave_where_it_was_made_so():
    rng = np.random.default_rng(12)
    volumes = np.maximum(1, 100 * rng.lognormal(0, 1, 8_000)).astype(int)
    signs = rng.choice([-1, 1], 8_000)
    moves = signs * np.rint(40 * (volumes / 100) ** 0.4).astype(int)
    rows = trading(moves, volumes, signs, start=10_000_000)
    assert one(tape(rows), "trade_impact_exponent") == pytest.approx(0.4, abs=0.04)


def test_metaorders_of_a_hand_made_tape():
    signs, volumes = [1, 1, 1, -1, 1, 1], [10, 20, 30, 40, 50, 60]
    sample = tape(trading([1, 1, 1, -1, 1, 1], volumes, signs, start=1_000))
    found = metaorders(sample)
    assert len(found.volume) > 0
    buys = [volume for volume, sign in zip(volumes, signs, strict=True) if sign > 0]
    allowed = {sum(some) for k in range(2, 6) for some in combinations(buys, k)}
    assert set(found.volume.tolist()) <= allowed
    assert found.impact.min() > 0  # all runs are of buys, and buys went up
    assert TRADERS > 1


def test_square_root_law_of_true_metaorders_is_found_and_linear_impact_told_apart():
    """One order at a time, pushed by sqrt(Q) along its path: relabelling must see concavity."""
    rng = np.random.default_rng(13)

    def market(power):
        windows = []
        for _ in range(12):
            moves, volumes, signs = [], [], []
            while len(signs) < 600:
                n, sign = int(np.ceil(rng.pareto(1.5) * 4)), int(rng.choice([-1, 1]))
                done = np.arange(n + 1) ** power
                path = np.rint(200 * done).astype(int)
                moves += (sign * np.diff(path)).tolist()
                signs += [sign] * n
                volumes += [100] * n
            windows.append(trading(moves[:600], volumes[:600], signs[:600], start=10_000_000))
        return tape(*windows)

    concave, straight = market(0.5), market(1.0)
    low, high = one(concave, "metaorder_exponent"), one(straight, "metaorder_exponent")
    assert low == pytest.approx(0.5, abs=0.15)
    assert high > low + 0.25
    assert one(concave, "metaorder_half_way") > one(straight, "metaorder_half_way") + 0.02
    assert curve(concave, "metaorder_path")[3] == pytest.approx(1)
    assert len(curve(concave, "metaorder_impact")) == len(CENTRES)
