"""The page *Compare*: two to four runs over each other."""

import streamlit as st

from app.views.compare import choose_runs, compare_runs
from app.views.runs import explain, ways_on
from model.errors import FaultlineError

st.title("Compare")
st.caption(
    "Two to four finished runs over each other, with differences and whether they are clear."
)

runs = choose_runs()
if len(runs) < 2:
    st.info("Choose two to four finished runs.", icon=":material/info:")
    ways_on()
else:
    try:
        compare_runs(runs)
    except FaultlineError as error:
        explain(error)
