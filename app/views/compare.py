"""Runs over each other: charts, and a table of differences with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.charts.compare import LETTERS, compared_charts
from app.charts.csv_text import csv_text
from app.charts.numbers import MISSING, count
from app.report.findings import direction
from app.views.chart_card import chart_grid
from app.views.run_result import estimate_text
from app.views.runs import finished_runs, run_label, run_title, summary_of
from app.views.session import plain, shared_jobs
from engine.risk import Estimate, RiskRow
from engine.risk.difference import difference
from engine.runs import StoredRun
from engine.runs.summary import RunSummary
from model.errors import FaultlineError

LEVEL, EFFECT = "Shocked level", "Effect of the shock"
_WORDS = {"higher": "higher", "lower": "lower", "not clear": "not clear", "": MISSING}


def choose_runs() -> list[StoredRun]:
    """Let the visitor choose among the finished runs; the link to the page says which.

    A run of the link that is gone is named in a warning, and left out.
    """
    runs = finished_runs()
    asked = [run_id for run_id in st.query_params.get("runs", "").split(",") if run_id]
    for run_id in (one for one in asked if one not in runs):
        try:
            run = shared_jobs().store.get(run_id)
            raise FaultlineError(f"{run_id}: {run.status.state.value}, and not finished")
        except FaultlineError as error:
            st.warning(plain(f"Left out: {error}"), icon=":material/warning:")
    if "compare-runs" not in st.session_state:
        st.session_state["compare-runs"] = [one for one in asked if one in runs][: len(LETTERS)]
    chosen = st.multiselect(
        "Runs",
        list(runs),
        format_func=lambda run_id: run_label(runs[run_id]),
        key="compare-runs",
        max_selections=len(LETTERS),
        placeholder=f"Choose among {len(runs)} finished runs",
        help="The first is the one that the others are compared with.",
        persist_state="session",
    )
    if chosen:
        st.query_params["runs"] = ",".join(chosen)
    return [runs[run_id] for run_id in chosen]


def compare_runs(runs: Sequence[StoredRun]) -> None:
    """Draw two to four finished runs; `FaultlineError` where a summary is gone."""
    summaries = [summary_of(run) for run in runs]
    named = zip(LETTERS, runs, strict=False)
    st.markdown("\n".join(f"- **{letter}** {plain(run_title(run))}" for letter, run in named))
    _warn(runs)
    chart_grid(compared_charts(summaries), "compare")
    st.subheader("Differences")
    what = st.segmented_control(
        "Of what", [LEVEL, EFFECT], default=LEVEL, key="compare-what", required=True,
        help="The number under the shock, or how far the shock moved it.",
    )  # fmt: skip
    rows = difference_rows(summaries, what == EFFECT)
    st.table(
        [{name: plain(text) for name, text in row.items()} for row in rows],
        border="horizontal", hide_index=True, alt="Measures of the runs and their differences",
    )  # fmt: skip
    confidence = 100 * summaries[0].risk.confidence
    st.caption(
        f"In brackets {confidence:g}% intervals; differences are taken from A, their intervals "
        "from those of both runs, as if these were independent (Zou and Donner 2008): for runs "
        "with the same seed they are too wide rather than too narrow. “Higher” and “lower” say "
        "that the interval excludes zero."
    )
    with st.container(horizontal=True):
        st.download_button(
            "CSV",
            lambda: csv_text(pd.DataFrame(rows)),
            "comparison.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
        )
        with st.popover("Definitions", icon=":material/menu_book:"):
            known = {row.label: row.definition for one in summaries for row in one.risk.rows}
            st.markdown("\n".join(f"- **{plain(k)}**: {plain(v)}" for k, v in known.items()))


def difference_rows(summaries: Sequence[RunSummary], effect: bool) -> list[dict[str, str]]:
    """Rows of the table of differences: measures that at least two runs have, as text."""
    tables = [{row.measure: row for row in one.risk.rows} for one in summaries]
    rows = []
    for key in dict.fromkeys(key for table in tables for key in table):
        own = [_estimate(table.get(key), effect) for table in tables]
        if sum(estimate.value is not None for estimate in own) < 2:
            continue
        first = next(table[key] for table in tables if key in table)
        row = {"Measure": first.label, "Unit": first.unit}
        for letter, estimate in zip(LETTERS, own, strict=False):
            row[letter] = estimate_text(estimate, signed=effect)
        for letter, estimate in zip(LETTERS[1:], own[1:], strict=False):
            apart = difference(own[0], estimate)
            row[f"{letter} − A"] = estimate_text(apart, signed=True)
            row[f"{letter} is"] = _WORDS[direction(apart)]
        rows.append(row)
    return rows


def _estimate(row: RiskRow | None, effect: bool) -> Estimate:
    found = None if row is None else row.effect if effect else row.shocked
    return found or Estimate(value=None)


def _warn(runs: Sequence[StoredRun]) -> None:
    """Say in what the runs differ besides what they were made to test."""
    for name, values in (
        ("horizons", [f"{run.spec.horizon_s:g} s" for run in runs]),
        ("models", [run.spec.model for run in runs]),
        ("numbers of paths", [count(run.spec.paths) for run in runs]),
    ):
        if len(set(values)) > 1:
            st.warning(
                plain(f"The runs have different {name}: {', '.join(values)}."),
                icon=":material/warning:",
            )
