"""Scenarios as YAML, and whole tests as links."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path

import pytest

from app.scenario_files import SharedTest, read_sent_scenario, scenario_yaml
from engine.scenario import list_scenarios, load_scenario, parse_scenario
from model.errors import FaultlineError, ScenarioError, SpecError


@pytest.mark.parametrize("name", list_scenarios()[1:])
def test_a_saved_scenario_is_read_back(name: str) -> None:
    scenario = load_scenario(name)
    back = parse_scenario(scenario_yaml(scenario), "x.yaml")
    assert back == scenario.model_copy(update={"parameters": {}})


def test_values_stand_in_the_saved_file() -> None:
    scenario = load_scenario("flash_crash", {"sold": 0.7})
    assert read_sent_scenario(scenario_yaml(scenario), "x.yaml").shocks == scenario.shocks


def test_what_is_sent_cannot_read_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret.yaml"
    secret.write_text("password: hunter2\n")
    with pytest.raises(ScenarioError, match="is a file, which is not read from here") as caught:
        read_sent_scenario(f"extends: {secret}\nname: x\n", "mine.yaml")
    assert "hunter2" not in str(caught.value)
    with pytest.raises(ScenarioError, match="names a file"):
        SharedTest(scenario=str(secret)[-60:]).load()


def test_what_is_sent_may_extend_a_bundled_scenario() -> None:
    text = "extends: flash_crash\nname: mine\nparameters: {sold: {default: 0.5}}\n"
    assert (
        read_sent_scenario(text, "mine.yaml").shocks
        == load_scenario("flash_crash", {"sold": 0.5}).shocks
    )


@pytest.mark.parametrize("text", ["", "- a\n", "name: [", "a: &x [*x]\n", "x" * 200_001])
def test_broken_files_are_one_line(text: str) -> None:
    with pytest.raises(FaultlineError) as caught:
        read_sent_scenario(text, "mine.yaml")
    assert "\n" not in str(caught.value)
    assert "mine.yaml" in str(caught.value)


def test_a_token_comes_back() -> None:
    shared = SharedTest(assets=("AMZN",), own="name: x\n" * 50, intensity=2.5, seed=9)
    assert SharedTest.of_token(shared.token()) == shared
    assert len(shared.token()) < 200


def packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(content)).decode().rstrip("=")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a",
        "not base 64!",
        SharedTest(own="x").token()[:-9],
        packed(b"[]"),
        packed(json.dumps({"assets": ["A"] * 99}).encode()),
        packed(b'{"secret": 1}'),
        packed(b'{"own": "' + b" " * 50_000_000 + b'"}'),
        "\N{GREEK SMALL LETTER PI}",
    ],
)
def test_broken_links_are_one_line(token: str) -> None:
    with pytest.raises(SpecError, match="the link cannot be read") as caught:
        SharedTest.of_token(token)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
