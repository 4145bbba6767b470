"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from model.catalogue import DATA_VARIABLE, find_asset, read_recording
from model.events import NO_ORDER, Events, EventsMeta, Recording

Row = tuple[int, ...]


@pytest.fixture(autouse=True, scope="session")
def own_run_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test writes to the run store of the person who starts it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAULTLINE_RUNS", str(tmp_path_factory.mktemp("runs")))
        yield


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real recordings; skips where there is none."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    path = Path(os.environ.get(DATA_VARIABLE) or beside)
    if not path.is_dir():
        pytest.skip(f"no recordings: {path} is not a folder (set {DATA_VARIABLE})")
    os.environ[DATA_VARIABLE] = str(path)  # scenarios with recordings look there
    return path


@pytest.fixture(scope="session")
def amzn(data_dir: Path) -> Recording:
    """The whole AMZN session, with quotes and five levels."""
    return read_recording(find_asset("AMZN"), data_dir)


@pytest.fixture(scope="session")
def make_events() -> Callable[..., Events]:
    """A function that builds a small event table by hand.

    Call it with rows (time_ns, action, side, price_ticks, size) or (..., order_id), and `meta`.
    """

    def make(*rows: Row, meta: EventsMeta | None = None) -> Events:
        full = [row if len(row) == 6 else (*row, NO_ORDER) for row in rows]
        columns = np.array(full, np.int64).reshape(-1, 6).T
        return Events(
            time_ns=columns[0],
            action=columns[1].astype(np.int8),
            side=columns[2].astype(np.int8),
            price_ticks=columns[3],
            size=columns[4],
            order_id=columns[5],
            meta=meta or EventsMeta("TEST"),
        )

    return make
