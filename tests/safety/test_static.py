"""What the sources of the four packages must not do, found in their syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("app", "engine", "model", "stylized_facts")
CALLS = {
    "eval", "exec", "compile", "__import__", "breakpoint",
    "os.system", "os.popen", "torch.load", "np.load", "numpy.load",
    "yaml.load", "yaml.safe_load", "yaml.unsafe_load", "yaml.full_load",
    "pd.read_pickle", "tempfile.mktemp", "st.html", "components.html",
    "st.iframe", "st.components.v1.html",
}  # fmt: skip
MODULES = {
    "pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "dbm", "telnetlib",
    "xmlrpc", "xml", "tarfile",
}  # fmt: skip


def trees() -> Iterator[tuple[str, ast.AST]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def calls() -> Iterator[tuple[str, ast.Call, str]]:
    for where, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield where, node, ast.unparse(node.func)


def test_no_call_that_runs_or_unpickles_input() -> None:
    found = [f"{where}:{node.lineno} {name}" for where, node, name in calls() if name in CALLS]
    assert not found


def test_no_module_that_unpickles_input() -> None:
    found = []
    for where, tree in trees():
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            found += [f"{where} imports {name}" for name in names if name.split(".")[0] in MODULES]
    assert not found


@pytest.mark.parametrize(
    ("keyword", "bad"),
    [("shell", True), ("unsafe_allow_html", True), ("allow_pickle", True), ("verify", False),
     ("autoescape", False)],
)  # fmt: skip
def test_no_argument_that_opens_a_door(keyword: str, bad: bool) -> None:
    found = [
        f"{where}:{node.lineno} {name}({keyword}={bad})"
        for where, node, name in calls()
        for given in node.keywords
        if given.arg == keyword and getattr(given.value, "value", bad) is bad
    ]
    assert not found


def test_every_template_escapes() -> None:
    found = [node for _, node, name in calls() if name == "Environment"]
    assert len(found) == 2
    for node in found:
        assert "autoescape=True" in ast.unparse(node)


def test_yaml_comes_in_by_one_door() -> None:
    """The loader with limits is the only one that is made."""
    users = set()
    for where, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr.endswith("Loader"):
                users.add(where)
    assert users == {"model/yaml_text.py"}


def test_every_csv_for_people_goes_through_one_function() -> None:
    found = [
        f"{where}:{node.lineno}"
        for where, node, name in calls()
        if name == "csv.writer"
        or (name.endswith(".to_csv") and "index" in {given.arg for given in node.keywords})
    ]
    # The facts know no spreadsheets: `app.evaluate` hands that function to their figures.
    assert {one.partition(":")[0] for one in found} == {
        "app/charts/csv_text.py", "stylized_facts/figures.py"
    }  # fmt: skip
