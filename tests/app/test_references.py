"""What ships can be read by the code that it ships with."""

from __future__ import annotations

import pytest

from app.models import BASELINES, bundled_models, resolve_model
from model.catalogue import assets_dir, load_catalogue, load_profile
from stylized_facts.sheet import FactSheet

ASSETS = list(load_catalogue())


@pytest.mark.parametrize("asset", ASSETS)
def test_profile_and_facts_of_every_asset(asset: str) -> None:
    assert load_profile(asset).asset == asset
    facts = assets_dir() / "references" / asset / "facts.json"
    assert FactSheet.read(facts).asset == asset
    assert facts.stat().st_size < 300_000


@pytest.mark.parametrize("asset", ASSETS)
@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_is_fitted_to_every_asset(name: str, asset: str) -> None:
    assert resolve_model(name, asset).name


def test_every_bundled_model_loads() -> None:
    assert "small" in bundled_models()
    for name in bundled_models():
        assert resolve_model(name, "AMZN", "cpu").name == f"TradeFM {name}"
