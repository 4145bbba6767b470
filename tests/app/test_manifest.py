"""The manifest names everything that a result depends on."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from app.cli import invoke
from app.manifest import collect_manifest, reproduce_command, run_hashes, sha256
from app.stress import build_spec
from engine.scenario import load_scenario
from engine.spec import RunSpec
from model.catalogue import assets_dir


@pytest.fixture
def spec() -> RunSpec:
    return build_spec("amzn", "liquidation", paths=3, horizon_s=130.0, seed=9, model="hawkes")


def test_fields(spec: RunSpec) -> None:
    manifest = collect_manifest([spec], timing_s={"total": 2.0})
    assert manifest.created.utcoffset() is not None
    assert manifest.created.microsecond == 0
    assert manifest.seeds == (9,)
    assert {"faultline", "python", "torch", "numba"} <= set(manifest.versions)
    assert "cores" in manifest.hardware["processor"]
    assert type(manifest).model_validate_json(manifest.model_dump_json()) == manifest


def test_hashes_are_those_of_the_files(spec: RunSpec) -> None:
    hashes = run_hashes(spec)
    profile = assets_dir() / "references" / "AMZN" / "profile.json"
    assert hashes["references/AMZN/profile.json"] == sha256(profile.read_bytes())
    assert "references/AMZN/hawkes.json" in hashes
    assert "scenario liquidation" in hashes


def test_a_changed_scenario_changes_its_hash(spec: RunSpec) -> None:
    milder = spec.scenario.model_copy(update={"title": "Milder"})
    changed = spec.model_copy(update={"scenario": milder})
    assert run_hashes(changed)["scenario liquidation"] != run_hashes(spec)["scenario liquidation"]


@pytest.mark.parametrize(
    "settings", [{}, {"max_events": 500, "burn_in_events": 0}, {"intensity": 0.3, "device": "cpu"}]
)
def test_the_command_asks_for_the_same_run(
    settings: dict[str, object], spec: RunSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[RunSpec] = []
    monkeypatch.setattr("app.commands.run.run_and_report", lambda spec, *_: asked.append(spec))
    spec = spec.model_copy(update=settings)
    assert invoke(shlex.split(reproduce_command(spec))[1:]) == 0
    assert asked == [spec]


def test_a_scenario_of_ones_own_is_repeated_from_its_spec(
    spec: RunSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[RunSpec] = []
    monkeypatch.setattr("app.commands.run.run_and_report", lambda spec, *_: asked.append(spec))
    monkeypatch.chdir(tmp_path)
    own = load_scenario("liquidation").model_copy(update={"name": "mine"})
    spec = spec.model_copy(update={"scenario": own})
    (tmp_path / "spec.json").write_text(spec.model_dump_json())
    assert invoke(shlex.split(reproduce_command(spec))[1:]) == 0
    assert asked == [spec]
