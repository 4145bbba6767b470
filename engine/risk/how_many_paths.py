"""How many paths are enough: the error of a number against the paths it is made from."""

from __future__ import annotations

import math

import numpy as np
from pydantic import BaseModel, ConfigDict

from engine.risk.bootstrap import Statistic, bootstrap_draws
from model.events import Float64

SHARES = (0.25, 0.5, 1.0)
MOST_PATHS = 65_536


class PathsNeeded(BaseModel):
    """Standard errors with fewer paths than there are, and how many would reach a wanted one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paths: tuple[int, ...]
    standard_errors: tuple[float, ...]
    wanted_error: float
    recommended: int  # paths, at most 65,536


def how_many_paths(
    statistic: Statistic,
    sample: Float64,
    wanted_error: float,
    *,
    resamples: int = 500,
    seed: int = 0,
) -> PathsNeeded:
    """Standard errors of a statistic with a quarter, half and all of the paths, by bootstrap.

    The recommendation carries the largest of them on by the square-root law; numbers of the far
    tail fall more slowly at first, which the errors at fewer paths show.

    Parameters
    ----------
    statistic : takes [r, n], gives [r]
    sample : float64 [P], a value a path, P >= 4
    wanted_error : standard error that is good enough, above 0, in the unit of the statistic

    Raises
    ------
    ValueError
        Fewer than four paths, or a wanted error that is not above 0.
    """
    if len(sample) < 4 or not wanted_error > 0.0:
        raise ValueError("at least four paths, and a wanted error above 0")
    counts = [max(2, round(share * len(sample))) for share in SHARES]
    errors = []
    for count in counts:
        # Disjoint parts of the sample, so that small numbers of paths do not flatter themselves.
        parts = [sample[k * count : (k + 1) * count] for k in range(len(sample) // count)]
        spread = [
            np.var(bootstrap_draws(statistic, part, resamples=resamples, seed=seed))
            for part in parts
        ]
        errors.append(float(np.sqrt(np.nanmean(spread))))
    constant = max(error * math.sqrt(n) for error, n in zip(errors, counts, strict=True))
    needed = math.ceil((constant / wanted_error) ** 2) if constant > 0.0 else counts[-1]
    return PathsNeeded(
        paths=tuple(counts), standard_errors=tuple(errors), wanted_error=wanted_error,
        recommended=min(MOST_PATHS, max(4, needed)),
    )  # fmt: skip


def variance_reduction(unshocked: Float64, shocked: Float64) -> float:
    """How many times fewer paths a paired effect needs than one from independent runs.

    Variance of the difference of two independent means over that of the mean difference of pairs:
    (Var a + Var b) / Var(b - a). NaN for fewer than two paths, infinite where all pairs agree.

    Parameters
    ----------
    unshocked, shocked : float64 [P], row i of both is the same path
    """
    if len(shocked) < 2:
        return math.nan
    apart = float(np.var(unshocked, ddof=1) + np.var(shocked, ddof=1))
    paired = float(np.var(shocked - unshocked, ddof=1))
    return apart / paired if paired > 0.0 else math.inf
