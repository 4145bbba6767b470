"""Discriminator: how well a classifier tells real flow from synthetic, trained on earlier windows.

A logistic regression sees half-minutes as summary numbers, a small network runs of events as they
came. Both learn on the first 60% of the windows of each sample and are scored on the others, so
that neither is asked about a window it has seen. The area under the ROC curve is 0.5 where nothing
can be told and 1 where everything can; LOB-Bench reports 0.83 for its best model.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from model.events import Float64, Int64
from stylized_facts.sample import MarketSample
from stylized_facts.sequences import event_runs, summaries

Kind = Literal["logistic", "network"]
SEEDS = 5
TRAINING_SHARE = 0.6
RUN_EVENTS, MOST_RUNS = 32, 1500
LEAST = 15  # of each class on each side of the split
RESAMPLES = 200


@dataclass(frozen=True, eq=False)
class Separation:
    """Areas under the ROC curve: `auc` the mean over seeds, `draws` over resampled test windows."""

    auc: float
    draws: Float64


def separation(kind: Kind, real: MarketSample, other: MarketSample, seed: int) -> Separation:
    """How well the samples can be told apart.

    Raises
    ------
    ValueError
        A sample holds too little on one side of the split.
    """
    (x, w), (y, v) = _inputs(kind, real), _inputs(kind, other)
    return separate(kind, x, w, y, v, seed)


def halves_apart(kind: Kind, sample: MarketSample, seed: int) -> Separation:
    """The same for the even against the odd windows of one sample: what nothing to tell gives."""
    x, w = _inputs(kind, sample)
    odd = w % 2 == 1
    return separate(kind, x[~odd], w[~odd], x[odd], w[odd], seed)


def separate(
    kind: Kind, x: Float64, x_window: Int64, y: Float64, y_window: Int64, seed: int
) -> Separation:
    """Train on the earlier windows of both, score the later ones, for five seeds."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import roc_auc_score

    early_x, early_y = _early(x_window), _early(y_window)
    parts = (x[early_x], y[early_y], x[~early_x], y[~early_y])
    if min(len(part) for part in parts) < LEAST:
        raise ValueError(f"fewer than {LEAST} inputs on one side of the split by time")
    test = np.vstack(parts[2:])
    truth = np.repeat([0, 1], [len(parts[2]), len(parts[3])])
    scores = []
    for s in range(SEEDS):
        rng = np.random.default_rng([seed, s])
        few = min(len(parts[0]), len(parts[1]))  # of each class: no prior to learn
        train = np.vstack([rng.permutation(part)[:few] for part in parts[:2]])
        model = _classifier(kind, s)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # 30 rounds are meant
            model.fit(train, np.repeat([0, 1], few))
        scores.append(model.predict_proba(test)[:, 1])
    exact = float(np.mean([roc_auc_score(truth, score) for score in scores]))
    block = np.unique(
        np.concatenate((x_window[~early_x], y_window[~early_y] + 1_000_000)), return_inverse=True
    )[1]
    draws = [exact]
    rng = np.random.default_rng([seed, SEEDS])
    groups = [np.unique(block[truth == side]) for side in (0, 1)]
    for r in range(RESAMPLES):
        drawn = [rng.choice(group, len(group)) for group in groups]
        weight = np.bincount(np.concatenate(drawn), minlength=block.max() + 1)[block]
        draws.append(float(roc_auc_score(truth, scores[r % SEEDS], sample_weight=weight)))
    return Separation(exact, np.array(draws))


def _inputs(kind: Kind, sample: MarketSample) -> tuple[Float64, Int64]:
    if kind == "logistic":
        return summaries(sample)
    return event_runs(sample, RUN_EVENTS, MOST_RUNS, RUN_EVENTS)


def _early(window: Int64) -> np.ndarray[Any, np.dtype[np.bool_]]:
    known = np.unique(window)
    return np.isin(window, known[: int(np.ceil(TRAINING_SHARE * len(known)))])


def _classifier(kind: Kind, seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if kind == "logistic":
        return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    network = MLPClassifier((48,), early_stopping=True, max_iter=30, alpha=1e-2, random_state=seed)
    return make_pipeline(StandardScaler(), network)
