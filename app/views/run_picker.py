"""Which run the page shows; the link to the page says it, so that a reload finds it."""

from __future__ import annotations

import streamlit as st

from app.views.runs import LISTED, run_label
from app.views.session import shared_jobs


def pick_run() -> str:
    """Let the visitor choose among the runs of the store; the id that is shown, empty for none."""
    run_id = st.query_params.get("run") or st.session_state.get("shown-run", "")
    runs = {run.id: run for run in shared_jobs().store.runs(limit=LISTED)}
    if runs:
        st.session_state["run-picker"] = run_id if run_id in runs else None
        st.selectbox(
            "Run",
            list(runs),
            index=None,
            format_func=lambda key: run_label(runs[key]),
            placeholder=f"Choose one of {len(runs)} run{'s' * (len(runs) > 1)}",
            key="run-picker",
            on_change=_shown,
        )
    if run_id:
        st.query_params["run"] = run_id
    st.session_state["shown-run"] = run_id
    return run_id


def _shown() -> None:
    chosen = st.session_state["run-picker"]
    st.session_state["shown-run"] = chosen or ""
    if chosen:
        st.query_params["run"] = chosen
    else:
        st.query_params.pop("run", None)
