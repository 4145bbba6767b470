"""The page *Reports and export*: runs as documents and as data."""

import streamlit as st

from app.views.exports import MIME, report_bytes, report_name
from app.views.runs import explain, finished_runs, run_label, run_title, summary_of, ways_on
from app.views.session import plain
from model.errors import FaultlineError

PARTS = (
    ("shocked.parquet", "Shocked paths, Parquet", "application/vnd.apache.parquet"),
    ("baseline.parquet", "Unshocked paths, Parquet", "application/vnd.apache.parquet"),
    ("summary.json", "Summary, JSON", "application/json"),
    ("spec.json", "Settings, JSON", "application/json"),
)

st.title("Reports and export")
st.caption("One report of one or several runs, and their data, to take away. Nothing is sent.")

runs = finished_runs()
if not runs:
    st.info("There is no finished run to report on yet.", icon=":material/info:")
    ways_on()
    st.stop()
asked = [run_id for run_id in st.query_params.get("runs", "").split(",") if run_id in runs]
chosen = st.multiselect(
    "Runs",
    list(runs),
    default=asked or [next(iter(runs))],
    format_func=lambda run_id: run_label(runs[run_id]),
    key="reports-runs",
    help="Several runs make one report with a section each.",
)
if not chosen:
    st.info("Choose at least one run.", icon=":material/info:")
    st.stop()

st.header("Report")
picked = [runs[run_id] for run_id in chosen]
folders = [run.folder for run in picked]
made = st.session_state.get("reports-made", {})
if made.get("runs") != chosen:
    made = {}
if st.button("Make the report", type="primary", icon=":material/description:", key="reports-make"):
    # Made on the page and not on the click of a download, which could not say what is wrong.
    with st.spinner("Writing the report"):
        try:
            made = {"runs": chosen} | {name: report_bytes(folders, name) for name in MIME}
            st.session_state["reports-made"] = made
        except FaultlineError as error:
            explain(error)
if made:
    with st.container(horizontal=True, vertical_alignment="center"):
        for suffix, mime in MIME.items():
            st.download_button(
                f"Report, {suffix.upper()}",
                made[suffix],
                report_name(folders, suffix),
                mime,
                key=f"reports-{suffix}",
                on_click="ignore",
                icon=":material/download:",
            )
st.caption(
    "The PDF is for reading and filing, the HTML for zooming into its charts, the JSON for "
    "programs; all three hold the same numbers."
)

st.header("Data")
for run in picked:
    with st.container(border=True):
        st.markdown(f"**{plain(run_title(run))}**")
        with st.container(horizontal=True, vertical_alignment="center"):
            for file, label, mime in PARTS:
                path = run.folder / file
                st.download_button(
                    label,
                    path.read_bytes,
                    f"{run.id}-{file}",
                    mime,
                    key=f"reports-{file}-{run.id}",
                    on_click="ignore",
                    icon=":material/download:",
                    disabled=not path.is_file(),
                )
            try:
                risk = summary_of(run).risk
            except FaultlineError as error:
                explain(error)
                continue
            st.download_button(
                "Risk table, CSV",
                risk.to_frame().to_csv(index=False),
                f"{run.id}-risk.csv",
                "text/csv",
                key=f"reports-risk-{run.id}",
                on_click="ignore",
                icon=":material/download:",
            )
