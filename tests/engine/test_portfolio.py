"""Portfolios: closed forms, contributions that add up, positions played and closed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy.stats import norm

from engine.portfolio import PortfolioSpec, check_portfolio, play_positions, run_of
from engine.portfolio_returns import read_returns
from engine.risk import expected_shortfall, value_at_risk
from engine.risk.portfolio_dependence import (
    Dependence,
    assumptions,
    draw_ranks,
    estimate_correlation,
)
from engine.risk.portfolio_risk import contributions, portfolio_risk
from engine.rollout import rollout
from model.catalogue import load_profile
from model.errors import FaultlineError, SpecError
from model.events import Float64
from tests.engine.test_effects import scenario
from tests.engine.test_sweep import SALE, sources

LEVEL = 0.95
SIGNS = np.array([1.0, 1.0, -1.0])
SIGMA = np.array([2.0, 1.0, 1.5])
CORR = np.array([[1.0, 0.6, 0.3], [0.6, 1.0, 0.2], [0.3, 0.2, 1.0]])
MATRIX = tuple(tuple(row) for row in CORR.tolist())


def normal_losses(count: int = 4000) -> list[Float64]:
    """Margins whose quantiles are those of normal losses."""
    z = norm.ppf((np.arange(count) + 0.5) / count)
    rng = np.random.default_rng(0)
    return [rng.permutation(sigma * z) for sigma in SIGMA]


def var_of(dependence: Dependence, signs: Float64 = SIGNS) -> tuple[float, float]:
    risk = portfolio_risk(normal_losses(), signs, dependence, [LEVEL], draws=200_000, resamples=0)[
        0
    ]
    assert risk.var.value is not None
    assert risk.es.value is not None
    assert sum(risk.contributions.var) == pytest.approx(risk.var.value)
    assert sum(risk.contributions.es) == pytest.approx(risk.es.value)
    return risk.var.value, risk.es.value


def test_gaussian_margins_and_copula_give_the_known_numbers() -> None:
    # Loss of position k is -sign x sigma x return: a short position loses when its asset rises.
    weights = SIGNS * SIGMA
    for dependence, corr in (
        (Dependence("gaussian", "", MATRIX), CORR),
        (Dependence("independence", ""), np.eye(3)),
    ):
        sigma = float(np.sqrt(weights @ corr @ weights))
        var, es = var_of(dependence)
        assert var == pytest.approx(norm.ppf(LEVEL) * sigma, rel=0.02)
        assert es == pytest.approx(norm.pdf(norm.ppf(LEVEL)) / (1 - LEVEL) * sigma, rel=0.02)


def test_comonotone_is_the_sum_and_the_worst_of_all() -> None:
    losses = normal_losses()
    together = Dependence("comonotone", "")
    var, es = var_of(together)
    assert var == pytest.approx(sum(float(value_at_risk(one, LEVEL)) for one in losses), rel=0.02)
    alone = sum(float(expected_shortfall(one, LEVEL)) for one in losses)
    assert es == pytest.approx(alone, rel=0.02)
    few = Dependence("t", "", MATRIX, 3.0)
    order = [Dependence("gaussian", "", MATRIX), few, together]
    shortfalls = [var_of(one, np.ones(3))[1] for one in order]
    assert shortfalls == sorted(shortfalls), "heavier joint tails, larger shortfall"


def test_contributions_of_a_known_sample() -> None:
    rng = np.random.default_rng(1)
    joint = np.rint(rng.normal(size=(500, 4)) * [3, 1, 1, 0])  # many ties, one position idle
    for level in (0.9, 0.99):
        found = contributions(joint, level)
        total = joint.sum(axis=1)
        assert sum(found.var) == pytest.approx(float(value_at_risk(total, level)))
        assert sum(found.es) == pytest.approx(float(expected_shortfall(total, level)))
        assert found.es[3] == found.var[3] == 0.0
        assert found.es[0] > found.es[1]
    # Euler: twice the portfolio, twice every contribution.
    twice = contributions(2 * joint, 0.9)
    np.testing.assert_allclose(twice.es, 2 * np.array(contributions(joint, 0.9).es))


def test_the_interval_covers_the_truth() -> None:
    truth = norm.ppf(0.9) * float(np.sqrt((SIGMA**2).sum()))
    covered = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        losses = [rng.normal(0, sigma, 200) for sigma in SIGMA]
        risk = portfolio_risk(
            losses, SIGNS, Dependence("independence", ""), [0.9],
            draws=2000, resamples=100, seed=seed,
        )[0]  # fmt: skip
        assert risk.var.lower is not None
        assert risk.var.upper is not None
        covered += risk.var.lower < truth < risk.var.upper
    assert covered >= 16, "19 of 20 are expected at 95 %"


def test_correlation_and_degrees_of_freedom_are_found_again() -> None:
    drawn = draw_ranks(Dependence("t", "", MATRIX, 4.0), SIGNS, 4000, 3)
    found = estimate_correlation(np.exp(norm.ppf(drawn)))  # any increasing function of the ranks
    np.testing.assert_allclose(found.matrix, CORR, atol=0.05)
    assert 3.0 < found.df < 5.5
    normal = draw_ranks(Dependence("gaussian", "", MATRIX), SIGNS, 2000, 3)
    assert estimate_correlation(normal).df > 15.0
    same = np.repeat(normal[:, :1], 2, axis=1)
    assert estimate_correlation(same).matrix[0][1] == pytest.approx(1.0, abs=1e-4)
    labels = [one.kind for one in assumptions(found, "t")]
    assert labels == ["t", "gaussian", "t", "independence", "comonotone"]
    assert [one.kind for one in assumptions(None, "t")] == ["comonotone", "independence"]


def portfolio(*positions: dict[str, object], **changes: object) -> PortfolioSpec:
    return PortfolioSpec.model_validate(
        {"positions": positions, "scenario": scenario(SALE).model_dump(), "paths": 6,
         "horizon_s": 10.0, "burn_in_events": 16, "model": "zero-intelligence"} | changes
    )  # fmt: skip


def test_positions_are_played_held_and_closed() -> None:
    profile = load_profile("AMZN")
    close = {"duration_s": 6.0, "slices": 6, "start_s": 1.0}
    spec = portfolio({"asset": "AMZN", "shares": -200.0}, {"asset": "MSFT", "value": 1e5})
    held, other = play_positions(spec, sources)
    assert (held.shares, held.cost_bp) == (-200.0, None)
    assert held.value == pytest.approx(-200 * profile.price_ticks * 0.01)
    assert other.value == pytest.approx(1e5)
    run = rollout(*sources("AMZN"), run_of(spec, spec.positions[0], profile))
    mids = run.shocked.on_grid("mid_ticks", round(10e9), round(10e9))
    np.testing.assert_allclose(held.shocked, -200 * 0.01 * (mids[:, 0] - mids[:, 1]))
    small = portfolio({"asset": "AMZN", "shares": 60, "liquidate": close})
    (closed,) = play_positions(small, sources)
    assert closed.cost_bp is not None
    assert closed.unfilled is not None
    assert (closed.unfilled < 1e-9).all(), "a few shares trade in full"
    assert (closed.cost_bp > 0).all(), "selling costs at least half the spread"
    # What was paid, against the arrival: the loss of a position that is sold off at once.
    assert closed.shocked.mean() > 0
    # The order that closes a position does not grow with the scenario.
    calm = run_of(small.model_copy(update={"intensity": 0.0}), small.positions[0], profile)
    wild = run_of(small.model_copy(update={"intensity": 2.0}), small.positions[0], profile)
    totals = [
        run.scenario.shocks[-1].total_shares(run.scenario.shocks[-1].own(1.0), profile)
        for run in (calm, wild)
    ]
    assert totals == [60, 60]
    assert len(calm.scenario.shocks) == 1


@pytest.mark.parametrize(
    ("positions", "changes", "message"),
    [
        ([{"asset": "AMZN", "shares": 0}], {}, "AMZN: a position of 0 is none; leave it out"),
        ([{"asset": "AMZN"}], {}, "AMZN: give either shares or value"),
        ([{"asset": "AMZN", "shares": 1}] * 2, {}, "AMZN is given twice"),
        ([{"asset": "AMZN", "shares": 1}], {"levels": [1.5]}, "levels: 1.5 must lie"),
        ([{"asset": "AMZN", "shares": 1}], {"fx": {"CNY": -1}}, "fx: CNY: -1 is no exchange rate"),
        ([{"asset": "AMZN", "shares": 1, "liquidate": {"duration_s": 5, "schedule": "pov"}}], {},
         "participation belongs to schedule: pov"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(
    positions: list[dict[str, object]], changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        portfolio(*positions, **changes)


@pytest.mark.parametrize(
    ("position", "message"),
    [
        ({"asset": "NVDA", "shares": 1}, "NVDA"),
        ({"asset": "SSE600961", "shares": 100}, "traded in CNY: say under fx"),
        ({"asset": "AMZN", "shares": 1e7, "liquidate": {"duration_s": 5}}, "usually traded in 5 s"),
        ({"asset": "AMZN", "shares": 0.2, "liquidate": {"duration_s": 5}}, "less than one of"),
        ({"asset": "AMZN", "shares": 9, "liquidate": {"duration_s": 50}}, "after the horizon"),
    ],
)
def test_positions_that_cannot_be_played(position: dict[str, object], message: str) -> None:
    with pytest.raises(FaultlineError, match=message) as caught:
        check_portfolio(portfolio(position), load_profile)
    assert "\n" not in str(caught.value)


def test_a_table_of_returns(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(40, 2)), columns=["amzn", "MSFT"])
    frame.insert(0, "date", "2012-06-21")
    frame.loc[3, "MSFT"] = np.nan
    frame.to_csv(tmp_path / "r.csv", index=False)
    frame.to_parquet(tmp_path / "r.parquet")
    for name in ("r.csv", "r.parquet"):
        assert read_returns(tmp_path / name, ["AMZN", "MSFT"]).shape == (39, 2)
    with pytest.raises(SpecError, match="no column GOOG; a table"):
        read_returns(tmp_path / "r.csv", ["AMZN", "GOOG"])
    with pytest.raises(SpecError, match="column DATE holds no numbers"):
        read_returns(tmp_path / "r.csv", ["DATE"])
    with pytest.raises(SpecError, match="cannot be read"):
        read_returns(tmp_path / "none.csv", ["AMZN"])
    frame[:20].to_csv(tmp_path / "r.csv")
    with pytest.raises(SpecError, match="19 complete rows of returns are too few"):
        read_returns(tmp_path / "r.csv", ["AMZN", "MSFT"])
    frame.assign(amzn=1.0).to_csv(tmp_path / "r.csv")
    with pytest.raises(SpecError, match="column AMZN never changes"):
        read_returns(tmp_path / "r.csv", ["AMZN"])


def test_a_single_position_needs_no_copula() -> None:
    losses = normal_losses()[:1]
    kinds = (Dependence("t", "", MATRIX, 3.0), Dependence("independence", ""))
    for dependence in kinds:
        risk = portfolio_risk(losses, np.ones(1), dependence, [LEVEL], draws=50_000, resamples=0)
        truth = float(value_at_risk(losses[0], LEVEL))
        assert risk[0].var.value == pytest.approx(truth, rel=0.03)
