"""Verdicts on facts under stress, and how far outside the flow is, on numbers made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.risk.estimate import Estimate
from engine.risk.stress_realism import (
    FactUnderStress,
    FlowSupport,
    StressRealism,
    flow_support,
    percentile_of,
)


def fact(unshocked: float | None, shocked: float | None, headline: bool = True) -> FactUnderStress:
    return FactUnderStress.judged(
        "x", "X", "R1", "", headline, (2.0, 1.0, 3.0), Estimate(value=unshocked),
        Estimate(value=shocked),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("unshocked", "shocked", "verdict"),
    [
        (1.0, 3.0, "holds"),
        (2.0, 3.1, "lost"),
        (0.9, 2.0, "comes in"),
        (0.9, 5.0, "not there before"),
        (2.0, None, "not known"),
        (None, 2.0, "not known"),
    ],
)
def test_verdicts(unshocked: float | None, shocked: float | None, verdict: str) -> None:
    assert fact(unshocked, shocked).verdict == verdict


def test_realism_is_counted_and_read_back() -> None:
    found = StressRealism(
        facts=(fact(2, 2), fact(2, 9), fact(2, 9, headline=False)), real_windows=18,
        real_window_s=300.0, paths=4, path_s=300.0,
        support=flow_support("m", (1.0, 2.0), np.zeros(3), np.zeros(3), 5),
    )  # fmt: skip
    assert found.counts == {"holds": 1, "lost": 2}
    assert len(found.headline) == 2
    assert StressRealism.model_validate_json(found.model_dump_json()) == found


def test_support_is_a_place_among_the_unshocked() -> None:
    calm = np.linspace(-6.0, -5.0, 101)
    stressed = np.append(calm - 0.5, np.nan)
    stressed[:20] = -9.0
    found = flow_support(
        "TradeFM toy", (60.0, 90.0), np.append(calm, -1.0), stressed, 900, np.array([-5.6, -5.4])
    )
    assert isinstance(found, FlowSupport)
    assert found.paths == 101, "the pair without a value is left out"
    assert found.effect.value == pytest.approx(np.mean(stressed[:-1] - calm))
    assert found.percentile == percentile_of(float(np.median(stressed[:-1])), calm)
    assert found.below_all == pytest.approx(np.mean(stressed[:-1] < -6.0))
    assert found.real_percentile == 0.0
    assert "the scenario itself has no probability" in found.reading
    assert flow_support("m", (0.0, 1.0), calm, np.full(101, np.nan), 0) is None


def test_ties_count_by_half() -> None:
    assert percentile_of(1.0, np.ones(4)) == 50.0
    assert percentile_of(2.0, np.ones(4)) == 100.0
