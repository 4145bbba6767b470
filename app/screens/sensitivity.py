"""The page *Sensitivity and reverse stress*: sweeps, searches, rare losses and portfolios."""

import streamlit as st

from app.views.session import plain
from app.views.study_form import study_form
from app.views.study_live import live_studies, pick_study
from app.views.study_result import show_study
from model.errors import FaultlineError

st.title("Sensitivity and reverse stress")
st.caption(
    "Many runs for one question: which scenario moves which asset most, how strong a shock has to "
    "be for a named outcome, how rare a loss is, and what a portfolio loses."
)

study_id = pick_study()
with st.expander("New study", icon=":material/add:", expanded=not study_id):
    study_form()
live_studies()
if study_id:
    try:
        show_study(study_id)
    except FaultlineError as error:
        st.error(plain(str(error)), icon=":material/error:")
