"""What ships can be read by the code that it ships with."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.models import (
    BASELINES,
    RUNNABLE,
    bundled_models,
    check_model,
    resolve_model,
    resolve_returns_model,
)
from app.references import build_references
from model.catalogue import assets_dir, load_catalogue, load_profile
from model.errors import CheckpointError, FaultlineError, RecordingError, SpecError
from model.profile import AssetProfile
from stylized_facts.baselines.registry import FITS
from stylized_facts.sheet import FactSheet

ASSETS = list(load_catalogue())
# More than half of their 10-second returns are 0, and the likelihood search does not converge.
NOT_CONVERGED = {("figarch", "SSE600961"), ("figarch", "BTCUSD")}


@pytest.mark.parametrize("asset", ASSETS)
def test_profile_and_facts_of_every_asset(asset: str) -> None:
    profile = load_profile(asset)
    assert profile.asset == asset
    assert profile.busiest is not None
    assert 1.5 < profile.busiest < 50
    facts = assets_dir() / "references" / asset / "facts.json"
    assert FactSheet.read(facts).asset == asset
    assert facts.stat().st_size < 300_000


@pytest.mark.parametrize("asset", ASSETS)
@pytest.mark.parametrize("name", RUNNABLE)
def test_every_baseline_is_fitted_to_every_asset(name: str, asset: str) -> None:
    assert resolve_model(name, asset).name == BASELINES[name].label


@pytest.mark.parametrize("asset", ASSETS)
@pytest.mark.parametrize("name", ["gjr-garch", "figarch"])
def test_every_returns_model_is_fitted_and_writes_no_flow(name: str, asset: str) -> None:
    if (name, asset) in NOT_CONVERGED:
        with pytest.raises(FaultlineError, match="cannot be read"):
            resolve_returns_model(name, asset)
        return
    model = resolve_returns_model(name, asset)
    assert (model.name, model.asset) == (BASELINES[name].label, asset)
    with pytest.raises(CheckpointError, match="no order flow"):
        resolve_model(name, asset)


def test_what_holds_a_recording_is_fitted_where_the_recording_lies(
    data_dir: Path, tmp_path: Path
) -> None:
    assert resolve_model("replay", "AMZN", data=data_dir).name == BASELINES["replay"].label
    with pytest.raises(RecordingError, match="does not ship"):
        check_model("replay", "AMZN", tmp_path)


def test_a_fit_is_written_where_it_is_asked_for(data_dir: Path, tmp_path: Path) -> None:
    (path,) = build_references("AMZN", data_dir, ["markov-1"], out=tmp_path)
    assert path == tmp_path / "AMZN" / "markov_1.json"
    assert resolve_model(str(path), "AMZN").name == BASELINES["markov-1"].label
    with pytest.raises(SpecError, match="name a folder, --out DIR"):
        build_references("AMZN", data_dir, ["markov-1"])
    with pytest.raises(SpecError, match="fit arima: not known; use profile, facts, hawkes"):
        build_references("AMZN", data_dir, ["arima"])


def test_a_profile_that_is_measured_is_the_one_that_ships(data_dir: Path, tmp_path: Path) -> None:
    (path,) = build_references("AMZN", data_dir, ["profile"], out=tmp_path)
    measured, ships = AssetProfile.read(path), load_profile("AMZN")
    assert measured.busiest == pytest.approx(ships.busiest)
    assert measured.tokens == ships.tokens


def test_a_fitted_file_is_a_model_of_its_asset() -> None:
    path = str(assets_dir() / "references" / "AMZN" / "hawkes.json")
    assert resolve_model(path, "AMZN").name == "Hawkes"
    with pytest.raises(CheckpointError, match="fitted to AMZN, not to GOOG"):
        resolve_model(path, "GOOG")
    with pytest.raises(CheckpointError, match="no such file"):
        check_model("missing.json", "AMZN")


def test_every_baseline_can_be_fitted() -> None:
    assert set(FITS) == set(BASELINES)


def test_every_bundled_model_loads() -> None:
    assert "small" in bundled_models()
    for name in bundled_models():
        assert resolve_model(name, "AMZN", "cpu").name == f"TradeFM {name}"
