"""How many paths are enough: the error of a number against the paths it is made from."""

from __future__ import annotations

import math
import warnings

import numpy as np
from pydantic import BaseModel, ConfigDict

from engine.risk.bootstrap import Statistic, bootstrap_draws
from model.events import Float64

SHARES = (0.25, 0.5, 1.0)
MOST_PATHS = 65_536


class PathsNeeded(BaseModel):
    """Standard errors with fewer paths than there are, and how many would reach a wanted one.

    `recommended` is at most 65,536: there the number is too near to zero to be pinned down.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    paths: tuple[int, ...]
    standard_errors: tuple[float, ...]
    wanted_error: float
    recommended: int


def how_many_paths(
    statistic: Statistic,
    *samples: Float64,
    wanted_error: float,
    resamples: int = 500,
    seed: int = 0,
) -> PathsNeeded:
    """Standard errors of a statistic with a quarter, half and all of the paths, by bootstrap.

    The recommendation carries the largest of them on by the square-root law; numbers of the far
    tail fall more slowly at first, which the errors at fewer paths show.

    Parameters
    ----------
    statistic : takes arrays [r, n, ...], one for each sample, and gives [r]
    samples : float64 [P, ...], a row a path, P >= 4; a resample takes the same rows from each
    wanted_error : standard error that is good enough, above 0, in the unit of the statistic

    Raises
    ------
    ValueError
        Fewer than four paths, or a wanted error that is not above 0.
    """
    total = len(samples[0])
    if total < 4 or not wanted_error > 0.0:
        raise ValueError("at least four paths, and a wanted error above 0")
    counts = [max(2, round(share * total)) for share in SHARES]
    errors = []
    for count in counts:
        # Disjoint parts of the sample, so that small numbers of paths do not flatter themselves.
        parts = [slice(k * count, (k + 1) * count) for k in range(total // count)]
        spread = [
            np.nanvar(
                bootstrap_draws(
                    statistic, *(sample[part] for sample in samples), resamples=resamples, seed=seed
                )
            )
            for part in parts
        ]
        errors.append(float(np.sqrt(np.mean(spread))))
    constant = max(error * math.sqrt(n) for error, n in zip(errors, counts, strict=True))
    needed = math.ceil((constant / wanted_error) ** 2) if constant > 0.0 else counts[-1]
    return PathsNeeded(
        paths=tuple(counts), standard_errors=tuple(errors), wanted_error=wanted_error,
        recommended=min(MOST_PATHS, max(4, needed)),
    )  # fmt: skip


def paths_for_a_tenth(
    statistic: Statistic, *samples: Float64, resamples: int = 200, seed: int = 0
) -> PathsNeeded | None:
    """`how_many_paths` for a standard error of a tenth of the number itself.

    None with fewer than four paths, or where the number is 0 or does not exist.
    """
    value = float(statistic(*(sample[None] for sample in samples))[0])
    if len(samples[0]) < 4 or not abs(value) > 0.0:
        return None
    with warnings.catch_warnings():  # a part of the paths on which the number does not exist
        warnings.simplefilter("ignore", RuntimeWarning)
        found = how_many_paths(
            statistic, *samples, wanted_error=0.1 * abs(value), resamples=resamples, seed=seed
        )
    return found if all(map(math.isfinite, found.standard_errors)) else None
