"""`faultline evaluate`: the scorecard against real data and baseline models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.options import (
    Assets,
    Data,
    Device,
    Results,
    Seed,
    asset_names,
    data_folder,
    names,
    output_folder,
)

if TYPE_CHECKING:
    from rich.table import Table

    from stylized_facts.scorecard import Scorecard


def evaluate(
    data: Data = None,
    assets: Assets = "AMZN,GOOG,MSFT",
    baselines: Annotated[
        str, typer.Option(help="Baseline models, comma-separated; '' for none.")
    ] = "hawkes,zero-intelligence",
    model: Annotated[
        str, typer.Option(help="Model under test, a checkpoint's folder, or none.")
    ] = "small",
    synthetic: Annotated[
        list[str] | None,
        typer.Option(help="label=DIR: windows of somebody's order flow to judge; repeatable."),
    ] = None,
    paths: Annotated[int, typer.Option(help="Rollouts of each model on each asset.")] = 48,
    horizon: Annotated[float, typer.Option(help="Length of a rollout in seconds.")] = 300.0,
    split: Annotated[
        str, typer.Option(help="Held-out part: test, or validation while choosing.")
    ] = "test",
    seed: Seed = 1,
    resamples: Annotated[int, typer.Option(help="Resamples of the bootstrap.")] = 200,
    device: Device = "auto",
    out: Results = Path("out/evaluate"),
) -> None:
    """Score a model on held-out splits of recordings beside Hawkes and zero intelligence."""
    from rich.console import Console

    from app.commands.progress import rollout_bar
    from app.evaluate import evaluate_asset, write_figures
    from app.evidence import EvaluationSettings, Scorecards
    from engine.rollout import Progress
    from model.catalogue import find_asset

    folder = data_folder(data)
    chosen = [find_asset(name).asset for name in asset_names(assets)]
    settings = EvaluationSettings.checked(
        model=model, baselines=tuple(names(baselines)), paths=paths, horizon_s=horizon,
        split=split, seed=seed, resamples=resamples, device=device,
        synthetic=tuple(synthetic or ()),
    )  # fmt: skip
    output_folder(out)
    console = Console()
    cards = {}
    for asset in chosen:
        with rollout_bar(asset) as show:

            def tell(label: str, progress: Progress) -> None:
                show(progress, f"{asset}: {label}")  # noqa: B023

            evidence = evaluate_asset(asset, folder, settings, tell)
        evidence.write(out / f"{asset}.json")
        write_figures(evidence, out / asset)
        cards[asset] = evidence.scorecard
        console.print(scorecard_table(evidence.scorecard))
        for note in evidence.scorecard.notes:
            console.print(f"note: {note}", markup=False, highlight=False)
    Scorecards.of(cards).write(out / "scorecard.json")
    console.print(headline_table(cards))
    console.print(str(out), markup=False)


MARKS = {"match": "+", "close": "~", "miss": "-", "too few samples": " "}
STYLES = {"match": "green", "close": "yellow", "miss": "red", "too few samples": "dim"}


def scorecard_table(card: Scorecard) -> Table:
    """One scorecard as a table: floor, and for each model its distance or value and the verdict."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from app.charts.numbers import number
    from stylized_facts.score_row import DETAIL, DISTANCES

    table = Table(
        title=f"{card.asset}: {card.windows_real} real windows of {card.window_s:,.0f} s",
        title_justify="left",
        caption="K-S, W1, curve: distance to the real sample; others: the value itself. "
        "+ match, ~ close, - miss, no mark: too few samples",
        caption_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("quantity")
    table.add_column("metric", no_wrap=True)
    for name in ("real", "floor", *card.models):
        table.add_column(name, justify="right", no_wrap=True)
    for row in card.rows:
        if row.metric in DETAIL:
            continue
        cells = []
        for label in card.models:
            verdict = row.verdict[label]
            shown = row.distance if row.metric in DISTANCES else row.values
            cells.append(f"[{STYLES[verdict]}]{number(shown[label])} {MARKS[verdict]}[/]")
        unit = f", {row.unit}" if row.unit else ""
        table.add_row(f"{row.label}{unit}", row.metric, number(row.real), number(row.floor), *cells)
    return table


def headline_table(cards: dict[str, Scorecard]) -> Table:
    """The geometric means of all assets: the model against Hawkes, and every model's floors."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from app.charts.numbers import interval, number

    table = Table(
        title="Geometric means over the scored quantities", title_justify="left", box=SIMPLE_HEAD
    )
    table.add_column("asset", no_wrap=True)
    table.add_column("distance / Hawkes", justify="right")
    table.add_column("95% interval", justify="right", no_wrap=True)
    models = list(dict.fromkeys(label for card in cards.values() for label in card.models))
    for label in models:
        table.add_column(f"{label} / floor", justify="right")
    for asset, card in cards.items():
        floors = [number(card.ratio_to_floor.get(label)) for label in models]
        ratio = number(card.ratio_to_hawkes)
        table.add_row(asset, ratio, interval(*card.ratio_to_hawkes_interval), *floors)
    return table
