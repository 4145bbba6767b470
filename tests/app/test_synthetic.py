"""Anybody's order flow: every format is read, and what is wrong is named."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from app.evaluate import ensemble_sample
from app.synthetic import labelled, synthetic_sample
from engine.ensemble import write_ensemble
from engine.rollout import StressRun
from model.catalogue import find_asset
from model.errors import FaultlineError
from model.events import NS_PER_S, Recording, write_events

AMZN = find_asset("AMZN")
WINDOW_NS = 240 * NS_PER_S


def test_a_label_or_the_name_of_the_directory() -> None:
    assert labelled("Mine=a/b=c") == ("Mine", Path("a/b=c"))
    assert labelled("some/flow")[0] == "flow"
    for wrong in ("=dir", "label=", " = "):
        with pytest.raises(FaultlineError, match="label=DIR"):
            labelled(wrong)


def test_an_ensemble_is_read_as_the_sample_that_it_was(run: StressRun, tmp_path: Path) -> None:
    (tmp_path / "AMZN").mkdir()
    write_ensemble(run.baseline, tmp_path / "AMZN" / "paths.parquet")
    found = synthetic_sample(tmp_path, "Mine", AMZN, WINDOW_NS)
    expected = ensemble_sample(run.baseline, "Mine")
    assert (found.offsets == expected.offsets).all()
    assert (found.events.price_ticks == expected.events.price_ticks).all()
    assert (found.start.bid_ticks == expected.start.bid_ticks).all()
    assert (found.end_ns == expected.end_ns).all()


def test_event_tables_are_a_window_each_and_long_ones_are_cut(
    run: StressRun, tmp_path: Path
) -> None:
    for p in range(3):
        write_events(run.baseline.recording(p), tmp_path / f"path-{p}.parquet")
    found = synthetic_sample(tmp_path, "Mine", AMZN, WINDOW_NS)
    own = run.baseline.recording(0)
    assert len(found) == 3
    assert found.offsets[1] == len(own) - 1  # the first event only opens the window
    assert own.quotes is not None
    assert found.start.ask_size[0] == own.quotes.ask_size[0]
    cut = synthetic_sample(tmp_path, "Mine", AMZN, 60 * NS_PER_S)
    assert (len(cut), set(cut.duration_s)) == (9, {60.0})


def test_lobster_files_are_read(tmp_path: Path) -> None:
    name = "AMZN_2012-06-21_34200000_37800000_{}_1.csv"
    rows = "34200.{i},1,{i},10,2240000,1\n"
    (tmp_path / name.format("message")).write_text("".join(rows.format(i=i) for i in range(1, 10)))
    (tmp_path / name.format("orderbook")).write_text("2250000,5,2240000,10\n" * 9)
    found = synthetic_sample(tmp_path, "Mine", AMZN, WINDOW_NS)
    assert (len(found), len(found.events)) == (1, 8)
    assert (found.quotes.ask_ticks == 22_500).all()


def test_what_is_wrong_is_named(run: StressRun, tmp_path: Path) -> None:
    with pytest.raises(FaultlineError, match="is no directory"):
        synthetic_sample(tmp_path / "no", "Mine", AMZN, WINDOW_NS)
    with pytest.raises(FaultlineError, match="holds no event table"):
        synthetic_sample(tmp_path, "Mine", AMZN, WINDOW_NS)
    (tmp_path / "broken.parquet").write_text("no table")
    with pytest.raises(FaultlineError, match=r"broken\.parquet.*Parquet"):
        synthetic_sample(tmp_path, "Mine", AMZN, WINDOW_NS)
    (tmp_path / "broken.parquet").unlink()
    short: Recording = run.baseline.recording(0).slice(0, 1)
    write_events(short, tmp_path / "short.parquet")
    with pytest.raises(FaultlineError, match="holds 1 events; a window needs two"):
        synthetic_sample(tmp_path, "Mine", AMZN, WINDOW_NS)
    (tmp_path / "short.parquet").unlink()
    one = run.baseline.recording(0)
    backwards = dataclasses.replace(one.events, time_ns=one.events.time_ns[::-1].copy())
    write_events(Recording(backwards, one.quotes), tmp_path / "backwards.parquet")
    with pytest.raises(FaultlineError, match="time runs backwards at row"):
        synthetic_sample(tmp_path, "Mine", AMZN, WINDOW_NS)
