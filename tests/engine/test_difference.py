"""Intervals of a difference, against those of two normal estimates and of a simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.risk import Estimate
from engine.risk.difference import difference


def test_symmetric_intervals_add_like_standard_errors() -> None:
    first = Estimate(value=10.0, lower=7.0, upper=13.0)
    second = Estimate(value=15.0, lower=11.0, upper=19.0)
    found = difference(first, second)
    assert found == Estimate(value=5.0, lower=0.0, upper=10.0)


def test_skew_is_kept() -> None:
    found = difference(
        Estimate(value=0.0, lower=-1.0, upper=1.0), Estimate(value=5.0, lower=4.0, upper=9.0)
    )
    assert found.value == 5.0
    assert found.lower == pytest.approx(5.0 - math.sqrt(2.0))
    assert found.upper == pytest.approx(5.0 + math.hypot(4.0, 1.0))


def test_swapping_turns_the_sign() -> None:
    one, two = Estimate(value=1.0, lower=0.5, upper=2.5), Estimate(value=4.0, lower=3.8, upper=4.1)
    there, back = difference(one, two), difference(two, one)
    assert (there.lower, there.upper) == (-(back.upper or 0), -(back.lower or 0))


def test_what_is_not_known_stays_unknown() -> None:
    known, empty = Estimate(value=1.0, lower=0.0, upper=2.0), Estimate(value=None)
    assert difference(known, empty) == empty
    assert difference(empty, known) == empty
    assert difference(known, Estimate(value=3.0)) == Estimate(value=2.0)


def test_intervals_cover_the_truth_as_often_as_said() -> None:
    rng, hits, repeats = np.random.default_rng(1), 0, 2_000
    for _ in range(repeats):
        ends = []
        for mean, count in ((1.0, 40), (1.3, 60)):
            sample = rng.normal(mean, 1.0, count)
            error = 1.96 / math.sqrt(count)
            value = float(sample.mean())
            ends.append(Estimate(value=value, lower=value - error, upper=value + error))
        found = difference(*ends)
        hits += (found.lower or 0) <= 0.3 <= (found.upper or 0)
    assert hits / repeats == pytest.approx(0.95, abs=0.015)
