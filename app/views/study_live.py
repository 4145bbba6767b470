"""Which study the page shows, and how far the one at work is."""

from __future__ import annotations

import streamlit as st

from app.studies.jobs import Studies
from app.views.picker import pick
from app.views.session import plain
from engine.runs import RunState
from model.errors import FaultlineError

POLL_S = 1.0
LISTED = 50


def pick_study() -> str:
    """Let the visitor choose among earlier studies; the id that is shown, empty for none."""
    titles = {}
    for one in Studies().ids()[:LISTED]:
        try:
            status = Studies().status(one)
        except FaultlineError:
            continue
        titles[one] = f"{status.created:%Y-%m-%d %H:%M} UTC · {status.title} · {one[-6:]}"
    hint = f"Choose one of {len(titles)} earlier stud{'ies' if len(titles) > 1 else 'y'}"
    return pick("study", "Studies", hint, titles)


def open_studies() -> list[str]:
    """Ids of the studies that are at work."""
    found = []
    for one in Studies().ids()[:LISTED]:
        try:
            if not Studies().status(one).state.last:
                found.append(one)
        except FaultlineError:
            continue
    return found


def live_studies() -> None:
    """Show the study at work, each second anew; when it ends, the page is drawn again."""
    begun = open_studies()
    st.fragment(_live, run_every=POLL_S if begun else None)(begun)


def _live(begun: list[str]) -> None:
    now = open_studies()
    if now != begun:
        st.rerun()
    for study_id in now:
        status = Studies().status(study_id)
        with st.container(border=True):
            st.markdown(f"**{plain(status.title)}**")
            left = "" if status.eta_s is None else f", about {status.eta_s:,.0f} s left"
            text = f"{status.stage}{left}" if status.state is RunState.RUNNING else "Starting"
            st.progress(min(1.0, max(0.0, status.fraction)), text=plain(text))
            cancelled = (Studies().folder(study_id) / "cancel").exists()
            if st.button(
                "Cancel", key=f"cancel-{study_id}", icon=":material/stop:", disabled=cancelled
            ):
                Studies().cancel(study_id)
                st.toast("Cancelling the study")
