"""Runs that are not over: how far they are, and a button that ends them."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from app.views.session import model_title, plain, shared_jobs
from engine.runs import RunState, StoredRun

POLL_S = 1.0


def open_runs() -> list[StoredRun]:
    """Runs that wait or are at work, the first to be served first."""
    return [
        run for run in reversed(shared_jobs().store.runs(limit=50)) if not run.status.state.last
    ]


def run_title(run: StoredRun) -> str:
    """`AMZN · Flash crash ×1 · 64 paths × 300 s · TradeFM small`."""
    spec = run.spec
    return (
        f"{spec.asset} · {spec.scenario.title} ×{spec.intensity:g} · "
        f"{spec.paths:,} paths × {spec.horizon_s:g} s · {model_title(spec.model)}"
    )


def live_runs() -> None:
    """Show the runs that are not over, each second anew; when one ends, the page is drawn again."""
    begun = [run.id for run in open_runs()]
    st.fragment(_live_runs, run_every=POLL_S if begun else None)(begun)


def _live_runs(begun: list[str]) -> None:
    runs = open_runs()
    if [run.id for run in runs] != begun:
        st.rerun()
    for place, run in enumerate(runs):
        _one_run(run, place)


def _one_run(run: StoredRun, place: int) -> None:
    status = run.status
    with st.container(border=True):
        st.markdown(f"**{plain(run_title(run))}**")
        if status.state is RunState.QUEUED:
            text = "Starting" if place == 0 else f"Waits for {place} other run{'s' * (place > 1)}"
            st.progress(0.0, text=text)
        else:
            st.progress(min(1.0, max(0.0, status.fraction)), text=plain(status.stage).capitalize())
        elapsed = (datetime.now(UTC) - (status.started or status.created)).total_seconds()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.metric("Events", f"{status.events:,}", width="content")
            st.metric("Events/s", f"{status.events_per_s:,.0f}", width="content")
            st.metric("Left", _clock(status.eta_s), width="content", help="Of the simulation.")
            st.metric("Elapsed", _clock(elapsed), width="content")
            if st.button(
                "Cancel",
                key=f"cancel-{run.id}",
                icon=":material/stop:",
                disabled=shared_jobs().store.cancel_requested(run.id),
            ):
                shared_jobs().cancel(run.id)
                st.toast("Cancelling the run")


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(max(0.0, seconds)), 60)
    return f"{minutes}:{rest:02d}"
