"""YAML that would take the machine down is refused at once, wherever it comes in."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.scenario_files import read_sent_scenario
from app.studies.portfolio import read_portfolio
from app.studies.sweep import read_sweep
from engine.scenario import load_scenario
from model.catalogue import load_catalogue
from model.errors import FaultlineError
from model.yaml_text import DEEPEST, LONGEST, MOST_NODES, parse_yaml

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
)
HOSTILE = {
    "laughs": (LAUGHS, "aliases written out"),
    "deep": ("a: " + "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), "deeper than"),
    "deeper": ("[" * 100_000, "deeper than"),
    "long": ("a: " + "x" * LONGEST, "longer than"),
    "many": ("[" + "1," * (MOST_NODES + 1) + "]", "values"),
    "loop": ("a: &a [*a]", "stands inside what it names"),
    "number": ("a: 0x" + "f" * 20_000, "no text"),
    "sixties": ("a: 1" + ":1" * 20_000, "no text"),
    "python": ("a: !!python/object/apply:os.system [id]", "could not determine a constructor"),
    "tag": ("a: !!bool maybe", "not a YAML file"),
    "date": ("a: 2001-99-99", "not a YAML file"),
    "twice": ("a: 1\na: 2", "stands twice"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_text_is_refused(name: str) -> None:
    text, message = HOSTILE[name]
    started = time.process_time()
    with pytest.raises(FaultlineError, match=message) as caught:
        parse_yaml(text, "upload", FaultlineError)
    assert time.process_time() - started < 10
    assert str(caught.value).startswith("upload: ")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "read",
    [load_scenario, read_sweep, read_portfolio, load_catalogue,
     lambda path: read_sent_scenario(path.read_text(), "sent")],
    ids=["scenario", "sweep", "portfolio", "catalogue", "upload"],
)  # fmt: skip
def test_every_door_has_the_limits(read: Callable[[Path], Any], tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(LAUGHS)
    with pytest.raises(FaultlineError, match="aliases written out"):
        read(path)


def test_what_people_write_is_read() -> None:
    text = "a: &x {b: 1, c: [1.5, yes, text, 2020-01-02]}\nd: *x\ne:\n"
    found = parse_yaml(text, "own", FaultlineError)
    assert found["a"] == found["d"]
    assert found["e"] is None
    assert parse_yaml("", "own", FaultlineError) is None
