"""The scorecard as a table, and its two headline numbers."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from app.charts.csv_text import csv_text
from app.charts.numbers import number
from app.views.session import plain
from stylized_facts.score_row import DETAIL
from stylized_facts.scorecard import BASELINE, Scorecard

LEGEND = (
    "**K-S** is the largest distance between two distribution functions, **W1** the mean distance "
    "between two distributions, **curve** the mean distance between two curves; a **fact** is one "
    "number. **Floor** is the same distance between halves of the real recording: nothing can be "
    "expected to come nearer. A model **matches** where the floor does not tell it from real data."
)


def scorecard_view(card: Scorecard, shown: list[str]) -> None:
    """Draw headline numbers and one row a quantity, for the models in `shown`."""
    with st.grid(4, gap="small"):
        low, high = card.ratio_to_hawkes_interval
        st.metric(
            f"{card.models[0]} / {BASELINE}",
            number(card.ratio_to_hawkes),
            border=True,
            height="stretch",
            help="Geometric mean, over the quantities that tell the two apart, of the model's "
            f"distance to real data over that of {BASELINE}. Below 1 the model is nearer. "
            f"95% interval {number(low)} to {number(high)}."
            + (f" Ties: {len(card.ratio_to_hawkes_ties)}." if card.ratio_to_hawkes_ties else ""),
        )
        for model in shown:
            st.metric(
                f"{model} / floor",
                number(card.ratio_to_floor.get(model, math.nan)),
                border=True,
                height="stretch",
                help="Geometric mean of the distance to real data over the distance of real "
                "data to itself. 1 is as near as real data to itself."
                + _band_in_words(card, model),
            )
    frame = _table(card, shown)
    st.dataframe(frame, hide_index=True, alt=f"Scorecard of {card.asset}", key="scorecard-table")
    st.caption(
        f"{LEGEND} {card.windows_real} real windows of {card.window_s:g} s; "
        + ", ".join(f"{plain(model)} {card.windows[model]}" for model in shown)
        + f"; intervals from {card.resamples} bootstrap resamples of whole windows."
        + _best_in_words(card)
    )
    if card.notes:
        with st.expander(f"What could not be measured ({len(card.notes)})"):
            st.markdown("\n".join(f"- {plain(note)}" for note in card.notes))
    with st.container(horizontal=True):
        st.download_button(
            "Scorecard, JSON",
            card.model_dump_json,
            f"scorecard-{card.asset}.json",
            "application/json",
            on_click="ignore",
            icon=":material/download:",
        )
        st.download_button(
            "Scorecard, CSV",
            lambda: csv_text(card.to_frame()),
            f"scorecard-{card.asset}.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
        )


def _band_in_words(card: Scorecard, model: str) -> str:
    low, high = card.ratio_to_floor_interval.get(model, (math.nan, math.nan))
    return f" 95% interval {number(low)} to {number(high)}." if math.isfinite(low) else ""


def _best_in_words(card: Scorecard) -> str:
    """Which models the real windows do not tell from the best one; empty where it is not known."""
    best = [model for model, p in card.confidence_set.items() if p > 0.05]
    return f" 95% model confidence set: {plain(', '.join(best))}." if best else ""


def _table(card: Scorecard, shown: list[str]) -> pd.DataFrame:
    rows = []
    for row in card.rows:
        if row.metric in DETAIL:
            continue
        line = {
            "Quantity": row.label,
            "Metric": row.metric,
            "Unit": row.unit,
            "Real": number(row.real),
            "Floor": number(row.floor),
        }
        for model in shown:
            low, high = row.interval.get(model, (math.nan, math.nan))
            line[model] = number(row.values[model])
            line[f"{model} distance"] = number(row.distance[model]) + (
                f" ({number(low)} to {number(high)})" if math.isfinite(low) else ""
            )
            line[f"{model} verdict"] = row.verdict[model]
        rows.append(line)
    return pd.DataFrame(rows)
