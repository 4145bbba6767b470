"""What facts are made of: pairs in time, correlations, refits, and their codes."""

from __future__ import annotations

import numpy as np
import pytest

from stylized_facts.bootstrap import window_weights
from stylized_facts.facts import CURVES, FACTS
from stylized_facts.facts.fact import correlation, pairs, refitted, vertex
from tests.stylized_facts.toy_values import ONE, ragged, repeated, single


def test_pairs_never_cross_windows(rows):
    early, late, window = pairs(ragged([np.arange(3.0), 10 + np.arange(4.0)]), 2)
    assert early.tolist() == [0, 10, 11]
    assert late.tolist() == [2, 12, 13]
    assert window.tolist() == [0, 1, 1]
    assert len(pairs(single(np.arange(3.0)), 5)[0]) == 0


def test_correlation_is_pearsons():
    rng = np.random.default_rng(26)
    x, y = rng.standard_normal((2, 300))
    found = correlation(x, x + y, np.repeat([0, 1, 2], 100), 3).draws(np.ones((1, 3)))
    assert found[0, 0] == pytest.approx(np.corrcoef(x, x + y)[0, 1])
    assert np.isnan(correlation(np.ones(4), np.ones(4), np.zeros(4, int), 1).draws(ONE)[0, 0])


def test_refits_are_repeated_in_turn(rows):
    weights = window_weights(6, 9, 0)
    found = refitted(ragged(rows), weights, np.median, most=4)
    exact = [np.median(np.concatenate(repeated(rows, times))) for times in weights[:5]]
    np.testing.assert_allclose(found, exact + exact[1:] + exact[1:2])


def test_vertex_of_a_parabola():
    grid = np.linspace(0, 1, 11)
    height = np.stack([(grid - 0.43) ** 2, grid, np.full(11, np.nan)])
    found = vertex(grid, height)
    assert found[0] == pytest.approx(0.43)
    assert np.isnan(found[1:]).all()


def test_report_only_facts_are_marked():
    marked = {fact.code for fact in FACTS.values() if fact.report_only}
    assert marked == {"R7", "R8", "R12"}
    codes = {fact.code for fact in (*FACTS.values(), *CURVES)}
    wanted = {f"R{i}" for i in range(1, 15)} | {f"L{i}" for i in range(1, 15)}
    assert wanted <= codes
