"""How often a move was seen, against counting."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from model.catalogue import assets_dir
from stylized_facts.severity import severity
from stylized_facts.sheet import FactSheet

RETURNS = np.random.default_rng(3).standard_t(4, 4_000)


@pytest.fixture(scope="module")
def sheet() -> FactSheet:
    """A real sheet whose ten-second returns are replaced by known ones."""
    content = json.loads(Path(assets_dir() / "references" / "AMZN" / "facts.json").read_text())
    quantiles = np.quantile(RETURNS, np.linspace(0, 1, 257)).tolist()
    content["distributions"]["log_return_10s"] |= {"quantiles": quantiles, "n": len(RETURNS)}
    content["distributions"]["log_return_60s"]["n"] = 0
    return FactSheet.model_validate(content)


@pytest.mark.parametrize("move", [0.5, 1.0, 2.5, 4.0])
def test_shares_are_those_of_counting(sheet: FactSheet, move: float) -> None:
    row = next(row for row in severity(sheet, move) if row.horizon_s == 10)
    assert row.falls == pytest.approx((move <= -RETURNS).mean(), abs=0.004)
    assert row.rises == pytest.approx((move <= RETURNS).mean(), abs=0.004)
    assert (row.deepest_bp, row.highest_bp) == (RETURNS.min(), RETURNS.max())


def test_the_extremes_count_as_one(sheet: FactSheet) -> None:
    deepest = -float(RETURNS.min())
    row = next(row for row in severity(sheet, deepest) if row.horizon_s == 10)
    assert row.falls == 1 / len(RETURNS)
    row = next(row for row in severity(sheet, deepest * 1.001) if row.horizon_s == 10)
    assert row.falls == 0.0


def test_horizons_without_windows_are_left_out(sheet: FactSheet) -> None:
    assert [row.horizon_s for row in severity(sheet, 1.0)] == [1, 10, 30, 120]
