"""Long rollouts, conditioning, impact and seeds: measured, written, read back, put into words."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from app.card_sections import (
    conditioning_section,
    controls_section,
    horizon_section,
    impact_section,
    seeds_section,
)
from app.charts.horizon import horizon_chart
from app.charts.mpl_renderer import to_svg
from app.conditioning import MOVES, Conditioned, Conditioning, conditioning
from app.controls import Controls, ReconstructedQuantity, measure_controls
from app.horizon import LEVELS, LevelOverTime, LongRollout, levels_by_window, long_rollout
from app.impact import SHARES, injected_impact
from app.injected import InjectedImpact, InjectedSize
from app.realism import (
    SeedHeadline,
    SeedHeadlines,
    measure_realism,
    read_conditioning,
    read_horizons,
    read_impact,
    read_seeds,
)
from engine.ensemble import PathEnsemble
from engine.rollout import StressRun
from model.errors import SpecError
from model.tokenizer import TIERS
from stylized_facts import MarketSample

NAN = float("nan")


@pytest.fixture(scope="module")
def measured(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small measurement of realism with Hawkes in the place of the model under test."""
    out = tmp_path_factory.mktemp("realism")
    long_rollout("AMZN", data_dir, model="hawkes", paths=4, horizon_s=240.0).write(
        _folder(out, "horizon") / "AMZN.json"
    )
    injected_impact("AMZN", data_dir, model="hawkes", paths=8).write(
        _folder(out, "impact") / "AMZN.json"
    )
    conditioning("AMZN", data_dir, paths=4).write(_folder(out, "conditioning") / "AMZN.json")
    return out


def _folder(out: Path, name: str) -> Path:
    (out / name).mkdir()
    return out / name


def test_a_long_rollout_is_cut_into_chunks(measured: Path) -> None:
    (found,) = read_horizons(measured)
    assert [level.key for level in found.levels] == list(LEVELS)
    assert found.chunk_s == 60.0
    for level in found.levels:
        assert len(level.mean) == len(level.low) == len(level.high) == 4
        assert level.real_band[0] < level.real < level.real_band[1]
        assert 0 <= level.inside <= 1
    assert len(found.events) == found.paths == 4
    assert sum(found.events) == found.counters["executed"]


def test_the_picture_of_a_horizon_is_in_units_of_the_real_mean(measured: Path) -> None:
    (found,) = read_horizons(measured)
    chart = horizon_chart(found)
    real = chart.data[chart.data["series"] == "Real session"]
    assert (real["y"] == 1.0).all()
    assert ((real["low"] < 1) & (real["high"] > 1)).all()
    assert "<svg" in to_svg(chart)


def test_impact_grows_with_size_and_has_an_exponent(measured: Path) -> None:
    (found,) = read_impact(measured)
    assert [size.share for size in found.sizes] == list(SHARES)
    executed = [size.executed for size in found.sizes]
    assert executed == sorted(executed)
    assert found.sizes[-1].at_end > 0
    assert found.sizes[-1].at_end_band[0] < found.sizes[-1].at_end < found.sizes[-1].at_end_band[1]


def test_conditioning_names_every_context_and_tier(measured: Path) -> None:
    (found,) = read_conditioning(measured)
    assert [row.context for row in found.rows] == list(MOVES)
    for row in found.rows:
        assert len(row.real) == len(row.got) == len(row.moments) == TIERS
        assert sum(row.moments) == sum(found.rows[0].moments)  # every real window has a tier
    moved = {row.context: row.got for row in found.rows}
    for context in ("slow_activity", "slow_spread"):
        assert moved[context][-1] > moved[context][0]


def test_controls_of_an_asset(data_dir: Path) -> None:
    found = measure_controls("AMZN", data_dir, paths=6, horizon_s=60.0)
    distances = {quantity.label: quantity.distance for quantity in found.quantities}
    assert distances["Interarrival time"] < 0.2  # times of real events, drawn inside their bins
    assert distances["Depth of new orders"] < 0.2
    for name, nats in found.nats.items():  # the past tells of every sub-token
        assert 0 < nats < found.nats_unconditional[name]
    assert found.perplexity == pytest.approx(np.exp(found.nats["total"]))


def test_a_measurement_of_seeds(data_dir: Path, tmp_path: Path) -> None:
    told: list[str] = []
    found = measure_realism(
        data_dir, tmp_path, model="zero-intelligence", assets=("BTCUSD",), baselines=("hawkes",),
        paths=3, seeds=2, horizon_s=60.0, step=told.append,
    )  # fmt: skip
    assert told == ["BTCUSD: seed 1 of 2", "BTCUSD: seed 2 of 2"]
    assert [h.seed for h in found.headlines] == [1, 2]
    assert all(h.zero_shot for h in found.headlines)
    read = read_seeds(tmp_path)
    assert read is not None
    assert read.model_dump_json() == found.model_dump_json()
    assert (tmp_path / "evaluation" / "BTCUSD.json").is_file()
    with pytest.raises(SpecError, match="paths"):
        measure_realism(data_dir, tmp_path, assets=("BTCUSD",), paths=1)


def test_levels_of_each_window_alone(run: StressRun) -> None:
    def sample(ensemble: PathEnsemble) -> MarketSample:
        return MarketSample.from_recordings(
            [ensemble.recording(p) for p in range(len(ensemble))], "x"
        )

    wide = dataclasses.replace(run.baseline, ask_ticks=run.baseline.ask_ticks + 7)
    narrow, wider = (
        levels_by_window(sample(arm), ["mean_spread"])["mean_spread"]
        for arm in (run.baseline, wide)
    )
    assert narrow.shape == (len(run.baseline),)
    np.testing.assert_allclose(wider - narrow, 7.0, atol=0.1)


def test_sections_of_the_card() -> None:
    level = LevelOverTime(
        key="mean_spread", label="Mean spread", unit="ticks", real=10.0, real_band=(8.0, 12.0),
        mean=[10.0, 11.0, 13.0], low=[9.0] * 3, high=[14.0] * 3, inside=2 / 3,
    )  # fmt: skip
    horizon = LongRollout(
        asset="AMZN", model="small", paths=2, horizon_s=900.0, chunk_s=300.0, seed=1,
        events=[5000, 6000], cut_paths=0, counters={"executed": 11_000, "empty_side": 3},
        levels=[level],
    )  # fmt: skip
    text = "\n".join(horizon_section([horizon]))
    assert "| AMZN | Mean spread (ticks) | 10 | 8 to 12 | 10 | 11 | 13 | 67% |" in text
    assert "median 6,000 events" in text
    assert "after 3 of 11,000 events" in text

    row = Conditioned(
        context="slow_spread", key="mean_spread", label="Mean spread", unit="ticks",
        moments=[3] * 5, real=[8.0, 9.0, 10.0, 11.0, NAN], got=[7.0, 8.0, 9.0, 10.0, 11.0],
        rank_correlation=1.0,
    )  # fmt: skip
    told = Conditioning(asset="GOOG", model="small", paths=2, window_s=120.0, seed=1, rows=[row])
    text = "\n".join(conditioning_section([told]))
    assert "| 8 / 9 / 10 / 11 / - | 7 / 8 / 9 / 10 / 11 | 1 |" in text

    size = InjectedSize(
        share=0.1, executed=300.0, at_end=2.5, at_end_band=(2.0, 3.0), later=1.0,
        later_band=(0.5, 1.5),
    )  # fmt: skip
    impact = InjectedImpact(
        asset="AMZN", model="small", pairs=64, seed=1, sizes=[size], exponent=0.52,
        exponent_band=(0.4, 0.6),
    )  # fmt: skip
    text = "\n".join(impact_section([impact]))
    assert "AMZN: exponent 0.52 (0.4 to 0.6)" in text
    assert "10% of the usual volume in 60 s (300 traded): 2.50 bp (2.00 to 3.00)" in text

    seeds = [
        SeedHeadline(
            asset="BTCUSD", seed=seed, zero_shot=True, ratio_to_hawkes=ratio,
            ratio_to_floor={"TradeFM": 1.2, "Hawkes": 1.4}, means={"event_rate": (2.0, 3.0)},
        )
        for seed, ratio in ((1, 0.5), (2, 0.7))
    ]  # fmt: skip
    text = "\n".join(seeds_section(SeedHeadlines(paths=64, headlines=seeds)))
    assert "| BTCUSD (zero-shot) | 2 | 0.60 ± 0.14 | 1.20 ± 0.00 | 1.40 ± 0.00 | 1.5 |" in text
    controls = Controls(
        asset="BTCUSD", split="test", zero_shot=True, paths=8, horizon_s=60.0, ratio_to_floor=1.25,
        quantities=[ReconstructedQuantity(label="Spread", floor=0.1, distance=0.2,
                                          ratio_to_floor=2.0)],
        events=1234, nats={"action": 0.5, "total": np.log(500.0)},
        nats_unconditional={"action": 0.7, "total": np.log(500.0) + 1.5},
    )  # fmt: skip
    text = "\n".join(controls_section([controls]))
    assert "| quantity | BTCUSD (zero-shot) |" in text
    assert "| Spread | 2 |" in text
    assert "| geometric mean | 1.25 |" in text
    assert "| BTCUSD (zero-shot) | 1,234 | 0.5 | 6.215 (500) | 7.715 | 1.500 |" in text
    assert controls_section([]) == []
    assert seeds_section(None) == horizon_section([]) == conditioning_section([]) == []
    assert impact_section([]) == []
