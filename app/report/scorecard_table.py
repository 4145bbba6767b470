"""The realism scorecard as it stands in a report."""

from __future__ import annotations

from collections.abc import Iterable

from app.charts.numbers import count, interval, number
from app.report.blocks import Badge, Basis, Block, Cell, Column, Paragraph, Table
from stylized_facts.score_row import DETAIL, DISTANCES, ScoreRow
from stylized_facts.scorecard import SCORED_CURVES, Scorecard

_VERDICT_BADGES: dict[str, Badge] = {
    "match": "good", "close": "middling", "miss": "bad", "too few samples": "neutral",
}  # fmt: skip
_METRICS = {
    "K-S": "Kolmogorov-Smirnov distance",
    "W1": "Wasserstein-1 distance over the real standard deviation",
    "TV": "total variation",
    "curve": "mean absolute difference of two curves",
    "fact": "a number, judged by the band of the real one",
    "mean": "a mean, judged by the band of the real one",
    "AUC": "area under the ROC curve of a classifier, 0.5 where nothing can be told",
    "predictive": "error of a forecaster trained on it over that of one trained on real flow",
    "memorisation": "share of runs nearer to training flow than 1% of real ones",
}


# A page has room for the model under test and what it has to beat; evaluations hold the others.
BESIDE = ("Hawkes", "Zero intelligence")
TELLING = frozenset({
    "kurtosis_10s", "hill_10s", "acf_abs_return_1s", "zero_return_share", "order_sign_acf_1",
    "aggressive_share", "cancel_share",
})  # fmt: skip


def printed_models(models: Iterable[str]) -> list[str]:
    """Those of the models of a scorecard, the one under test first, that a report shows."""
    first, *others = models
    return [first, *(label for label in others if label in BESIDE)]


def scorecard_blocks(scorecard: Scorecard | None) -> list[Block]:
    """Headline and table of a scorecard, or a sentence that there is none."""
    if scorecard is None:
        return [
            Paragraph(
                "There is no scorecard of this model on this asset. Make one with "
                "faultline evaluate before the numbers above are used for anything."
            )
        ]
    models = printed_models(scorecard.models)
    columns = (
        Column("Quantity", share=0.25), Column("Real", "right", 0.17),
        Column("Floor", "right", 0.07),
        *(Column(model, "right", 0.51 / len(models)) for model in models),
    )  # fmt: skip
    shown = [row for row in scorecard.rows if _is_printed(row)]
    rows = tuple(_score(row, models) for row in shown)
    used = dict.fromkeys(row.metric for row in shown)
    basis = Basis(
        units="distances, smaller is nearer; for facts and means the value itself, unit below it",
        sample=f"{count(scorecard.windows_real)} real windows of {number(scorecard.window_s)} s "
        f"({scorecard.real_label}); "
        + ", ".join(f"{m} {count(scorecard.windows[m])}" for m in models),
        intervals=f"95%, bootstrap over windows, {count(scorecard.resamples)} resamples",
        source="evaluation of this model on held-out data",
    )
    note = (
        "Floor: real against real. "
        + "; ".join(f"{metric}: {_METRICS[metric]}" for metric in used)
        + f". Further rows, in the evaluation: {count(len(scorecard.rows) - len(shown))}."
    )
    table = Table(f"Realism scorecard, {scorecard.asset}", columns, rows, basis, note)
    return [Paragraph(_headline(scorecard)), table]


def _is_printed(row: ScoreRow) -> bool:
    if row.metric == "curve":
        return row.quantity in SCORED_CURVES
    return row.quantity in TELLING or row.metric not in (*DETAIL, "fact", "W1")


def _headline(scorecard: Scorecard) -> str:
    parts = [f"{model} {number(ratio)}" for model, ratio in scorecard.ratio_to_floor.items()]
    return (
        "Distance to held-out real data over the floor, geometric mean over the scored quantities "
        f"(1: as near as real data to itself): {', '.join(parts)}."
    )


def _score(row: ScoreRow, models: list[str]) -> tuple[Cell, ...]:
    own_value = row.metric not in DISTANCES
    unit = f", {row.unit}" if row.unit else ""
    cells_ = [
        Cell(row.label, f"{row.metric}{unit}"),
        Cell(number(row.real), "" if interval(*row.real_band) == "–" else interval(*row.real_band)),
        Cell(number(row.floor)),
    ]
    for model in models:
        value, band = (
            (row.values[model], row.value_band.get(model))
            if own_value
            else (row.distance[model], row.interval.get(model))
        )
        ends = interval(*band) if band else "–"
        verdict = row.verdict[model]
        cells_.append(
            Cell(number(value), "" if ends == "–" else ends, verdict, _VERDICT_BADGES[verdict])
        )
    return tuple(cells_)
