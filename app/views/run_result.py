"""What came out of a run."""
import streamlit as st
from engine.runs import StoredRun
def show_result(run: StoredRun) -> None:
    st.write(run.status.state)
