"""Rare outcomes by multilevel splitting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy.stats import t

from engine.risk.estimate import Estimate
from model.events import Float64, Int64

State = TypeVar("State")


class RareEvent(BaseModel):
    """Probability of a rare outcome, conditional on the scenario; no interval from one replication.

    `level_shares` are the shares of trajectories that went on from each level, in the mean.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    probability: Estimate
    standard_error: float | None  # of the probability, from the replications
    level_shares: tuple[float, ...]
    trajectories: int  # played in all


@dataclass(frozen=True)
class SplittingProcess(Generic[State]):
    """What splitting needs of a process; a state is never changed in place.

    Attributes
    ----------
    start : gives so many states at the start of a trajectory
    advance : plays states on, each with its own random seed, until its score reaches the level
        that is given, or it ends; gives the states then and the highest score of each
    """

    start: Callable[[int], list[State]]
    advance: Callable[[list[State], float, Int64], tuple[list[State], Float64]]


def splitting(
    process: SplittingProcess[State],
    levels: tuple[float, ...],
    *,
    trajectories: int = 200,
    replications: int = 20,
    confidence: float = 0.95,
    seed: int = 0,
    replication_done: Callable[[int], None] | None = None,
) -> RareEvent:
    """Probability that the score of a process reaches the last level before it ends.

    Fixed-effort splitting (Garvels, PhD thesis, Twente 2000): from each level a fixed number of
    trajectories is played on from states drawn among those that reached it; the product of the
    shares that reach the next level is an unbiased estimate whatever the levels are. Its interval
    comes from independent replications (Student's t).

    Parameters
    ----------
    process : SplittingProcess
    levels : of the score, ascending; the last is the outcome
    trajectories : from each level and replication
    replications : independent repetitions, at least 1
    replication_done : told how many are done

    Raises
    ------
    ValueError
        Levels that do not ascend.
    """
    if not levels or list(levels) != sorted(set(levels)):
        raise ValueError("levels must ascend")
    generator = np.random.default_rng(seed)
    products = np.ones(replications)
    shares = np.zeros((replications, len(levels)))
    played = 0
    for r in range(replications):
        states = process.start(trajectories)
        for at, level in enumerate(levels):
            seeds = generator.integers(0, 2**62, trajectories)
            played += trajectories
            ends, scores = process.advance(states, level, seeds)
            reached = _reached(ends, scores, level)
            shares[r, at] = len(reached) / trajectories
            products[r] *= shares[r, at]
            if not reached:
                break
            states = _drawn(reached, trajectories, generator)
        if replication_done is not None:
            replication_done(r + 1)
    mean = float(products.mean())
    error = None
    estimate = Estimate(value=mean)
    if replications > 1:
        error = float(products.std(ddof=1)) / np.sqrt(replications)
        half = float(t.ppf(0.5 + 0.5 * confidence, replications - 1)) * error
        estimate = Estimate(value=mean, lower=max(0.0, mean - half), upper=min(1.0, mean + half))
    return RareEvent(
        probability=estimate, standard_error=error,
        level_shares=tuple(shares.mean(axis=0).tolist()), trajectories=played,
    )  # fmt: skip


def pilot_levels(
    process: SplittingProcess[State],
    outcome: float,
    *,
    trajectories: int = 200,
    share: float = 0.2,
    most: int = 20,
    seed: int = 1,
) -> tuple[float, ...]:
    """Levels up to `outcome` that about a `share` of trajectories go on from.

    One adaptive replication (Cerou and Guyader, Stoch. Anal. Appl. 25, 2007) chooses them: each is
    the score that a `share` of trajectories exceeds. Its own trajectories are not used for the
    estimate, which stays unbiased.

    Returns
    -------
    ascending levels, the last one `outcome`
    """
    generator = np.random.default_rng(seed)
    levels: list[float] = []
    states = process.start(trajectories)
    while len(levels) < most:
        seeds = generator.integers(0, 2**62, trajectories)
        _, scores = process.advance(states, np.nextafter(outcome, -np.inf), seeds)
        level = float(np.quantile(scores, 1.0 - share))
        if level >= outcome or (levels and level <= levels[-1]):
            break
        ends, scores = process.advance(states, level, seeds)
        levels.append(level)
        states = _drawn(_reached(ends, scores, level), trajectories, generator)
    return (*levels, outcome)


def _reached(states: list[State], scores: Float64, level: float) -> list[State]:
    return [state for state, score in zip(states, scores, strict=True) if score >= level]


def _drawn(states: list[State], count: int, generator: np.random.Generator) -> list[State]:
    return [states[i] for i in generator.integers(0, len(states), count)]
