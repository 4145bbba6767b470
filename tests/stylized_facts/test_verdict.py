"""Verdicts by the rule: sign, equivalence, distance over the floor."""

from __future__ import annotations

import math

import pytest

from stylized_facts.verdict import FactCheck, verdict_of_distance

NAN = float("nan")


def check(real, real_band, value, band, ratio):
    return FactCheck(real, real_band, value, band, ratio)


def test_a_distance_is_judged_in_floors():
    assert [verdict_of_distance(x) for x in (0.0, 1.5, 1.51, 3.0, 3.01, math.inf, NAN)] == [
        "match", "match", "close", "close", "miss", "miss", "too few samples",
    ]  # fmt: skip


def test_z_takes_the_arms_that_face_each_other():
    found = check(10.0, (9.0, 13.0), 12.0, (11.0, 20.0), 1.0)
    assert found.z == pytest.approx(2.0 * 1.96 / math.hypot(3.0, 1.0))
    found = check(10.0, (9.0, 13.0), 8.0, (4.0, 8.5), 1.0)
    assert found.z == pytest.approx(-2.0 * 1.96 / math.hypot(1.0, 0.5))
    assert found.p_value == pytest.approx(math.erfc(abs(found.z) / math.sqrt(2)))
    assert check(1.0, (1.0, 1.0), 1.0, (1.0, 1.0), 0.0).z == 0.0
    assert check(1.0, (1.0, 1.0), 2.0, (2.0, 2.0), 0.0).z == math.inf


@pytest.mark.parametrize(
    ("value", "band", "ratio", "verdict"),
    [
        (0.32, (0.28, 0.36), 1.0, "match"),
        (0.32, (0.28, 0.36), 2.0, "close"),  # too far for halves of the real sample
        (0.45, (0.43, 0.47), 2.0, "close"),  # not equivalent, yet within three floors
        (0.45, (0.43, 0.47), 4.0, "miss"),
        (0.32, (0.28, 0.36), NAN, "match"),  # no floor to be had: the intervals decide
        (0.21, (-0.2, 0.6), 1.0, "close"),  # equivalent, but it does not show the effect
        (-0.3, (-0.4, -0.2), 9.0, "miss"),
        (NAN, (NAN, NAN), NAN, "miss"),
    ],
)
def test_a_fact_that_the_real_sample_clearly_shows(value, band, ratio, verdict):
    assert check(0.3, (0.24, 0.36), value, band, ratio).verdict == verdict


def test_an_effect_near_nought_asks_for_no_significance():
    assert check(0.02, (0.001, 0.04), 0.01, (-0.01, 0.03), 1.0).verdict == "match"
    assert check(0.02, (0.001, 0.04), -0.005, (-0.02, 0.01), 1.0).verdict == "close"


def test_without_a_real_interval_there_is_no_verdict():
    assert check(0.3, (NAN, NAN), 0.3, (0.2, 0.4), 1.0).verdict == "too few samples"
