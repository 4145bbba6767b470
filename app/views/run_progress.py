"""Runs that are not over: how far they are, and a button that ends them."""

from __future__ import annotations

import streamlit as st

from app.views.interim import interim_numbers
from app.views.runs import clock, elapsed_s, open_runs, run_title
from app.views.session import plain, shared_jobs
from engine.runs import RunState, StoredRun

POLL_S = 1.0


def live_runs(only: str = "", log: bool = False) -> None:
    """Show the runs that are not over, each second anew; when one ends, the page is drawn again.

    Parameters
    ----------
    only : id of the run to show; empty: all
    log : whether the end of a run's log can be looked at
    """
    begun = [run.id for run in open_runs()]
    with st.container():  # a place of its own: what follows does not move when a run ends
        st.fragment(_live_runs, run_every=POLL_S if begun else None)(begun, only, log)


def _live_runs(begun: list[str], only: str, log: bool) -> None:
    runs = open_runs()
    if [run.id for run in runs] != begun:
        st.rerun()
    for place, run in enumerate(runs):
        if only in ("", run.id):
            _one_run(run, place, log)


def _one_run(run: StoredRun, place: int, log: bool) -> None:
    status = run.status
    jobs = shared_jobs()
    with st.container(border=True):
        st.markdown(f"**{plain(run_title(run))}**")
        if status.state is RunState.QUEUED:
            text = "Starting" if place == 0 else f"Waits for {place} other run{'s' * (place > 1)}"
            st.progress(0.0, text=text)
        else:
            st.progress(min(1.0, max(0.0, status.fraction)), text=plain(status.stage).capitalize())
        with st.container(horizontal=True, vertical_alignment="center"):
            st.metric("Events", f"{status.events:,}", width="content")
            st.metric("Events/s", f"{status.events_per_s:,.0f}", width="content")
            st.metric("Left", clock(status.eta_s), width="content", help="Of the simulation.")
            st.metric("Elapsed", clock(elapsed_s(run)), width="content")
            if st.button(
                "Cancel",
                key=f"cancel-{run.id}",
                icon=":material/stop:",
                disabled=jobs.store.cancel_requested(run.id),
            ):
                jobs.cancel(run.id)
                st.toast("Cancelling the run")
        interim_numbers(run)
        if log and st.toggle("Show the log", key=f"log-{run.id}"):
            st.code(jobs.store.log_tail(run.id) or "The log is empty.", language=None)
