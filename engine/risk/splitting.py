"""Rare outcomes by multilevel splitting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy.stats import t

from engine.risk.estimate import Estimate

State = TypeVar("State")


class RareEvent(BaseModel):
    """Probability of a rare outcome, conditional on the scenario; None ends with one replication.

    `level_shares` are the shares of trajectories that went on from each level, in the mean.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    probability: Estimate
    level_shares: tuple[float, ...]
    trajectories: int  # played in all


@dataclass(frozen=True)
class SplittingProcess(Generic[State]):
    """What splitting needs of a process; a state is never changed in place.

    Attributes
    ----------
    start : gives the state at the start of a trajectory
    advance : plays a state on with one random seed until its score reaches the level that is given,
        or it ends; gives the state then and the highest score reached
    """

    start: Callable[[], State]
    advance: Callable[[State, float, int], tuple[State, float]]


def splitting(
    process: SplittingProcess[State],
    levels: tuple[float, ...],
    *,
    trajectories: int = 200,
    replications: int = 20,
    confidence: float = 0.95,
    seed: int = 0,
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
        states = [process.start() for _ in range(trajectories)]
        for at, level in enumerate(levels):
            seeds = generator.integers(0, 2**62, trajectories)
            played += trajectories
            ends = [
                process.advance(state, level, int(one))
                for state, one in zip(states, seeds, strict=True)
            ]
            reached = [state for state, score in ends if score >= level]
            shares[r, at] = len(reached) / trajectories
            products[r] *= shares[r, at]
            if not reached:
                break
            states = [reached[i] for i in generator.integers(0, len(reached), trajectories)]
    mean = float(products.mean())
    if replications < 2:
        estimate = Estimate(value=mean)
    else:
        error = float(products.std(ddof=1)) / np.sqrt(replications)
        half = float(t.ppf(0.5 + 0.5 * confidence, replications - 1)) * error
        estimate = Estimate(value=mean, lower=max(0.0, mean - half), upper=min(1.0, mean + half))
    return RareEvent(
        probability=estimate, level_shares=tuple(shares.mean(axis=0).tolist()), trajectories=played
    )
