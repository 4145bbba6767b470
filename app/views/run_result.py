"""What came out of a run."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from app.charts.csv_text import csv_text
from app.charts.numbers import MINUS, MISSING, interval, number
from app.report import MIME, StressReport, report_bytes, report_name
from app.report.findings import direction
from app.report.write import read_report
from app.views.chart_card import chart_grid
from app.views.replay import replay_view
from app.views.runs import FOUND, go_on, run_title, summary_of, ways_on
from app.views.session import plain, shared_jobs
from app.views.severity_table import deepest_fall_bp, real_facts, severity_table
from engine.risk import Estimate, RiskRow
from engine.risk.how_many_paths import MOST_PATHS, PathsNeeded
from engine.runs import RunState, StoredRun

NUMBERS, WATCH = "Numbers and charts", "Watch a path"
TEMPLATE = "full"  # of the downloads beside the headline
UNBROKEN = "\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}"
KEY_FIGURES = {
    "return_mean_bp": "Mean return",
    "var_95_bp": "VaR 95%",
    "es_95_bp": "ES 95%",
    "drawdown_bp": "Maximum drawdown",
    "spread_ticks_shock": "Spread in the shock",
    "touch_depth_shock": "Depth in the shock",
    "liquidation_cost_bp": "Cost of execution",
}
DISTANCE = (
    "Distance of the model's flow to held-out real data, in units of the distance between two "
    "parts of the real data; geometric mean over the scores of the page Realism."
)
_AGREES = {True: "as asked", False: "not as asked", None: MISSING}


def show_result(run: StoredRun) -> None:
    """Draw a run that is over: its results, or why there are none. One at work is left alone."""
    if not run.status.state.last:
        return
    st.header(plain(run_title(run)))
    if st.session_state.pop(FOUND, "") == run.id:
        st.info(
            f"This very test was run on {run.status.created:%Y-%m-%d at %H:%M} UTC: the same "
            "settings give the same paths, so its results are shown.",
            icon=":material/inventory_2:",
        )
    if run.status.state is RunState.FAILED:
        st.error(f"The run failed: {plain(run.status.message)}", icon=":material/error:")
        with st.expander("End of its log"):
            st.code(shared_jobs().store.log_tail(run.id) or "The log is empty.", language=None)
        _again(run)
        return
    if run.status.state is RunState.CANCELLED:
        st.info(
            "The run was cancelled. Paths that were finished are kept.",
            icon=":material/cancel:",
        )
        _again(run)
        return
    report = report_of_run(run)
    _headline(report)
    _downloads(run, report)
    view = st.segmented_control(
        "View", [NUMBERS, WATCH], default=NUMBERS, required=True, key=f"result-view-{run.id}",
        label_visibility="collapsed",
    )  # fmt: skip
    if view == WATCH:
        replay_view(run)
        return
    chart_grid(report.sections[0].charts, run.id)
    _against_history(run)
    _risk(report)
    _achieved(report)
    _realism(report)
    _provenance(report)


def _again(run: StoredRun) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Go on with it", key="result-again", icon=":material/play_arrow:"):
            go_on(run)
    ways_on()


def report_of_run(run: StoredRun) -> StressReport:
    """Report of a finished run, kept in memory; `FaultlineError` where it is gone or broken."""
    path = run.folder / "report.json"
    return _report(path, path.stat().st_mtime_ns if path.exists() else 0)


@st.cache_resource(max_entries=8, show_spinner=False)
def _report(path: Path, changed_ns: int) -> StressReport:
    return read_report(path)


def _headline(report: StressReport) -> None:
    box, icon = {
        "breach": (st.error, ":material/block:"),
        "watch": (st.warning, ":material/visibility:"),
        "within": (st.success, ":material/check:"),
        "adverse": (st.error, ":material/trending_down:"),
        "unclear": (st.warning, ":material/help:"),
        "relieving": (st.success, ":material/trending_up:"),
        "none": (st.info, ":material/info:"),
    }[report.verdict.level]
    box(plain(report.verdict.text), icon=icon)
    _key_figures(report)
    st.markdown("\n".join(f"- {plain(finding)}" for finding in report.sections[0].findings))


def _key_figures(report: StressReport) -> None:
    """Cards of the main measures, each with interval, effect and definition, and of realism."""
    risk = report.sections[0].risk
    known = {row.measure: row for row in risk.rows}
    with st.grid(4, min_column_width=160, gap="small"):
        for key, label in KEY_FIGURES.items():
            if key not in known:
                continue
            row = known[key]
            shocked = row.shocked or Estimate(value=None)
            with st.container(border=True, height="stretch"):
                effect = row.effect.value if row.effect else None
                st.metric(
                    label,
                    f"{number(shocked.value)} {row.unit}",
                    None if effect is None else f"{_ascii(effect)} {row.unit}",
                    delta_color="off" if _unclear(row) else "normal" if _good(row) else "inverse",
                    help=plain(f"{row.label}, under the shock: {row.definition}."),
                )
                note = f"{100 * risk.confidence:g}% interval {_ends(shocked)}"
                if row.effect is not None:
                    note += f"; effect {_ends(row.effect, signed=True)}"
                st.caption(plain(note))
        card = report.cards[-1]
        with st.container(border=True, height="stretch"):
            st.metric(plain(card.label), plain(card.value), help=DISTANCE)
            st.caption(plain(card.note))


def _ascii(change: float) -> str:
    """A signed number whose sign Streamlit understands."""
    return number(change, signed=True).replace(MINUS, "-")


def _good(row: RiskRow) -> bool:
    """Whether more of it is better for a holder."""
    return row.measure.startswith(("return", "touch_depth"))


def _unclear(row: RiskRow) -> bool:
    return direction(row.effect) in ("", "not clear")


def _ends(estimate: Estimate, *, signed: bool = False) -> str:
    return interval(estimate.lower, estimate.upper, signed=signed)


def _against_history(run: StoredRun) -> None:
    """How often the asset fell so far in its recording."""
    facts = real_facts(run.spec.asset)
    fall = deepest_fall_bp(summary_of(run))
    if facts is None or fall == 0.0:
        return
    st.subheader("Severity against history")
    st.markdown(
        f"At its deepest the median shocked path lies {number(fall)} bp below its start. "
        "How often the recorded market moved so far:"
    )
    severity_table(facts, run.spec.asset, fall)


def _downloads(run: StoredRun, report: StressReport) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        for name, mime in MIME.items():
            st.download_button(
                "Everything, ZIP" if name == "bundle" else f"Report, {name.upper()}",
                partial(report_bytes, [run.folder], TEMPLATE, name),
                report_name([run.folder], TEMPLATE, name),
                mime,
                key=f"download-{name}-{run.id}",
                on_click="ignore",
                icon=":material/download:",
                type="primary" if name == "pdf" else "secondary",
            )
        st.caption(plain(f"{report.stamp}. Run {run.id}."))


def _risk(report: StressReport) -> None:
    risk = report.sections[0].risk
    st.subheader("Risk")
    rows = [
        {
            "Measure": plain(row.label),
            "Unit": plain(row.unit),
            "Unshocked": estimate_text(row.unshocked),
            "Shocked": estimate_text(row.shocked),
            "Effect of the shock": estimate_text(row.effect, signed=True),
            "Paths": f"{row.n:,}",
            "Paths to have": "" if row.paths_needed is None else _needed(row.paths_needed),
            "Remark": plain(row.warning),
        }
        for row in risk.rows
    ]
    st.table(rows, border="horizontal", hide_index=True, alt="Risk numbers with their intervals")
    st.caption(
        plain(
            f"In brackets {100 * risk.confidence:g}% bootstrap intervals, {risk.resamples:,} "
            "resamples of whole paths; the effect is taken on pairs of paths. "
            f"{risk.paths:,} paths of {risk.horizon_s:g} s"
            + (f", {risk.cut_paths:,} cut before the horizon asked for." if risk.cut_paths else ".")
            + " “Paths to have” brings the standard error down to a tenth of the number. "
            + risk.reading
        )
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Risk table, CSV",
            lambda: csv_text(risk.to_frame()),
            "risk.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
        )
        with st.popover("Definitions", icon=":material/menu_book:"):
            st.markdown(
                "\n".join(f"- **{plain(row.label)}**: {plain(row.definition)}" for row in risk.rows)
            )


def _achieved(report: StressReport) -> None:
    achieved = report.sections[0].achieved
    if not achieved:
        return
    st.subheader("Requested against achieved")
    rows = [
        {
            "Shock": plain(f"{row.shock + 1}. {row.kind.replace('_', ' ')}"),
            "Quantity": plain(row.quantity),
            "Unit": plain(row.unit),
            "Requested": number(row.asked),
            "Achieved": estimate_text(row.achieved),
            "Verdict": _AGREES[row.agrees],
            "Note": plain(row.note),
        }
        for row in achieved
    ]
    st.table(rows, border="horizontal", hide_index=True, alt="What each shock asked for and got")
    with st.popover("Definitions", icon=":material/menu_book:"):
        st.markdown(
            "\n".join(f"- **{plain(row.quantity)}**: {plain(row.definition)}" for row in achieved)
        )


def _needed(needed: PathsNeeded) -> str:
    more = "or more" if needed.recommended >= MOST_PATHS else ""
    return f"{needed.recommended:,} {more}".strip()


def _realism(report: StressReport) -> None:
    """Which stylized facts still hold under stress, and how far from the model's own flow it is."""
    realism = report.sections[0].stress_realism
    if realism is None:
        return
    st.subheader("What still holds under stress")
    for sentence in realism.sentences:
        st.markdown(plain(f"{sentence}."))
    rows = [
        {
            "Fact": plain(fact.label),
            "Unit": plain(fact.unit),
            "Real, 95% band": f"{number(fact.real)} ({interval(fact.real_low, fact.real_high)})",
            "Unshocked": estimate_text(fact.unshocked),
            "Shocked": estimate_text(fact.shocked),
            "Under stress": fact.verdict,
        }
        for fact in realism.headline
    ]
    if rows:
        st.table(rows, border="horizontal", hide_index=True, alt="Stylized facts under stress")
        st.caption(
            plain(
                f"{realism.reading} {realism.paths:,} paths of {realism.path_s:g} s of each arm, "
                f"{realism.real_windows:,} real windows of {realism.real_window_s:g} s."
            )
        )
    for note in realism.notes:
        st.caption(plain(f"{note[0].upper()}{note[1:]}."))
    if realism.support:
        st.caption(plain(realism.support.reading))


def _provenance(report: StressReport) -> None:
    manifest = report.manifest
    with st.expander("How to make it again", icon=":material/replay:"):
        for command in manifest.commands:
            st.code(command, language="shell")
        seconds = ", ".join(f"{name} {value:,.4g}" for name, value in manifest.timing_s.items())
        st.markdown(
            f"Made {manifest.created:%Y-%m-%d %H:%M} UTC. Seconds and counts: {plain(seconds)}."
        )
        pairs = {**manifest.versions, **{f.name: f.sha256 for f in manifest.files}}
        st.table(
            [{"What": plain(name), "Version or SHA-256": plain(v)} for name, v in pairs.items()],
            border="horizontal",
            hide_index=True,
        )


def estimate_text(estimate: Estimate | None, *, signed: bool = False) -> str:
    """A number with the ends of its interval in brackets; a dash where it is not known."""
    if estimate is None or estimate.value is None:
        return MISSING
    ends = interval(estimate.lower, estimate.upper, signed=signed)
    value = number(estimate.value, signed=signed)
    return value if ends == MISSING else f"{value} ({ends})".replace(" to ", UNBROKEN)
