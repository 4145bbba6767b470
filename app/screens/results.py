"""The page *Results*: what came out of a run, or how far it is."""

import streamlit as st

from app.views.picker import pick_run
from app.views.run_progress import live_runs
from app.views.run_result import show_result
from app.views.runs import explain, ways_on
from app.views.session import shared_jobs
from model.errors import FaultlineError

st.title("Results")
st.caption("What a shock does to price, spread and depth, against the same paths without it.")

run_id = pick_run()
if not run_id:
    st.info("No run is chosen. Pick one above, or start one.", icon=":material/info:")
    ways_on()
else:
    try:
        run = shared_jobs().store.get(run_id)
        live_runs(only=run_id)
        show_result(run)
    except FaultlineError as error:
        explain(error)
        ways_on()
