"""Kernels are compiled again when any source changes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from model import compilation


def test_the_folder_follows_the_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in compilation.PACKAGES:
        (tmp_path / package).mkdir()
    source = tmp_path / "engine" / "book.py"
    source.write_text("import numba\n")
    (tmp_path / "engine" / "plain.py").write_text("a = 1\n")
    monkeypatch.setattr(compilation, "__file__", str(tmp_path / "model" / "compilation.py"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    first = compilation.cache_folder()
    assert first == compilation.cache_folder()
    assert first.parent == tmp_path / "cache" / "faultline" / "kernels"
    (tmp_path / "engine" / "plain.py").write_text("a = 2\n")
    assert first == compilation.cache_folder()
    states = {first}
    for text in ("import numba\na = 1", "import numba\na = 2", "class A(NamedTuple):"):
        source.write_text(text)
        states.add(compilation.cache_folder())
    assert len(states) == 4


@pytest.mark.parametrize("code", ["import model, numba", "import numba, model"])
@pytest.mark.parametrize("told", ["", "own", "xdg/faultline/kernels/of-an-older-state"])
def test_numba_uses_it_unless_told_otherwise(told: str, code: str, tmp_path: Path) -> None:
    env = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "xdg"),
                        "NUMBA_CACHE_DIR": str(tmp_path / told) if told else ""}  # fmt: skip
    code += "; print(numba.config.CACHE_DIR)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, text=True, capture_output=True, check=True
    )
    folder = tmp_path / "own" if told == "own" else tmp_path / "xdg" / "faultline" / "kernels"
    assert done.stdout.startswith(str(folder))
    assert "of-an-older-state" not in done.stdout
