"""The fact sheet: complete, small, readable after a round trip."""

from __future__ import annotations

import json

import numpy as np
import pytest

from model.errors import FaultlineError
from model.events import NS_PER_S
from model.profile import AssetProfile
from stylized_facts import FACTS, QUANTITIES, FactSheet, fact_sheet


@pytest.fixture(scope="module")
def sample(market):
    return market(np.random.default_rng(0).standard_t(4, (20, 300)), label="Toy t(4)")


@pytest.fixture(scope="module")
def sheet(sample):
    return fact_sheet(sample, resamples=50)


@pytest.fixture
def profile():
    return AssetProfile(
        asset="TOY", tick_size=0.01, price_ticks=1, spread_ticks=1, spread_pmf=[1.0], liquidity=1,
        events_per_s=1, volume_per_s=1, volatility_bps=1, shape_occupied=[1.0], shape_size=[1.0],
        order_size_quantiles=[1.0, 2.0], session_start_ns=0, session_end_ns=300 * NS_PER_S,
    )  # fmt: skip


def test_sheet_says_where_it_comes_from(sheet):
    assert (sheet.label, sheet.asset, sheet.windows, sheet.window_s) == ("Toy t(4)", "TOY", 20, 300)
    assert sheet.events == 20 * 300
    assert set(sheet.facts) == set(FACTS)
    assert set(sheet.distributions) == set(QUANTITIES)
    assert sheet.intraday == []


def test_distributions_are_whole(sheet):
    for part in sheet.distributions.values():
        assert len(part.quantiles) == 257
        assert len(part.share) == len(part.edges) - 1
        if part.n:
            assert sum(part.share) + part.below + part.above == pytest.approx(1, abs=1e-5)
            assert np.all(np.diff(part.quantiles) >= 0)
    assert sheet.distributions["spread"].mean == 2.0
    assert sheet.distributions["log_return_1s"].n == 6_000


def test_curves_and_bands(sheet):
    for curve in (sheet.acf_return, sheet.acf_abs_return):
        assert curve.x == list(range(1, 61))
        assert len(curve.y) == len(curve.low) == len(curve.high) == 60
        assert all(low <= y <= high for low, y, high in zip(
            curve.low, curve.y, curve.high, strict=True))  # fmt: skip
    assert sheet.acf_abs_return_10s.x == [10.0 * k for k in range(1, 16)]
    assert sheet.kurtosis.x == [1, 10, 30, 60, 120]
    assert sheet.kurtosis.y[0] == pytest.approx(sheet.facts["kurtosis_1s"].value, rel=1e-6)
    assert sheet.hill.x == [0.01, 0.025, 0.05]
    assert np.isnan(sheet.acf_order_sign.y).all()  # nobody crosses in the toy market


def test_mid_paths_are_ten_second_bars(sheet):
    assert len(sheet.mid_paths) == 12
    path = sheet.mid_paths[0]
    assert (path.start_s, path.step_s, len(path.mid)) == (0, 10, 31)
    assert path.mid[0] == pytest.approx(100_000, rel=1e-5)


def test_round_trip(sheet, tmp_path):
    path = tmp_path / "facts.json"
    sheet.write(path)
    text = path.read_text()
    assert len(text) < 300_000
    assert "NaN" not in text
    assert json.loads(text)["facts"]["order_sign_acf_1"]["value"] is None
    again = FactSheet.read(path)
    assert again.model_dump_json() == sheet.model_dump_json()
    assert np.isnan(again.facts["order_sign_acf_1"].value)
    assert [p.name for p in tmp_path.iterdir()] == ["facts.json"]


def test_broken_files_are_named(tmp_path):
    path = tmp_path / "facts.json"
    with pytest.raises(FaultlineError, match=r"facts\.json: cannot be read"):
        FactSheet.read(path)
    path.write_text('{"label": "x"}')
    with pytest.raises(FaultlineError, match=r"facts\.json: asset: Field required"):
        FactSheet.read(path)


def test_edges_are_taken_over(sheet, market):
    wide = market(3 * np.random.default_rng(1).standard_t(4, (5, 300)))
    other = fact_sheet(wide, label="Wide", like=sheet, resamples=0)
    for key, part in other.distributions.items():
        assert part.edges == sheet.distributions[key].edges
    assert other.label == "Wide"
    assert other.distributions["log_return_1s"].above > 0


def test_one_window_has_values_without_bands(market):
    sheet = fact_sheet(market(np.random.default_rng(2).standard_normal((1, 900))))
    fact = sheet.facts["kurtosis_1s"]
    assert np.isfinite(fact.value)
    assert np.isnan([fact.low, fact.high]).all()


def test_day_comes_from_the_profile(sample, profile):
    sheet = fact_sheet(sample, profile, resamples=0)
    assert [b.start_s for b in sheet.intraday] == [0.0]
    assert sheet.intraday[0].spread_ticks == 2.0
