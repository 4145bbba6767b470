"""The page *Run monitor*: what waits, what is at work, and what became of the rest."""

import streamlit as st

from app.views.run_progress import live_runs
from app.views.runs import (
    BUILDER,
    RESULTS,
    clock,
    elapsed_s,
    explain,
    go_on,
    open_runs,
    run_title,
    state_badge,
)
from app.views.session import plain, shared_jobs
from engine.runs import RunState
from model.errors import FaultlineError

SHOWN = 12

st.title("Run monitor")
st.caption(
    "Runs go on when you leave this page, close the browser or stop the dashboard; they are found "
    "again here."
)

store = shared_jobs().store
st.header("At work and waiting")
if open_runs():
    live_runs(log=True)
else:
    st.info("Nothing is at work.", icon=":material/info:")
    st.page_link(BUILDER, label="New stress test", icon=":material/add:")

over = [run for run in store.runs(limit=SHOWN) if run.status.state.last]
if over:
    st.header("Over")
for run in over:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            state_badge(run)
            st.markdown(f"**{plain(run_title(run))}**")
            st.caption(f"{run.status.created:%Y-%m-%d %H:%M} UTC · took {clock(elapsed_s(run))}")
        if run.status.message:
            st.caption(plain(run.status.message))
        with st.container(horizontal=True, vertical_alignment="center"):
            if run.status.state is RunState.FINISHED:
                st.page_link(
                    RESULTS,
                    label="Open the results",
                    icon=":material/monitoring:",
                    query_params={"run": run.id},
                )
            elif st.button("Go on with it", key=f"again-{run.id}", icon=":material/play_arrow:"):
                try:
                    go_on(run)
                except FaultlineError as error:
                    explain(error)
            with st.popover("Log", icon=":material/notes:"):
                st.code(store.log_tail(run.id) or "The log is empty.", language=None)
            with st.popover("Delete", icon=":material/delete:"):
                st.markdown("Its paths, numbers and report are deleted for good.")
                if st.button("Delete for good", key=f"delete-{run.id}"):
                    try:
                        store.remove(run.id)
                    except FaultlineError as error:
                        explain(error)
                    else:
                        st.rerun()
