"""Portfolio risk under a scenario: from a YAML file to numbers, tables and charts."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from app.charts.numbers import count, interval, number
from app.charts.studies import contribution_chart, dependence_chart
from app.models import check_model
from app.studies.report import Answer, StudyReport, StudyTable
from app.studies.settings import one_line
from app.studies.sweep import beside, read_yaml, sources_of
from engine.portfolio import PortfolioSpec, PositionLosses, check_portfolio, play_positions
from engine.portfolio_returns import read_returns
from engine.risk import expected_shortfall, value_at_risk
from engine.risk.portfolio_dependence import (
    Correlation,
    Dependence,
    assumptions,
    estimate_correlation,
)
from engine.risk.portfolio_risk import PortfolioRisk, portfolio_risk
from engine.risk.price_rows import TAIL_PATHS
from engine.rollout import Progress
from engine.runs.atomic import write_atomic
from engine.scenario import load_scenario
from model.catalogue import find_asset, load_profile
from model.errors import FaultlineError, SpecError

RETURNS, BOOK = "returns", "book.yaml"


class PortfolioResult(BaseModel):
    """What `portfolio.json` holds.

    `shocked` and `unshocked` have a row for each dependence and level, the main dependence first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    spec: PortfolioSpec
    correlation: Correlation | None
    shocked: tuple[PortfolioRisk, ...]
    unshocked: tuple[PortfolioRisk, ...]


def read_portfolio(path: Path) -> tuple[PortfolioSpec, Path | None]:
    """A portfolio and its table of returns from YAML; files are looked up beside it.

    Besides the fields of `PortfolioSpec`, where `scenario` is a name or a YAML file, the key
    `returns` names a CSV or Parquet file.

    Raises
    ------
    FaultlineError
        One line that names the file, the key and what is allowed.
    """
    content = read_yaml(path)
    returns = content.pop(RETURNS, None)
    if returns is not None and not isinstance(returns, str):
        raise SpecError(f"{path}: {RETURNS}: must be the name of a CSV or Parquet file")
    try:
        spec = build_portfolio(content, path)
    except FaultlineError as error:
        raise SpecError(f"{path}: {error}") from error
    return spec, None if returns is None else path.parent / returns


def build_portfolio(content: dict[str, object], path: Path = Path(".")) -> PortfolioSpec:
    """A checked portfolio from settings; its scenario may be a name, or a file beside `path`."""
    content = dict(content)
    scenario = content.get("scenario")
    if scenario is None:
        raise SpecError("scenario: missing; name one, see faultline scenarios")
    if isinstance(scenario, str):
        content["scenario"] = load_scenario(beside(path, scenario))
    try:
        spec = PortfolioSpec.model_validate(content)
        positions = [
            position.model_dump() | {"asset": find_asset(position.asset).asset}
            for position in spec.positions
        ]
        spec = PortfolioSpec.model_validate(content | {"positions": positions})
    except ValidationError as error:
        raise SpecError(one_line(error)) from error
    check_portfolio(spec, load_profile)
    for position in spec.positions:
        check_model(spec.model, position.asset)
    return spec


def play_portfolio(
    spec: PortfolioSpec,
    folder: Path,
    returns: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> StudyReport:
    """Play every position, join them, and write `portfolio.json` and `book.yaml`.

    Raises
    ------
    FaultlineError
        A position cannot be played, or the table of returns cannot be used.
    """
    assets = [position.asset for position in spec.positions]
    correlation = None
    if returns is not None:
        table = read_returns(returns, assets)
        correlation = estimate_correlation(table) if len(assets) > 1 else None
    losses = play_positions(
        spec, sources_of(spec.model, spec.device), progress=progress, cancelled=cancelled
    )
    signs = np.array([np.sign(one.shares) for one in losses])
    shown = assumptions(correlation, spec.copula)
    if len(assets) == 1:
        shown = [Dependence("independence", "One position")]
    arms: list[list[PortfolioRisk]] = []
    for arm in ("shocked", "unshocked"):
        own = [getattr(one, arm) for one in losses]
        arms.append(
            [
                row
                for dependence in shown
                for row in portfolio_risk(
                    own, signs, dependence, spec.levels, draws=spec.draws, seed=spec.seed
                )
            ]
        )
    result = PortfolioResult(
        spec=spec, correlation=correlation, shocked=tuple(arms[0]), unshocked=tuple(arms[1])
    )
    write_atomic(folder / "portfolio.json", result.model_dump_json(indent=1) + "\n")
    write_atomic(folder / BOOK, _as_yaml(spec, folder, returns))
    return portfolio_report(result, losses)


def _as_yaml(spec: PortfolioSpec, folder: Path, returns: Path | None) -> str:
    """A file that asks for the same portfolio; the table of returns as seen from `folder`."""
    content = spec.model_dump(mode="json")
    if returns is not None:
        content[RETURNS] = os.path.relpath(returns, folder)
    return str(yaml.safe_dump(content, sort_keys=False))


def portfolio_report(result: PortfolioResult, losses: Sequence[PositionLosses]) -> StudyReport:
    """What is shown of a portfolio."""
    spec = result.spec
    unit, level = spec.currency, spec.levels[0]
    main, calm = result.shocked[0], result.unshocked[0]
    var, es = (f"{number(one.value)} {unit}" for one in (main.var, main.es))
    ends = interval(main.var.lower, main.var.upper)
    alone = sum(float(value_at_risk(one.shocked, level)) for one in losses)
    what = f"loss over {spec.horizon_s:g} s, {unit}, {main.dependence.lower()}"
    gross = sum(abs(one.value) for one in losses)
    return StudyReport(
        title=f"Portfolio {spec.name} under {spec.scenario.title} ×{spec.intensity:g}",
        verdict=(
            f"VaR {100 * level:g}% is {var} ({ends}) and ES {es}, on positions worth"
            f" {number(gross)} {unit} gross; without the scenario VaR is"
            f" {number(calm.var.value)} {unit}. Dependence: {main.dependence}."
        ),
        answers=(
            Answer(label=f"VaR {100 * level:g}%", value=var, note=ends,
                   definition=f"loss that a share {level:g} of joint draws does not exceed; {what};"
                   " 95% bootstrap interval over paths and draws"),
            Answer(label=f"ES {100 * level:g}%", value=es,
                   note=interval(main.es.lower, main.es.upper),
                   definition=f"mean loss of the joint draws beyond level {level:g}; {what}"),
            Answer(label="Sum of the positions' VaR", value=f"{number(alone)} {unit}",
                   note=f"diversification {number(alone - (main.var.value or 0.0))}",
                   definition="VaR of each position on its own paths, added up"),
        ),
        charts=(
            contribution_chart([one.asset for one in losses], main, unit),
            dependence_chart([row for row in result.shocked if row.level == level], unit),
        ),
        tables=(
            _positions(losses, main, unit),
            _sensitivity(result, unit),
            *([] if result.correlation is None else [_correlation(result.correlation, losses)]),
        ),
        remarks=tuple(_remarks(result, losses)),
        command=f"faultline portfolio {BOOK}",
    )  # fmt: skip


def _positions(losses: Sequence[PositionLosses], main: PortfolioRisk, unit: str) -> StudyTable:
    rows = []
    for at, one in enumerate(losses):
        costs, unfilled = (
            None if values is None else float(np.nanmean(values))
            for values in (one.cost_bp, one.unfilled)
        )
        rows.append(
            {
                "asset": one.asset,
                "shares": one.shares,
                "value": one.value,
                "VaR alone": float(value_at_risk(one.shocked, main.level)),
                "VaR contribution": main.contributions.var[at],
                "ES alone": float(expected_shortfall(one.shocked, main.level)),
                "ES contribution": main.contributions.es[at],
                "ES share": main.contributions.es[at] / (main.es.value or np.nan),
                "cost, bp": costs,
                "unfilled": unfilled,
            }
        )
    return StudyTable(
        name="positions", title=f"Positions, {unit}, at {100 * main.level:g}%",
        data=pd.DataFrame(rows),
        definitions={
            "VaR alone": "of the position on its own paths; ES alone likewise",
            "VaR contribution": "mean loss of the position over joint draws next to the"
            " portfolio's VaR (Euler); they add up to it",
            "ES contribution": "mean loss of the position over joint draws beyond the level"
            " (Euler); they add up to the portfolio's ES",
            "ES share": "ES contribution over ES",
            "cost, bp": "mean implementation shortfall against the mid before the first order;"
            " positions closed by a rule",
            "unfilled": "mean share of the position that did not trade within the horizon",
        },
        note=f"Dependence: {main.dependence}.",
    )  # fmt: skip


def _sensitivity(result: PortfolioResult, unit: str) -> StudyTable:
    rows = [
        {
            "dependence": row.dependence,
            "level": row.level,
            "VaR": row.var.value,
            "VaR from": row.var.lower,
            "VaR to": row.var.upper,
            "ES": row.es.value,
            "ES from": row.es.lower,
            "ES to": row.es.upper,
            "VaR unshocked": calm.var.value,
            "ES unshocked": calm.es.value,
        }
        for row, calm in zip(result.shocked, result.unshocked, strict=True)
    ]
    return StudyTable(
        name="dependence", title=f"How much hangs on the dependence, {unit}",
        data=pd.DataFrame(rows),
        definitions={
            "dependence": "copula that joins the ranks of the assets' returns: Gaussian, or t with"
            " so many degrees of freedom (df); comonotone: all positions have their worst paths at"
            " once, the largest ES that any dependence gives",
            "VaR unshocked": "positions held, the same paths without the scenario",
        },
        note="95% bootstrap intervals over the paths of each asset and the joint draws.",
    )  # fmt: skip


def _correlation(correlation: Correlation, losses: Sequence[PositionLosses]) -> StudyTable:
    names = [one.asset for one in losses]
    data = pd.DataFrame(correlation.matrix, columns=names)
    data.insert(0, "asset", names)
    return StudyTable(
        name="correlation", title="Correlation of the copula", data=data,
        definitions={"asset": "sin(pi tau / 2) of Kendall's tau of the returns"},
        note=f"{count(correlation.observations)} rows of returns; t copula:"
        f" {number(correlation.df)} degrees of freedom by maximum pseudo-likelihood.",
    )  # fmt: skip


def _remarks(result: PortfolioResult, losses: Sequence[PositionLosses]) -> list[str]:
    spec = result.spec
    remarks = [
        "Losses are conditional on the scenario and on the model that wrote the flow; assets are"
        " played one by one and joined by their ranks: one does not move another's book."
    ]
    if result.correlation is None and len(losses) > 1:
        remarks.append(
            "No table of returns was given: only independence and the comonotone end are shown."
        )
    for level in spec.levels:
        beyond = spec.paths * (1.0 - level)
        if beyond < TAIL_PATHS:
            remarks.append(
                f"At {100 * level:g}% only {beyond:.1f} of {spec.paths} paths of an asset lie"
                " beyond the level: take more paths."
            )
    for one in losses:
        if one.cut_paths:
            remarks.append(
                f"{one.asset}: {one.cut_paths} paths were cut; its losses are those up to"
                f" {one.horizon_s:.4g} s. Raise max_events."
            )
    acts = [
        one.asset for one in losses
        if any(spec.scenario.acts_on(k, one.asset) for k in range(len(spec.scenario.shocks)))
    ]  # fmt: skip
    untouched = [one.asset for one in losses if one.asset not in acts]
    if untouched and spec.scenario.shocks:
        remarks.append(f"The scenario does nothing to {', '.join(untouched)}.")
    return remarks
