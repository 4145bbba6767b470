"""Sweeps: the grid, what is kept, what is played again, and the shared unshocked arm."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from engine.rollout import Cancelled, Progress, rollout
from engine.spec import RunSpec
from engine.sweep import SweepSpec, cell_path, read_cell, run_sweep, sweep_frame
from model.catalogue import assets_dir, load_profile
from model.order_flow import OrderFlowModel
from model.profile import AssetProfile
from stylized_facts.baselines import ZeroIntelligence
from tests.engine.test_effects import scenario

SALE = {"kind": "liquidation", "side": "sell", "share": 0.5, "slices": 4, "start_s": 2.0,
        "duration_s": 5.0}  # fmt: skip
LATE = SALE | {"start_s": 60.0}
WIDE = {"kind": "spread_wipe", "spreads": 5.0, "start_s": 2.0, "duration_s": 1.0}


def spec() -> SweepSpec:
    named = {name: scenario(shock).model_copy(update={"name": name})
             for name, shock in (("sale", SALE), ("late", LATE), ("wide", WIDE))}  # fmt: skip
    return SweepSpec(
        scenarios=tuple(named.values()), assets=("AMZN", "MSFT"), intensities=(0.0, 1.0),
        paths=4, horizon_s=10.0, burn_in_events=16, model="zero-intelligence",
    )  # fmt: skip


def sources(asset: str) -> tuple[OrderFlowModel, AssetProfile]:
    fitted = assets_dir() / "references" / asset / "zero_intelligence.json"
    return ZeroIntelligence.read(fitted), load_profile(asset)


def test_a_sweep_keeps_every_cell_and_starts_where_it_stopped(tmp_path: Path) -> None:
    asked = spec()
    seen: list[Progress] = []
    stopped = 0

    def stop() -> bool:
        nonlocal stopped
        stopped += 1
        return stopped > 4

    cells = list(asked.cells())
    assert len(cells) == len(asked) == 12
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.rollout.REPORT_EVERY_S", -1.0)  # asks at every step
        with pytest.raises(Cancelled):
            run_sweep(asked, tmp_path, sources, resamples=20, cancelled=stop)
    (tmp_path / "cells" / "left.json.tmp").write_text("{")
    done = run_sweep(asked, tmp_path, sources, resamples=20, progress=seen.append)
    assert [cell.spec for cell in done] == cells
    assert seen[-1].fraction == 1.0
    assert [p.fraction for p in seen] == sorted(p.fraction for p in seen)
    states = {(c.spec.scenario.name, c.spec.intensity): c.state for c in done}
    assert states["late", 1.0] == "failed"
    assert states["sale", 1.0] == states["wide", 0.0] == "finished"
    failed = next(cell for cell in done if cell.state == "failed")
    assert "window 60 to 65 s ends after the horizon" in failed.reason
    assert "\n" not in failed.reason

    def never(asset: str) -> tuple[OrderFlowModel, AssetProfile]:
        assert asset == "AMZN"
        return sources(asset)

    # Found again: nothing but what failed or is broken is played.
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "cells").glob("*.json")}
    broken = cell_path(tmp_path, cells[0])
    broken.write_text("{}")
    one = asked.model_copy(update={"assets": ("AMZN",), "scenarios": asked.scenarios[:1]})
    again = run_sweep(one, tmp_path, never, resamples=20)
    changed = {p for p, t in before.items() if p.stat().st_mtime_ns != t}
    assert changed == {broken}
    assert again[0].risk == done[0].risk
    assert read_cell(broken) is not None
    assert cell_path(tmp_path, cells[0], "other weights") != broken


def test_a_cell_is_the_run_of_its_spec_bit_for_bit(tmp_path: Path) -> None:
    model, profile = sources("AMZN")
    cell = RunSpec(asset="AMZN", scenario=scenario(SALE), paths=6, horizon_s=10.0)
    alone = rollout(model, profile, cell)
    shared = rollout(model, profile, cell, baseline=alone.baseline)
    for field in dataclasses.fields(alone.shocked):
        one, other = (getattr(run.shocked, field.name) for run in (alone, shared))
        np.testing.assert_equal(one, other, field.name)
    calm = rollout(
        model, profile, cell.model_copy(update={"intensity": 0.0}), baseline=alone.baseline
    )
    assert calm.shocked is calm.baseline is alone.baseline


def test_the_table_is_tidy_and_says_what_failed(tmp_path: Path) -> None:
    asked = spec().model_copy(update={"assets": ("AMZN",), "max_events": 6})
    frame = sweep_frame(run_sweep(asked, tmp_path, sources, resamples=20))
    assert not frame.duplicated(["asset", "scenario", "intensity", "measure"]).any()
    failed = frame[frame["state"] == "failed"]
    assert list(failed["scenario"]) == ["late", "late"]
    assert failed["reason"].str.contains("horizon").all()
    cut = frame[(frame["scenario"] == "sale") & (frame["intensity"] == 1.0)]
    assert cut["warning"].str.contains("before the shock starts at 2 s; raise max_events").all()
    assert (cut["cut_paths"] == 4).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"assets": ("AMZN", "AMZN")}, "asset AMZN is given twice"),
        ({"intensities": (-1.0,)}, "intensity -1: choose values from 0 to 10"),
        ({"intensities": (1.0, 1.0)}, "each once"),
        ({"assets": ()}, "at least 1 item"),
        ({"intensities": tuple(np.linspace(0, 10, 4000))}, "are more than 10,000"),
    ],
)
def test_a_grid_that_makes_no_sense_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SweepSpec.model_validate(spec().model_dump() | change)
