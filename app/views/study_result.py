"""What came out of a study."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from app.charts.studies import ARMS, sweep_heatmap, tornado
from app.studies.jobs import Studies
from app.studies.report import StudyReport, StudyTable, read_study
from app.views.chart_card import chart_card, chart_grid
from app.views.session import plain
from engine.runs import RunState

_MIME = {".html": "text/html", ".json": "application/json", ".csv": "text/csv",
         ".parquet": "application/octet-stream", ".svg": "image/svg+xml",
         ".yaml": "application/yaml"}  # fmt: skip


def show_study(study_id: str) -> None:
    """Draw a study that is over: its answer, or why there is none. One at work is left alone."""
    studies = Studies()
    status, folder = studies.status(study_id), studies.folder(study_id)
    if not status.state.last:
        return
    st.header(plain(status.title))
    if status.state is not RunState.FINISHED:
        if status.state is RunState.FAILED:
            st.error(f"The study failed: {plain(status.message)}", icon=":material/error:")
            with st.expander("End of its log"):
                st.code(studies.log_tail(study_id) or "The log is empty.", language=None)
        else:
            st.info("The study was cancelled.", icon=":material/cancel:")
        if st.button(
            "Go on",
            icon=":material/replay:",
            key=f"resume-{study_id}",
            help="Start it again; of a sweep, cells that are done are not played twice.",
        ):
            studies.resume(study_id)
            st.rerun()
        return
    report = read_study(folder)
    box, icon = (st.info, ":material/info:")
    if report.failure:
        box, icon = (st.warning, ":material/help:")
    box(plain(report.verdict), icon=icon)
    if report.answers:
        with st.grid(len(report.answers), min_column_width=180, gap="small"):
            for answer in report.answers:
                with st.container(border=True, height="stretch"):
                    st.metric(
                        plain(answer.label), plain(answer.value), help=plain(answer.definition)
                    )
                    st.caption(plain(answer.note or "\N{NO-BREAK SPACE}"))
    _downloads(folder, study_id)
    sweep = folder / "sweep.parquet"
    if sweep.is_file():
        _sweep(pd.read_parquet(sweep), study_id)
    else:
        chart_grid(report.charts, study_id)
    for table in report.tables:
        _table(table, study_id)
    _limits(report)


def _sweep(frame: pd.DataFrame, key: str) -> None:
    """Heat map and tornado of the measure that is chosen."""
    known = frame[frame["measure"] != ""].drop_duplicates("measure").set_index("measure")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        measure = st.selectbox(
            "Measure", list(known.index), _default(list(known.index)), key=f"measure-{key}",
            format_func=lambda name: f"{known.loc[name, 'label']}, {known.loc[name, 'unit']}",
            help="What is measured in each cell; defined below the map.",
        )  # fmt: skip
        arms = [arm for arm in ARMS if frame.loc[frame["measure"] == measure, arm].notna().any()]
        if not arms:
            st.info("This measure is not defined in any cell.", icon=":material/info:")
            return
        arm = st.selectbox(
            "Paths", arms, key=f"arm-{key}", format_func=lambda name: ARMS[name].capitalize(),
            help="The shocked paths, the unshocked ones, or the difference on pairs of paths.",
        )  # fmt: skip
    with st.container(border=True):
        chart_card(sweep_heatmap(frame, measure, arm), f"{key}-map")
    if "effect" not in arms:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        asset = st.selectbox(
            "Asset",
            list(dict.fromkeys(frame["asset"])),
            key=f"asset-{key}",
            help="Asset of the bars below.",
        )
        intensities = sorted(set(frame["intensity"]))
        intensity = st.selectbox(
            "Intensity",
            intensities,
            len(intensities) - 1,
            key=f"intensity-{key}",
            help="Multiplies the shocks.",
        )
    own = frame[(frame["measure"] == measure) & (frame["asset"] == asset)
                & (frame["intensity"] == intensity)]  # fmt: skip
    if own["effect"].notna().any():
        with st.container(border=True):
            chart_card(tornado(frame, measure, asset, intensity), f"{key}-tornado")
    else:
        st.info("Every cell of this asset and intensity failed.", icon=":material/info:")


def _default(measures: list[str]) -> int:
    return measures.index("var_95_bp") if "var_95_bp" in measures else 0


def _table(table: StudyTable, key: str) -> None:
    st.subheader(plain(table.title))
    st.dataframe(
        table.data,
        hide_index=True,
        key=f"{key}-{table.name}",
        alt=f"Table of {table.title}",
        column_config={
            name: st.column_config.Column(name, help=table.definitions.get(name))
            for name in table.data.columns
        },
    )
    if table.note:
        st.caption(plain(table.note))


def _downloads(folder: Path, key: str) -> None:
    names = sorted(
        path.name
        for path in folder.iterdir()
        if path.suffix in _MIME
        and path.is_file()
        and not path.is_symlink()
        and path.name not in ("progress.json", "study.json")
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Report, HTML", (folder / "study.html").read_bytes, f"faultline-{key}.html",
            "text/html", key=f"download-{key}", on_click="ignore", icon=":material/download:",
            type="primary",
        )  # fmt: skip
        with st.popover("All files", icon=":material/folder:"):
            for name in names:
                st.download_button(
                    name, (folder / name).read_bytes, name, _MIME[Path(name).suffix],
                    key=f"download-{key}-{name}", on_click="ignore",
                )  # fmt: skip


def _limits(report: StudyReport) -> None:
    if report.remarks:
        st.subheader("Limits")
        st.markdown("\n".join(f"- {plain(remark)}" for remark in report.remarks))
    if report.command:
        with st.expander("How to make it again", icon=":material/replay:"):
            st.code(report.command, language="shell")
