"""Scenarios, sweeps, portfolios, catalogues and links from outside: an answer or one line."""

from __future__ import annotations

import base64
import zlib
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.scenario_files import SharedTest, read_sent_scenario
from app.studies.portfolio import read_portfolio
from app.studies.sweep import read_sweep
from engine.scenario import Scenario, load_scenario
from engine.shocks import SHOCKS
from model.catalogue import assets_dir, load_catalogue, load_profile
from model.errors import ScenarioError
from model.yaml_text import parse_yaml
from tests.fuzz.fuzzing import broken, fuzz, read

BUNDLED = sorted((assets_dir() / "scenarios").glob("*.yaml"))
CATALOGUE = (assets_dir() / "assets.yaml").read_bytes()
SWEEP = b"scenarios: [flash_crash, news_shock]\nassets: [AMZN]\nintensities: [0.5, 1]\npaths: 4\n"
BOOK = (
    b"name: book\nscenario: flash_crash\nreturns: returns.csv\npaths: 4\npositions:\n"
    b"  - {asset: AMZN, shares: 100}\n  - {asset: MSFT, shares: -5, liquidate: {duration_s: 60}}\n"
)
KEYS = sorted({*Scenario.model_fields, "extends", "more_shocks"})
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.sampled_from([*SHOCKS, "flash_crash", "none", "$x", "buy", "AMZN", 10**400, -0.0]),
)  # fmt: skip
FIELDS = sorted({name for shock in SHOCKS.values() for name in shock.model_fields})
ANY = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*FIELDS, "kind", "x", "default", "low"]), inner, max_size=6
        )
    ),
    max_leaves=12,
)


def used(scenario: Scenario | None) -> None:
    """What was let through can be described, and compiled or refused."""
    if scenario is not None:
        profile = load_profile("AMZN")
        read(scenario.compile, 1.0, profile, 300.0)
        assert isinstance(scenario.describe(1.0, profile), list)


@given(st.sampled_from(BUNDLED).flatmap(lambda path: broken(path.read_bytes())))
@fuzz(100)
def test_broken_scenario(content: bytes) -> None:
    used(read(read_sent_scenario, content.decode("utf-8", "replace"), "sent"))


@given(st.dictionaries(st.sampled_from(KEYS), ANY, max_size=6), st.booleans())
@fuzz(60)
def test_scenario_of_any_shape(content: dict[str, Any], start: bool) -> None:
    base: dict[str, Any] = {"name": "x", "title": "t", "description": "d", "shocks": []}
    text = yaml.safe_dump(base | content if start else content)
    used(read(read_sent_scenario, text, "sent"))


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda b: b.decode("latin-1")))
@fuzz(200)
def test_any_text_as_yaml(text: str) -> None:
    read(parse_yaml, text, "text", ScenarioError)


@given(content=st.sampled_from(BUNDLED).flatmap(lambda path: broken(path.read_bytes())))
@fuzz(60)
def test_scenario_file(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_bytes(content)
    used(read(load_scenario, path))


@given(content=broken(CATALOGUE))
@fuzz(60)
def test_catalogue(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "assets.yaml"
    path.write_bytes(content)
    read(load_catalogue, path)


@given(content=broken(SWEEP))
@fuzz(60)
def test_sweep(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_bytes(content)
    read(read_sweep, path)


@given(content=broken(BOOK))
@fuzz(60)
def test_portfolio(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "book.yaml"
    path.write_bytes(content)
    read(read_portfolio, path)


@given(content=broken(b'{"assets":["AMZN"],"scenario":"flash_crash","values":{"x":1},"seed":2}'))
@fuzz(150)
def test_link(content: bytes) -> None:
    token = base64.urlsafe_b64encode(zlib.compress(content)).decode().rstrip("=")
    shared = read(SharedTest.of_token, token)
    if shared is not None:
        used(read(shared.load))


@given(st.text(max_size=60))
@fuzz(100)
def test_link_of_any_text(token: str) -> None:
    read(SharedTest.of_token, token)
