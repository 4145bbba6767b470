"""What the overview says of the store: key figures, and the last runs in a table."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from app.charts.numbers import interval, number
from app.models import RUNNABLE, bundled_models
from app.views.runs import RESULTS, clock, elapsed_s, state_badge, summary_of
from app.views.session import model_title, plain, shared_jobs
from engine.risk import RiskRow
from engine.runs import RunState, StoredRun
from model.errors import FaultlineError

SHOWN = 8
HEADLINES = ("var_95_bp", "es_95_bp")
COLUMNS = (1.2, 3.6, 2.2, 2.2, 0.9)


def headline_cards() -> None:
    """Four figures: runs, the last answer, model, device."""
    runs = shared_jobs().store.runs(limit=200)
    finished = [run for run in runs if run.status.state is RunState.FINISHED]
    events = sum(run.status.events for run in finished)
    with st.grid(4, min_column_width=160, gap="small"):
        st.metric("Finished runs", f"{len(finished):,}", border=True, height="stretch")
        st.metric(
            "Events simulated", f"{events:,}", border=True, height="stretch",
            help="Orders and cancels in all finished runs of this store, both arms.",
        )  # fmt: skip
        st.metric(
            "Model", model_title([*bundled_models(), *RUNNABLE][0]), border=True, height="stretch",
            help="Writes the order flow of a run, where no other is chosen.",
        )  # fmt: skip
        st.metric(
            "Device", _device(), border=True, height="stretch",
            help="Where models run: the first accelerator, or the processor.",
        )  # fmt: skip


def _device() -> str:
    """The first accelerator, as its driver calls it, or the processor; torch takes too long."""
    for path in Path("/proc/driver/nvidia/gpus").glob("*/information"):
        for line in path.read_text().splitlines():
            if line.startswith("Model:"):
                return line.partition(":")[2].strip()
    return f"CPU, {os.cpu_count()} cores"


def last_runs() -> None:
    """The newest runs, a line each, with their headline and the way to their results."""
    runs = shared_jobs().store.runs(limit=SHOWN)
    if not runs:
        st.info("No run yet. Ask a question above.", icon=":material/info:")
        return
    for run in runs:
        with st.container(border=True):
            badge, what, var, es, way = st.columns(COLUMNS, vertical_alignment="center")
            with badge:
                state_badge(run)
            spec = run.spec
            what.markdown(
                f"**{plain(spec.asset)}** · {plain(spec.scenario.title)} ×{spec.intensity:g}  \n"
                f":small[:gray[{run.status.created:%Y-%m-%d %H:%M} UTC · {spec.paths:,} paths × "
                f"{spec.horizon_s:g} s · {plain(model_title(spec.model))} · took "
                f"{clock(elapsed_s(run))}]]"
            )
            for cell, row in zip((var, es), _headlines(run), strict=True):
                with cell:
                    _headline(row)
            way.page_link(
                RESULTS, label="Open", icon=":material/monitoring:", query_params={"run": run.id}
            )


def _headlines(run: StoredRun) -> tuple[RiskRow | None, ...]:
    if run.status.state is not RunState.FINISHED:
        return (None, None)
    try:
        risk = summary_of(run).risk
    except FaultlineError:
        return (None, None)
    return tuple(next((row for row in risk.rows if row.measure == key), None) for key in HEADLINES)


def _headline(row: RiskRow | None) -> None:
    if row is None or row.shocked is None:
        return
    text = f"{plain(row.label)} **{number(row.shocked.value)} {plain(row.unit)}**"
    if row.effect is not None:
        change = number(row.effect.value, signed=True)
        ends = interval(row.effect.lower, row.effect.upper, signed=True)
        text += f"  \n:small[:gray[change {change} ({ends})]]"
    st.markdown(text, help=f"Under the shock; {row.definition}.")
