"""The page *Reports and export*: runs as documents and as data."""

import streamlit as st

from app.charts.csv_text import csv_text
from app.report import MIME, TEMPLATES, report_bytes, report_name
from app.views.runs import explain, finished_runs, run_label, run_title, summary_of, ways_on
from app.views.session import plain
from model.errors import FaultlineError

PARTS = (
    ("summary.json", "Summary, JSON"),
    ("spec.json", "Settings, JSON"),
    ("manifest.json", "Manifest, JSON"),
)
EXTENT = {"committee": "Committee, three pages", "full": "Everything"}

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
with st.container(horizontal=True, vertical_alignment="bottom"):
    template = st.segmented_control(
        "Extent",
        TEMPLATES,
        default=TEMPLATES[0],
        required=True,
        format_func=EXTENT.__getitem__,
        key="reports-template",
        help="Three pages for a decision, or all tables, charts, assumptions and definitions.",
    )
    limit = st.number_input(
        "Loss limit, bp (none: empty)",
        0.1,
        10_000.0,
        None,
        key="reports-limit",
        help="The verdict sets the mean of the worst 5% of losses against it.",
        width=240,
    )
asked_for = [chosen, template, limit]
made = st.session_state.get("reports-made", {})
if made.get("asked") != asked_for:
    made = {}
if st.button("Make the report", type="primary", icon=":material/description:", key="reports-make"):
    # Made on the page and not on the click of a download, which could not say what is wrong.
    with st.spinner("Writing the report"):
        try:
            made = {"asked": asked_for} | {
                name: report_bytes(folders, template, name, limit_bp=limit) for name in MIME
            }
            st.session_state["reports-made"] = made
        except FaultlineError as error:
            explain(error)
if made:
    with st.container(horizontal=True, vertical_alignment="center"):
        for name, mime in MIME.items():
            st.download_button(
                "Everything, ZIP" if name == "bundle" else f"Report, {name.upper()}",
                made[name],
                report_name(folders, template, name),
                mime,
                key=f"reports-{name}",
                on_click="ignore",
                icon=":material/download:",
            )
st.caption(
    "The PDF is for reading and filing, the HTML for zooming into its charts, the JSON for "
    "programs; all three hold the same numbers. The ZIP adds tables as CSV, charts as SVG, paths "
    "as Parquet and a checksum of each file."
)

st.header("Data")
for run in picked:
    with st.container(border=True):
        st.markdown(f"**{plain(run_title(run))}**")
        with st.container(horizontal=True, vertical_alignment="center"):
            for file, label in PARTS:
                path = run.folder / file
                st.download_button(
                    label,
                    path.read_bytes,
                    f"{run.id}-{file}",
                    "application/json",
                    key=f"reports-{file}-{run.id}",
                    on_click="ignore",
                    icon=":material/download:",
                    disabled=path.is_symlink() or not path.is_file(),
                )
            try:
                risk = summary_of(run).risk
            except FaultlineError as error:
                explain(error)
                continue
            st.download_button(
                "Risk table, CSV",
                csv_text(risk.to_frame()),
                f"{run.id}-risk.csv",
                "text/csv",
                key=f"reports-risk-{run.id}",
                on_click="ignore",
                icon=":material/download:",
            )
