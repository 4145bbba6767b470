"""A list of all runs in SQLite, for quick search; the folders stay the truth.

The index can be deleted at any time: it is brought up to date from the folders before each use, and
made anew where it is missing or broken. Where the store cannot be written it is kept in memory.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.runs.run_id import made
from engine.runs.status import RunState
from engine.runs.store import RunStore, StoredRun
from model.errors import FaultlineError

FILE = "index.sqlite"
VERSION = 1
WAIT_S = 5.0
_COLUMNS = (
    "id", "stamp", "asset", "scenario", "model", "paths", "horizon_s", "seed", "state", "created",
    "events", "events_per_s", "bytes", "fingerprint", "message",
)  # fmt: skip


class IndexRow(BaseModel):
    """What the list says of a run; `created` UTC, `bytes` on disk, `events` of both arms."""

    model_config = ConfigDict(frozen=True)

    id: str
    asset: str
    scenario: str
    model: str
    paths: int
    horizon_s: float
    seed: int
    state: RunState
    created: datetime
    events: int
    events_per_s: float
    bytes: int
    fingerprint: str
    message: str


def search(
    store: RunStore,
    *,
    text: str = "",
    limit: int | None = None,
    **wanted: str,
) -> list[IndexRow]:
    """Runs of a store, the newest first.

    Parameters
    ----------
    text : contained in the id, the asset, the scenario or the model
    limit : at most so many
    wanted : exact values of `state`, `asset`, `scenario`, `model` or `fingerprint`

    Raises
    ------
    ValueError
        A column that there is not.
    """
    unknown = set(wanted) - {"state", "asset", "scenario", "model", "fingerprint"}
    if unknown:
        raise ValueError(f"no such column: {sorted(unknown)[0]}")
    query, values = "SELECT * FROM runs WHERE 1", list[object]()
    for name, value in wanted.items():
        query += f" AND {name} = ?"
        values.append(value)
    if text:
        query += " AND instr(lower(id || ' ' || asset || ' ' || scenario || ' ' || model), ?)"
        values.append(text.lower())
    query += " ORDER BY made DESC LIMIT ?"
    values.append(-1 if limit is None else limit)

    def rows(connection: sqlite3.Connection) -> list[IndexRow]:
        with contextlib.closing(connection):
            found = connection.execute(query, values).fetchall()
        return [IndexRow.model_validate(dict(row)) for row in found]

    try:
        return rows(_current(store))
    except (sqlite3.Error, ValidationError):  # somebody else wrote to it
        _delete(store)
        return rows(_open(":memory:", store))


def _current(store: RunStore) -> sqlite3.Connection:
    """A connection to the index, brought up to date."""
    path = store.root / FILE
    for _ in range(2):
        try:
            return _open(str(path), store)
        except sqlite3.OperationalError:  # read-only, full, or kept locked: do without the file
            break
        except sqlite3.DatabaseError:  # broken: away with it
            _delete(store)
    return _open(":memory:", store)


def _delete(store: RunStore) -> None:
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            (store.root / (FILE + suffix)).unlink(missing_ok=True)


def _open(where: str, store: RunStore) -> sqlite3.Connection:
    connection = sqlite3.connect(where, timeout=WAIT_S)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        if connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            with connection:
                connection.execute("DROP TABLE IF EXISTS runs")
                connection.execute(
                    f"CREATE TABLE runs ({', '.join(_COLUMNS)}, made, PRIMARY KEY (id))"
                )
                connection.execute(f"PRAGMA user_version={VERSION}")
        _refresh(connection, store)
    except BaseException:
        connection.close()
        raise
    return connection


def _refresh(connection: sqlite3.Connection, store: RunStore) -> None:
    """Take in what changed in the folders since last time.

    `stamp` tells the status file apart from any other: it is replaced, never rewritten, so that
    its inode and its time of change say which one it is, whatever the clock does.
    """
    known = dict(connection.execute("SELECT id, stamp FROM runs").fetchall())
    there = {run_id: _stamp(store.root / run_id) for run_id in store.ids()}
    gone = [(run_id,) for run_id in known.keys() - there.keys()]
    changed = [run_id for run_id, stamp in there.items() if known.get(run_id) != stamp]
    rows = []
    for run_id in changed:
        try:
            rows.append(_row(store.get(run_id), there[run_id]))
        except FaultlineError:
            gone.append((run_id,))
    if not gone and not rows:
        return
    with connection:
        connection.executemany("DELETE FROM runs WHERE id = ?", gone)
        names = (*_COLUMNS, "made")
        connection.executemany(
            f"INSERT OR REPLACE INTO runs ({', '.join(names)}) "
            f"VALUES ({', '.join(':' + name for name in names)})",
            rows,
        )


def _stamp(folder: Path) -> str:
    try:
        found = (folder / "status.json").stat()
    except OSError:
        return ""
    return f"{found.st_ino} {found.st_mtime_ns} {found.st_size}"


def _row(run: StoredRun, stamp: str) -> Mapping[str, object]:
    status, spec = run.status, run.spec
    return {
        "id": run.id, "stamp": stamp if status.state.last else "", "made": made(run.id),
        "asset": spec.asset, "scenario": spec.scenario.name, "model": spec.model,
        "paths": spec.paths, "horizon_s": spec.horizon_s, "seed": spec.seed,
        "state": status.state.value, "created": status.created.astimezone(UTC).isoformat(),
        "events": status.events, "events_per_s": status.events_per_s, "bytes": size_of(run.folder),
        "fingerprint": status.fingerprint, "message": status.message,
    }  # fmt: skip


def size_of(folder: Path) -> int:
    """Bytes of the files in a folder."""
    total = 0
    for path in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total
