"""Backtests of the model's own VaR: right forecasts pass, wrong ones fail, words say the power."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.backtest import Backtest, backtest, notes_on, realised_bp, tail_test
from app.cli import invoke
from app.evaluate import real_prompts
from model.catalogue import find_asset
from model.errors import SpecError
from model.events import NS_PER_S, Recording


def forecasts(windows: int, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Losses of a heavy-tailed market, and 99 forecast paths of each window, `scale` as wide."""
    rng = np.random.default_rng(3)
    return rng.standard_t(4, windows), scale * rng.standard_t(4, (windows, 99))


def test_a_right_forecast_passes() -> None:
    found = tail_test(*forecasts(400, 1.0), 0.95)
    assert found.expected_share == pytest.approx(0.05)
    assert min(found.kupiec_p, found.exact_p, found.christoffersen_p, found.z_p) > 0.05
    assert found.share_interval[0] < 0.05 < found.share_interval[1]
    assert abs(found.z) < 0.4
    assert found.power > 0.95


def test_p_values_of_a_right_forecast_are_even_with_few_paths() -> None:
    """19 paths make 95% the worst of them; a right model is still rejected no more than it should.

    Z is 1 in a series without hits, which 40 windows have in one case of eight.
    """
    rng = np.random.default_rng(8)
    found = [tail_test(rng.standard_t(4, 40), rng.standard_t(4, (40, 19)), 0.95) for _ in range(60)]
    assert np.mean([test.z_p < 0.1 for test in found]) < 0.2
    assert np.mean([test.z_p for test in found]) == pytest.approx(0.55, abs=0.15)
    assert np.mean([test.share for test in found]) == pytest.approx(0.05, abs=0.02)


def test_a_forecast_that_is_too_calm_fails() -> None:
    found = tail_test(*forecasts(300, 0.5), 0.95)
    assert max(found.kupiec_p, found.exact_p, found.z_p) < 0.01
    assert found.z < -1.0


def test_hits_that_come_together_are_seen() -> None:
    losses, paths = forecasts(400, 1.0)
    losses = np.where(np.arange(400) // 20 % 20 == 0, 50.0, -50.0)
    found = tail_test(losses, paths, 0.95)
    assert found.kupiec_p > 0.05
    assert found.christoffersen_p < 1e-4


def test_few_windows_have_little_power_and_the_notes_say_so() -> None:
    few = tail_test(*forecasts(20, 1.0), 0.95)
    assert few.power < 0.3
    note, *_ = notes_on([few], 20)
    assert "20 windows should hold 1.0 losses beyond VaR" in note
    assert note.endswith("that it does not reject says little")
    many = tail_test(*forecasts(400, 1.0), 0.95)
    assert "says little" not in notes_on([many], 400)[0]


def test_a_market_that_stands_still_has_no_z() -> None:
    still = tail_test(np.zeros(30), np.zeros((30, 99)), 0.95)
    assert np.isnan(still.z)
    assert still.ties == 30
    assert still.hits == 0
    notes = " ".join(notes_on([still], 30))
    assert "Z is not defined" in notes
    assert "prices are discrete" in notes


def test_what_happened_is_read_off_the_recording(amzn: Recording) -> None:
    prompts = real_prompts(amzn, find_asset("AMZN"), 3, 20 * NS_PER_S)
    assert amzn.quotes is not None
    found = realised_bp(amzn, prompts, 20.0)
    for history, move in zip(prompts.history, found, strict=True):
        assert history.quotes is not None
        start = int(history.events.time_ns[-1])
        last = np.flatnonzero(amzn.events.time_ns <= start + 20 * NS_PER_S)[-1]
        before = (history.quotes.bid_ticks[-1] + history.quotes.ask_ticks[-1]) / 2
        after = (amzn.quotes.bid_ticks[last] + amzn.quotes.ask_ticks[last]) / 2
        assert move == pytest.approx(1e4 * (after / before - 1))


def test_from_the_command_line(
    amzn: Recording, data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "backtest --model zero-intelligence --windows 3 --window 10 --paths 19 --levels 0.9"
    code = invoke([*words.split(), "--data", str(data_dir), "--out", str(tmp_path)])
    assert code == 0
    assert "3 windows of 10 s of the test split" in " ".join(capsys.readouterr().out.split())
    found = Backtest.read(tmp_path / "backtest.json")
    assert [test.position for test in found.tests] == ["long", "short"]
    assert len(found.returns_bp) == 3
    assert found.tests[0].expected_share == pytest.approx(0.1)
    assert found.volatility_ratio > 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"windows": 500}, "holds 2 to 89 that do not overlap"),
        ({"levels": (0.99,), "paths": 50}, "50 paths cannot say what level 0.99 is; take 99"),
        ({"levels": (0.4,)}, "choose one above 0.5"),
    ],
)
def test_bad_settings_are_one_line(settings: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        backtest("AMZN", Path("nowhere"), **settings)  # type: ignore[arg-type]
