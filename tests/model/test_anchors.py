"""Anchors on disk, and what they do to a model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model.anchors import FILE, SIZE, TIME, Anchor, Anchors, AssetAnchors
from model.checkpoint import Checkpoint
from model.errors import CheckpointError

Make = Callable[..., Checkpoint]


@pytest.fixture
def anchor() -> Anchor:
    rng = np.random.default_rng(0)
    return Anchor(size=rng.normal(size=(3, 16)).tolist(), time=rng.normal(size=16).tolist(),
                  drift=(0.3, 0.05))  # fmt: skip


def test_sizes_and_waits_are_held_and_nothing_else(anchor: Anchor) -> None:
    array = anchor.array()
    np.testing.assert_array_equal(array[SIZE], anchor.size)
    np.testing.assert_array_equal(array[TIME, 0], anchor.time)
    assert (array[:SIZE] == 0).all()
    assert (array[TIME, 1:] == 0).all()


def test_written_and_read(anchor: Anchor, tmp_path: Path) -> None:
    both, plain = AssetAnchors(plain=anchor, history=anchor), AssetAnchors(plain=anchor)
    anchors = Anchors(sha256="ab", assets={"AMZN": both, 'A"B': plain})
    (tmp_path / FILE).write_text(anchors.text())
    assert Anchors.of_weights(tmp_path, "ab") == anchors


def test_of_other_weights_or_none_at_all(anchor: Anchor, tmp_path: Path) -> None:
    assert Anchors.of_weights(tmp_path, "ab").assets == {}
    (tmp_path / FILE).write_text(
        Anchors(sha256="ab", assets={"AMZN": AssetAnchors(plain=anchor)}).text()
    )
    assert Anchors.of_weights(tmp_path, "cd") == Anchors(sha256="cd")


@pytest.mark.parametrize(("text", "said"), [
    ("{", r"anchors\.json: file: "),
    ('{"sha256": "ab", "assets": {"X": {"plain": {"size": [], "time": [], "drift": [0, 0]}}}}',
     r"anchors\.json: assets\.X\.plain\.size: "),
])  # fmt: skip
def test_a_broken_file_names_the_field(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(CheckpointError, match=said):
        Anchors.of_weights(tmp_path, "ab")
