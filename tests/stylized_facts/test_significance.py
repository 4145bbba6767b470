"""Permutation, Holm and the model confidence set, on samples with known answers."""

from __future__ import annotations

import numpy as np
import pytest

from stylized_facts.significance import PERMUTATIONS, confidence_set, holm, permutation_p


def means_apart(values):
    return lambda w, v: np.abs(w @ values / w.sum(1) - v @ values / v.sum(1))


def test_permutation_is_uniform_under_the_null_and_small_under_a_shift():
    rng = np.random.default_rng(0)
    found = []
    for trial in range(120):
        found.append(permutation_p(means_apart(rng.standard_normal(30)), 12, 18, trial))
    assert np.mean(np.array(found) < 0.1) == pytest.approx(0.1, abs=0.08)
    assert np.mean(found) == pytest.approx(0.5, abs=0.1)
    shifted = np.concatenate((rng.standard_normal(12), 4 + rng.standard_normal(18)))
    assert permutation_p(means_apart(shifted), 12, 18, 0) == 1 / (1 + PERMUTATIONS)
    assert np.isnan(permutation_p(lambda w, v: np.full(len(w), np.nan), 5, 5, 0))


def test_holm_by_hand():
    # ordered .01, .03, .04 of three known ones: 3 x .01, 2 x .03, then no smaller than before
    found = holm({"a": 0.03, "b": float("nan"), "c": 0.01, "d": 0.04})
    assert found["c"] == pytest.approx(0.03)
    assert found["a"] == pytest.approx(0.06)
    assert found["d"] == pytest.approx(0.06)
    assert np.isnan(found["b"])
    assert np.isnan(holm({"a": float("nan")})["a"])


def test_confidence_set_keeps_the_best_and_its_equals():
    rng = np.random.default_rng(1)
    common = rng.standard_normal(60)
    losses = {
        "best": common + 0.3 * rng.standard_normal(60),
        "equal": common + 0.3 * rng.standard_normal(60),
        "worse": common + 1.0 + 0.3 * rng.standard_normal(60),
    }
    found = confidence_set(losses, 1.0, 0)
    assert found["worse"] < 0.05 < min(found["best"], found["equal"])
    assert confidence_set({"alone": common}, 1.0, 0) == {}
    assert confidence_set({k: v[:5] for k, v in losses.items()}, 1.0, 0) == {}
