"""Tests over a whole card: permutation of windows, Holm's correction, the model confidence set."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping

import numpy as np

from model.events import Float64
from stylized_facts.bootstrap import LEVEL, MIN_WINDOWS, random_subsets

PERMUTATIONS = 999
REPETITIONS = 1000  # of the bootstrap inside the model confidence set


def permutation_p(
    distance: Callable[[Float64, Float64], Float64], real: int, other: int, seed: int
) -> float:
    """Share of random exchanges of windows that leave the samples as far apart as they are.

    Exact where the windows of both samples are exchangeable under the hypothesis that they come
    from one process; windows that depend on their neighbours make it reject too often.

    Parameters
    ----------
    distance : of two sets of 0/1 weights [S, real + other] over the windows of both samples, the
        real ones first: float64 [S]
    real, other : windows of the two samples
    """
    drawn = random_subsets(real + other, real, PERMUTATIONS, seed)
    as_it_is = np.repeat([1.0, 0.0], [real, other])[None]
    first = np.vstack((as_it_is, drawn))
    found = distance(first, 1.0 - first)
    if not np.isfinite(found[0]):
        return float("nan")
    return float((1 + np.sum(found[1:] >= found[0] - 1e-12)) / (1 + PERMUTATIONS))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """p-values of a family corrected after Holm (Scandinavian J. of Statistics 1979); NaN stays."""
    from statsmodels.stats.multitest import multipletests

    corrected = dict(p_values)
    known = [key for key, p in p_values.items() if np.isfinite(p)]
    if known:
        adjusted = multipletests([p_values[key] for key in known], method="holm")[1]
        corrected |= dict(zip(known, map(float, adjusted), strict=True))
    return corrected


def confidence_set(losses: Mapping[str, Float64], block: float, seed: int) -> dict[str, float]:
    """p-value of each model in the model confidence set of Hansen, Lunde and Nason (2011).

    A model whose p-value is above 0.05 belongs to the 95% set: the data do not tell it from the
    best one. By `arch.bootstrap.MCS` with the stationary bootstrap. Empty for fewer than two
    models or eight windows.

    Parameters
    ----------
    losses : float64 [W] by model, a loss for each real window; windows with a NaN are left out
    block : mean length of a run of windows
    """
    from arch.bootstrap import MCS

    labels = [label for label, loss in losses.items() if np.isfinite(loss).any()]
    if len(labels) < 2:
        return {}
    table = np.stack([losses[label] for label in labels], axis=1)
    table = table[np.isfinite(table).all(1)]
    if len(table) < 2 * MIN_WINDOWS:
        return {}
    test = MCS(
        table, size=1 - LEVEL, reps=REPETITIONS, block_size=max(1, round(block)), seed=seed
    )  # fmt: skip
    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        warnings.simplefilter("ignore")  # two models that never differ have no variance
        test.compute()
    found = test.pvalues["Pvalue"]
    return {label: float(found.get(i, np.nan)) for i, label in enumerate(labels)}
