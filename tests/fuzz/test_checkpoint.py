"""Checkpoints whose header, weights or settings are broken, with a hash that fits: one line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.catalogue import assets_dir
from model.checkpoint import CONFIG, WEIGHTS, file_hash, load_checkpoint
from stylized_facts.baselines.registry import read_fitted
from tests.fuzz.fuzzing import broken, fuzz, read

BUNDLED = assets_dir() / "models" / "small"
FITTED = assets_dir() / "references" / "AMZN" / "zero_intelligence.json"


@pytest.fixture(scope="module")
def weights() -> tuple[dict[str, Any], bytes]:
    """Header and data of the bundled weights."""
    content = (BUNDLED / WEIGHTS).read_bytes()
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def put(folder: Path, header: bytes, data: bytes, length: int | None = None) -> None:
    """A checkpoint with these weights, whose settings name their hash."""
    size = (len(header) if length is None else length).to_bytes(8, "little")
    (folder / WEIGHTS).write_bytes(size + header + data)
    config = json.loads((BUNDLED / CONFIG).read_bytes())
    config["sha256"] = file_hash(folder / WEIGHTS)
    (folder / CONFIG).write_text(json.dumps(config))


HEADS = st.fixed_dictionaries(
    {},
    optional={
        "dtype": st.sampled_from(["F32", "F64", "F16", "I64", "BOOL", "X", 3]),
        "shape": st.lists(st.integers(-2, 2**63), max_size=9) | st.none(),
        "data_offsets": st.lists(st.integers(-1, 2**64), max_size=3),
        "more": st.none(),
    },
)


@given(data=st.data())
@fuzz(15)
def test_header(data: st.DataObject, weights: tuple[dict[str, Any], bytes], tmp_path: Path) -> None:
    header, values = weights
    name = data.draw(st.sampled_from(sorted(header)))
    change = data.draw(HEADS | st.none())
    changed = {**header, name: change and header[name] | change}
    if change is None:
        del changed[name]
    put(tmp_path, json.dumps(changed).encode(), values)
    read(load_checkpoint, tmp_path)


@given(data=st.data())
@fuzz(15)
def test_bytes_of_the_header(
    data: st.DataObject, weights: tuple[dict[str, Any], bytes], tmp_path: Path
) -> None:
    header, values = weights
    text = data.draw(broken(json.dumps(header).encode()))
    length = data.draw(st.none() | st.integers(0, 2**64 - 1))
    put(tmp_path, text, values[: data.draw(st.sampled_from([0, 8, len(values)]))], length)
    read(load_checkpoint, tmp_path)


@given(content=broken((BUNDLED / CONFIG).read_bytes()))
@fuzz(60)
def test_settings(content: bytes, tmp_path: Path) -> None:
    if not (tmp_path / WEIGHTS).is_file():
        shutil.copyfile(BUNDLED / WEIGHTS, tmp_path / WEIGHTS)
    (tmp_path / CONFIG).write_bytes(content)
    read(load_checkpoint, tmp_path)


@given(content=broken(FITTED.read_bytes()))
@fuzz(60)
def test_fitted_baseline(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "zero_intelligence.json"
    path.write_bytes(content)
    read(read_fitted, path)
