"""The floors of the house: imports run downward only, and nothing unsafe is read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ALLOWED = {
    "model": {"model"},
    "engine": {"engine", "model"},
    "stylized_facts": {"stylized_facts", "model"},
    "app": {"app", "engine", "stylized_facts", "model"},
}
FLOORS = set(ALLOWED)
UNSAFE_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__"}
UNSAFE_READS = {("torch", "load"), ("yaml", "unsafe_load"), ("yaml", "full_load")}


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_imports_run_downward(package: str) -> None:
    wrong = []
    for path in sources(package):
        for line, name in imported(ast.parse(path.read_text())):
            top = name.split(".")[0]
            if name.startswith(".") or (top in FLOORS and top not in ALLOWED[package]):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    assert not wrong


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_nothing_is_unpickled_or_evaluated(package: str) -> None:
    wrong = []
    for path in sources(package):
        tree = ast.parse(path.read_text())
        where = path.relative_to(ROOT)
        wrong += [
            f"{where}:{line} imports {name}"
            for line, name in imported(tree)
            if name.split(".")[0] in UNSAFE_MODULES
        ]
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = node.func
            if isinstance(called, ast.Name) and called.id in UNSAFE_CALLS:
                wrong.append(f"{where}:{node.lineno} calls {called.id}")
            if isinstance(called, ast.Attribute) and (
                (getattr(called.value, "id", ""), called.attr) in UNSAFE_READS
            ):
                wrong.append(f"{where}:{node.lineno} calls {ast.unparse(called)}")
            if any(
                keyword.arg == "allow_pickle"
                and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
                for keyword in node.keywords
            ):
                wrong.append(f"{where}:{node.lineno} allows pickle")
    assert not wrong


def test_every_package_folder_is_a_package() -> None:
    folders = {path.parent for package in ALLOWED for path in sources(package)}
    folders -= {ROOT / "app" / "screens"}  # scripts that Streamlit runs, not modules
    assert not [str(f.relative_to(ROOT)) for f in folders if not (f / "__init__.py").is_file()]


def test_no_file_grows_out_of_hand() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for package in ALLOWED
        for path in sources(package)
        if (lines := len(path.read_text().splitlines())) > 400
    }
    assert not long
