"""Which run or study the page shows; the link to the page says it, so that a reload finds it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import streamlit as st

from app.views.runs import LISTED, run_label
from app.views.session import shared_jobs


def pick_run() -> str:
    """Let the visitor choose among the runs of the store; the id that is shown, empty for none."""
    runs = shared_jobs().store.runs(limit=LISTED)
    hint = f"Choose one of {len(runs)} run{'s' * (len(runs) > 1)}"
    return pick("run", "Run", hint, {run.id: run_label(run) for run in runs})


def pick(what: str, label: str, hint: str, titles: Mapping[str, str]) -> str:
    """Let the visitor choose one of several things; its id, empty for none.

    Parameters
    ----------
    what : name of the parameter of the link that holds the id
    label, hint : of the control
    titles : by id, in the order shown; without any there is no control
    """
    chosen: str = st.query_params.get(what) or st.session_state.get(f"shown-{what}", "")
    if titles:
        st.session_state[f"{what}-picker"] = chosen if chosen in titles else None
        st.selectbox(
            label,
            list(titles),
            index=None,
            format_func=lambda key: titles[key],
            placeholder=hint,
            key=f"{what}-picker",
            on_change=partial(_shown, what),
        )
    if chosen:
        st.query_params[what] = chosen
    st.session_state[f"shown-{what}"] = chosen
    return chosen


def _shown(what: str) -> None:
    chosen = st.session_state[f"{what}-picker"]
    st.session_state[f"shown-{what}"] = chosen or ""
    if chosen:
        st.query_params[what] = chosen
    else:
        st.query_params.pop(what, None)
