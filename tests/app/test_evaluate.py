"""Evaluation: the same real states for every model, context not scored, provenance complete."""

from __future__ import annotations

import dataclasses
import json
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.cli import invoke
from app.evaluate import HISTORY_S, ensemble_sample, label_of, real_prompts
from app.evidence import EvaluationSettings, Evidence, Scorecards
from app.references import fitting_window, levels_of, real_sample
from engine.rollout import StressRun
from engine.seeding import BookSeed
from model.catalogue import find_asset
from model.errors import RecordingError, SpecError
from model.events import NS_PER_S, Recording, Side
from stylized_facts import MarketSample, Scorecard, fact_sheet, scorecard
from stylized_facts.figures import figures

HORIZON_NS = 60 * NS_PER_S


def test_settings_name_the_field() -> None:
    with pytest.raises(SpecError, match="paths"):
        EvaluationSettings.checked(paths=1)
    with pytest.raises(SpecError, match="'coin' is no baseline; use some of hawkes"):
        EvaluationSettings.checked(baselines=("coin",))


def test_any_set_of_baselines_is_taken_and_asked_for_again() -> None:
    settings = EvaluationSettings.checked(
        model="none", baselines=("zero-intelligence",), synthetic=("Mine=some dir",)
    )
    assert settings.models == ("zero-intelligence",)
    assert "--model none" in settings.command("AMZN")
    assert settings.command("AMZN").endswith("--synthetic 'Mine=some dir'")
    assert EvaluationSettings.checked(model="hawkes", baselines=("hawkes",)).models == ("hawkes",)
    assert label_of("zero-intelligence") == "Zero intelligence"
    assert label_of("small") == label_of("some/checkpoint") == "TradeFM"


def test_a_short_split_gets_a_shorter_horizon() -> None:
    assert fitting_window(find_asset("AMZN"), 300.0) == 300.0
    assert fitting_window(find_asset("MSFT"), 300.0) == 90.0


def test_prompts_stay_inside_the_test_split(amzn: Recording) -> None:
    entry = find_asset("AMZN")
    start_ns, end_ns = entry.splits.test
    prompts = real_prompts(amzn, entry, 5, HORIZON_NS)
    moments = [book.time_ns for book in prompts.seeds]
    assert moments == sorted(moments)
    assert moments[0] >= start_ns - 5 * NS_PER_S
    assert moments[-1] + HORIZON_NS <= end_ns
    for book, history in zip(prompts.seeds, prompts.history, strict=True):
        length_s = (book.time_ns - history.events.time_ns[0]) / NS_PER_S
        assert HISTORY_S - 5 < length_s <= HISTORY_S
        assert history.events.time_ns[-1] == book.time_ns
        assert history.quotes is not None
        bids = book.price_ticks[book.side == Side.BUY]
        asks = book.price_ticks[book.side == Side.SELL]
        assert bids.max() == history.quotes.bid_ticks[-1]
        assert asks.min() == history.quotes.ask_ticks[-1]


def test_a_split_without_room_is_refused(amzn: Recording) -> None:
    with pytest.raises(RecordingError, match="shorter --horizon"):
        real_prompts(amzn, find_asset("AMZN"), 3, 91 * 60 * NS_PER_S)


def test_the_real_windows_cover_the_split(amzn: Recording) -> None:
    entry = find_asset("AMZN")
    sample = real_sample(amzn, entry, 300.0)
    assert len(sample) == 18
    assert sample.start_ns[0] == entry.splits.test[0]
    assert (sample.duration_s == 300.0).all()


def test_paths_become_windows_from_zero_to_their_end(run: StressRun) -> None:
    ends = run.baseline.end_ns.copy()
    ends[0] += 5
    sample = ensemble_sample(dataclasses.replace(run.baseline, end_ns=ends), "Hawkes")
    assert len(sample) == len(run.baseline)
    assert (sample.start_ns == 0).all()
    assert (sample.end_ns == ends).all()
    assert (sample.start.bid_ticks == run.baseline.start_bid_ticks).all()
    assert len(sample.events) == len(run.baseline.time_ns)


def test_levels_of_books() -> None:
    book = BookSeed(
        side=np.array([0, 0, 0, 1], np.int8),
        price_ticks=np.array([10, 10, 8, 11]),
        size=np.array([5, 7, 1, 2]),
        time_ns=0,
    )
    levels = levels_of([book], 3)
    assert levels.bid_ticks.tolist() == [[10, 8, 0]]
    assert levels.bid_size.tolist() == [[12, 1, 0]]
    assert levels.ask_ticks.tolist() == [[11, 0, 0]]
    assert levels.ask_size.tolist() == [[2, 0, 0]]


def test_an_evaluation_end_to_end(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = (
        "faultline evaluate --assets AMZN --baselines hawkes --model zero-intelligence --paths 4 "
        "--horizon 60 --seed 1 --resamples 20 --device auto --split test"
    )
    place = ["--data", str(data_dir), "--out", str(tmp_path / "out")]
    assert invoke([*shlex.split(command)[1:], *place]) == 0
    assert "Interarrival" in capsys.readouterr().out

    path = tmp_path / "out" / "AMZN.json"
    evidence = Evidence.read(path)
    models = ["Zero intelligence", "Hawkes"]
    assert list(evidence.sheets) == ["Real", *models]
    assert evidence.scorecard.models == models
    assert list(evidence.provenance.events) == models
    assert evidence.provenance.history_s == HISTORY_S
    manifest = evidence.provenance.manifest
    assert manifest.commands == (command,)
    fitted = {f"references/AMZN/{name}.json" for name in ("hawkes", "zero_intelligence")}
    assert fitted <= {file.name for file in manifest.files}
    assert path.stat().st_size < 1_000_000
    both = Scorecards.read(tmp_path / "out" / "scorecard.json")
    assert both.assets["AMZN"].model_dump_json() == evidence.scorecard.model_dump_json()
    written = {file.name for file in (tmp_path / "out" / "AMZN").iterdir()}
    assert {"scorecard.parquet", "scorecard.csv", "heat_map.html", "heat_map.csv"} <= written
    table = pd.read_parquet(tmp_path / "out" / "AMZN" / "scorecard.parquet")
    assert set(table["model"]) == set(models)
    assert set(table["metric"]) >= {"K-S", "W1", "TV", "curve", "fact", "mean"}


def test_the_scorecard_file_has_the_geometric_means_over_assets(card: Scorecard) -> None:
    other = card.model_copy(
        update={
            "asset": "GOOG",
            "ratio_to_hawkes": 4 * card.ratio_to_hawkes,
            "ratio_to_floor": {m: 9 * ratio for m, ratio in card.ratio_to_floor.items()},
        }
    )
    content = json.loads(Scorecards.of({"AMZN": card, "GOOG": other}).model_dump_json())
    assert content["model"] == "TradeFM"
    assert content["ratio_to_hawkes"] == pytest.approx(2 * card.ratio_to_hawkes)
    assert content["ratio_to_floor"] == pytest.approx(3 * card.ratio_to_floor["TradeFM"])
    assert [row["quantity"] for row in content["rows"]] == ["log_return_10s", "spread"]
    assert content["rows"][0]["ratio_to_floor"]["TradeFM"] == pytest.approx(0.0537 / 0.0413)
    assert set(content["rows"][0]["distance"]) == {"AMZN", "GOOG"}


def test_a_model_without_events_is_judged_all_the_same(
    samples: dict[str, MarketSample], run: StressRun
) -> None:
    columns = {
        name: getattr(run.baseline, name)[:0]
        for name in (
            "time_ns", "action", "side", "price_ticks", "size", "origin", "traded_size",
            "traded_value", "bid_ticks", "ask_ticks", "bid_size", "ask_size",
        )
    }  # fmt: skip
    offsets = np.zeros(len(run.baseline) + 1, np.int64)
    silent = ensemble_sample(dataclasses.replace(run.baseline, **columns, offsets=offsets), "Mute")
    assert len(silent.events) == 0
    card = scorecard(samples["Real"], {"Mute": silent, "Hawkes": samples["Hawkes"]}, resamples=20)
    assert card.row("interarrival", "K-S").verdict["Mute"] == "too few samples"
    assert card.row("log_return_1s", "K-S").verdict["Mute"] == "miss"  # the mid never moves
    assert card.row("spread", "K-S").verdict["Hawkes"] == "match"
    assert any("'Mute'" in note and "Interarrival" in note for note in card.notes)
    sheet = fact_sheet(silent, like=fact_sheet(samples["Real"], resamples=0), resamples=0)
    assert sheet.events == 0
    assert len(figures(card, {"Real": sheet, "Mute": sheet})) == 4
