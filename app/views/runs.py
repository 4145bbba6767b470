"""What pages say of stored runs, and the way from one page to another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import streamlit as st

from app.views.session import model_title, plain, shared_jobs
from engine.runs import RunState, StoredRun
from engine.runs.summary import RunSummary
from engine.spec import RunSpec
from model.errors import FaultlineError

OVERVIEW, BUILDER, MONITOR = "screens/overview.py", "screens/builder.py", "screens/monitor.py"
RESULTS, COMPARE, REPORTS = "screens/results.py", "screens/compare.py", "screens/reports.py"
METHOD = "screens/method.py"
LISTED = 100
FOUND = "runs-found"  # id of a run that was found instead of computed

Colour = Literal["gray", "blue", "green", "red", "orange"]

_BADGES: dict[RunState, tuple[str, Colour, str]] = {
    RunState.QUEUED: ("waits", "gray", ":material/schedule:"),
    RunState.RUNNING: ("at work", "blue", ":material/progress_activity:"),
    RunState.FINISHED: ("finished", "green", ":material/check:"),
    RunState.FAILED: ("failed", "red", ":material/error:"),
    RunState.CANCELLED: ("cancelled", "orange", ":material/cancel:"),
}


def run_title(run: StoredRun) -> str:
    """`AMZN · Flash crash ×1 · 64 paths × 300 s · TradeFM small`."""
    spec = run.spec
    return (
        f"{spec.asset} · {spec.scenario.title} ×{spec.intensity:g} · "
        f"{spec.paths:,} paths × {spec.horizon_s:g} s · {model_title(spec.model)}"
    )


def run_label(run: StoredRun) -> str:
    """Unique, and the same as long as the run exists: browsers send labels back, not ids."""
    return f"{run.status.created:%Y-%m-%d %H:%M} UTC · {run_title(run)} · {run.id[-6:]}"


def state_badge(run: StoredRun) -> None:
    """The state of a run, in a word on a coloured ground."""
    word, colour, icon = _BADGES[run.status.state]
    st.badge(word, icon=icon, color=colour)


def open_runs() -> list[StoredRun]:
    """Runs that wait or are at work, the first to be served first."""
    return [
        run for run in reversed(shared_jobs().store.runs(limit=50)) if not run.status.state.last
    ]


def finished_runs(limit: int = LISTED) -> dict[str, StoredRun]:
    """The newest finished runs by id, the newest first."""
    runs = shared_jobs().store.runs(limit=limit)
    return {run.id: run for run in runs if run.status.state is RunState.FINISHED}


def summary_of(run: StoredRun) -> RunSummary:
    """Summary of a finished run, kept in memory; `FaultlineError` where it is gone or broken."""
    path = run.folder / "summary.json"
    return _summary(path, path.stat().st_mtime_ns if path.exists() else 0)


@st.cache_resource(max_entries=64, show_spinner=False)
def _summary(path: Path, changed_ns: int) -> RunSummary:
    return RunSummary.read(path)


def elapsed_s(run: StoredRun) -> float:
    """Seconds that a run has taken so far, or took."""
    status = run.status
    begun = status.started or status.created
    return ((status.ended or datetime.now(UTC)) - begun).total_seconds()


def clock(seconds: float | None) -> str:
    """Minutes and seconds, `2:05`; a dash for what is not known."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(max(0.0, seconds)), 60)
    return f"{minutes}:{rest:02d}"


def submit(specs: Sequence[RunSpec]) -> None:
    """Queue runs and go to where they can be watched: one to its results, several to the monitor.

    Raises
    ------
    FaultlineError
        One of them cannot be run, of which none is queued then, or the store cannot be written.
    """
    from app.limits import check_fits  # these load the engine: not before it is needed
    from app.stress import check_spec

    if not specs:
        raise FaultlineError("assets: none is chosen; choose at least one")
    jobs = shared_jobs()
    for spec in specs:
        check_spec(spec)
        check_fits(spec, jobs.store)
    earlier = jobs.store.ids()
    run_ids = [jobs.submit(spec) for spec in specs]
    if len(run_ids) == 1:
        st.session_state[FOUND] = run_ids[0] if run_ids[0] in earlier else ""
        st.switch_page(RESULTS, query_params={"run": run_ids[0]})
    st.switch_page(MONITOR)


def go_on(run: StoredRun) -> None:
    """Queue a run that failed or was cancelled again; finished paths of it are not done twice.

    Raises
    ------
    FaultlineError
        It is gone, or the store cannot be written.
    """
    shared_jobs().resume(run.id)
    st.switch_page(RESULTS, query_params={"run": run.id})


def ways_on() -> None:
    """Links for somebody who came to a page with nothing on it."""
    with st.container(horizontal=True):
        st.page_link(BUILDER, label="New stress test", icon=":material/add:")
        st.page_link(OVERVIEW, label="Overview", icon=":material/home:")


def explain(error: Exception) -> None:
    """Show an error in place, as one line."""
    st.error(plain(str(error)), icon=":material/error:")
