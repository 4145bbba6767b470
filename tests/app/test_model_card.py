"""The card says what the checkpoint and its evaluations say."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from app.model_card import write_card
from model.catalogue import assets_dir
from model.errors import FaultlineError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "small"
    shutil.copytree(assets_dir() / "models" / "small", copy)
    (copy / "card.md").unlink(missing_ok=True)
    return copy


def test_the_bundled_card_is_up_to_date(folder: Path) -> None:
    assert write_card(folder).read_text() == (
        assets_dir() / "models" / "small" / "card.md"
    ).read_text()  # fmt: skip


def test_numbers_come_from_config_and_scorecards(folder: Path) -> None:
    text = write_card(folder).read_text()
    config = json.loads((folder / "config.json").read_text())["training"]
    assert f"{config['best_validation_nats']:.3f} nats" in text
    assert config["command"] in text
    for path in (folder / "evaluation").glob("*.json"):
        card = json.loads(path.read_text())["scorecard"]
        low, high = card["ratio_to_hawkes_interval"]
        assert (
            f"| {card['asset']} | {card['ratio_to_hawkes']:.3g} | {low:.2f} to {high:.2f}" in text
        )


def test_without_an_evaluation_it_says_so(folder: Path) -> None:
    shutil.rmtree(folder / "evaluation")
    assert "Not evaluated yet" in write_card(folder).read_text()


def test_a_broken_evaluation_is_named(folder: Path) -> None:
    (folder / "evaluation" / "AMZN.json").write_text("{")
    with pytest.raises(FaultlineError, match=r"AMZN\.json"):
        write_card(folder)
    assert not (folder / "card.md").exists()
