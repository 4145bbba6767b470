"""The page *Stress*: ask for runs, watch them, read what came out."""

import streamlit as st

from app.views.run_form import run_form
from app.views.run_picker import pick_run
from app.views.run_progress import live_runs
from app.views.run_result import show_result
from app.views.session import plain, shared_jobs
from model.errors import FaultlineError

st.title("Stress test")
st.caption("What a shock does to price, spread and depth, against the same paths without it.")

run_id = pick_run()
with st.expander("New stress test", icon=":material/add:", expanded=not run_id):
    run_form()
live_runs()
if run_id:
    try:
        show_result(shared_jobs().store.get(run_id))
    except FaultlineError as error:
        st.error(plain(str(error)), icon=":material/error:")
