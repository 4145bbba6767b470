"""How severe a move is, beside the recorded session of the asset."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.charts.numbers import number, percent
from app.evaluations import evaluation_path, read_evaluation
from app.views.session import plain
from engine.runs.summary import RunSummary
from engine.scenario import Scenario
from model.errors import FaultlineError
from stylized_facts.severity import severity
from stylized_facts.sheet import FactSheet


@st.cache_resource(max_entries=16, show_spinner=False)
def real_facts(asset: str) -> FactSheet | None:
    """Facts of the asset's recording; None where they are not installed."""
    try:
        return read_evaluation(evaluation_path(None, asset)).real
    except FaultlineError:
        return None


def usual_move_bp(facts: FactSheet, scenario: Scenario, intensity: float) -> float:
    """A move to ask about: that of a price gap, else twice the usual one of a minute."""
    gaps = [
        abs(shock.model_dump()["gap_bps"]) * shock.own(intensity)
        for shock in scenario.shocks
        if shock.kind == "price_gap"
    ]
    move = max(gaps, default=2.0 * facts.distributions["log_return_60s"].sd)
    return max(0.1, float(f"{move:.2g}"))


def deepest_fall_bp(summary: RunSummary) -> float:
    """How far the median shocked path falls below its start, bp; 0 where it never does."""
    bands = summary.bands
    median = bands.shocked.mid_return_bp[bands.levels.index(0.5)]
    return max(0.0, -float(np.min(median)))


def severity_table(facts: FactSheet, asset: str, move_bp: float) -> None:
    """Say how often the asset moved so far in its recording, by length of the window."""
    rows = severity(facts, move_bp)
    st.table(
        [
            {
                "Windows of": f"{row.horizon_s} s",
                "Number": f"{row.windows:,}",
                f"Fell {number(move_bp)} bp or more": _share(row.falls),
                f"Rose {number(move_bp)} bp or more": _share(row.rises),
                "Deepest fall, bp": number(row.deepest_bp),
                "Highest rise, bp": number(row.highest_bp),
            }
            for row in rows
        ],
        border="horizontal",
        hide_index=True,
        alt=f"How often {asset} moved so far in real windows",
    )
    st.caption(
        plain(
            f"Real windows of {asset}: {facts.windows} recorded stretches of "
            f"{facts.window_s / 60:g} minutes of one session, held out from training. None seen is "
            "not never; longer windows than 120 s are too few in the recording to count."
        )
    )


def _share(share: float) -> str:
    return "none" if share == 0.0 else percent(share)
