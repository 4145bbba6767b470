"""How often a price moved by so much in a recording."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stylized_facts.quantities import RETURN_HORIZONS_S
from stylized_facts.sheet import FactSheet


class Severity(NamedTuple):
    """Moves of the mid within windows of one length.

    `falls` and `rises` are the shares of windows that moved down, or up, by the size or more;
    `deepest_bp` and `highest_bp` the extremes that were seen.
    """

    horizon_s: int
    windows: int
    falls: float
    rises: float
    deepest_bp: float
    highest_bp: float


def severity(sheet: FactSheet, move_bp: float) -> list[Severity]:
    """How often a move of `move_bp` was seen, for each horizon of the sheet's returns.

    Shares are read off the quantiles of log returns, linear between them. A share of 0 says that
    no window moved so far, not that none ever will.

    Parameters
    ----------
    sheet : of a recording
    move_bp : size of the move, above 0
    """
    rows = []
    for horizon_s in RETURN_HORIZONS_S:
        found = sheet.distributions.get(f"log_return_{horizon_s}s")
        if found is None or found.n == 0:
            continue
        values = np.array(found.quantiles)
        falls, rises = (_beyond(side, move_bp, found.n) for side in (values, -values[::-1]))
        rows.append(Severity(horizon_s, found.n, falls, rises, float(values[0]), float(values[-1])))
    return rows


def _beyond(quantiles: np.ndarray, move_bp: float, n: int) -> float:
    """Share of values at or below -`move_bp`; at least one of `n` where the lowest is."""
    if quantiles[0] > -move_bp:
        return 0.0
    levels = np.linspace(0.0, 1.0, len(quantiles))
    return max(1.0 / n, float(np.interp(-move_bp, quantiles, levels)))
