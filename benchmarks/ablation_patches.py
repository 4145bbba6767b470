"""Design choices that are constants or functions of the library, put in for one ablation row.

Each function here changes modules of the library before anything of them is compiled; the ablation
calls it in a process of its own with a kernel cache of its own, see `benchmarks.ablation`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit

import model.features as features
import model.tokenizer as tokenizer
import model.tradefm as tradefm
from engine import matching
from engine.ladder import BASE, BUY, NIL, RESTING, Book, as_int, highest_to, lowest_from
from model.binning import atom_edges, quantile_edges
from model.events import Float64
from model.profile import AssetProfile


def bins_by_regime() -> None:
    """Bins of the tick regime for all: an asset's own, fitted before, would not see a change."""

    def tables(self: tokenizer.Tokenizer, profile: AssetProfile) -> dict[str, Float64]:
        regime = tokenizer.tick_regime(profile)
        arrays = self.arrays().items()
        return {name: np.ascontiguousarray(array[regime]) for name, array in arrays}

    tokenizer.Tokenizer.tables = tables  # type: ignore[method-assign]


def no_bound() -> None:
    """No bound on bursts: it is measured with the half-lives that ship."""
    tokenizer.HEADROOM = np.inf


def half_life(seconds: float) -> Callable[[], None]:
    """The same half-life for the EW-VWAP, the activity and the volatility of the fast contexts."""

    def patch() -> None:
        features.VWAP_HALF_LIFE_S = seconds
        features.ACTIVITY_HALF_LIFE_S = seconds
        features.VOLATILITY_HALF_LIFE_S = seconds

    return patch


def depth_from_book_mid() -> None:
    """Depth of `paper` from the quoted mid instead of the EW-VWAP."""

    @njit
    def quoted_mid(state: Float64) -> float:
        mid: float = state[features.MID]
        return mid

    features.vwap_mid = quoted_mid
    tradefm.vwap_mid = quoted_mid


def depth_in_ticks() -> None:
    """Depth of `touch` in ticks instead of typical spreads."""

    def scale_in_ticks(profile: AssetProfile) -> Float64:
        scale = features.context_scale(profile)
        scale[0] = 1.0
        return scale

    tokenizer.context_scale = scale_in_ticks


def one_regime() -> None:
    """One set of bins for all assets, and no tick regime in the context."""
    tokenizer.REGIME_EDGES = np.full(tokenizer.REGIMES - 1, np.inf)


def ticks_without_regimes() -> None:
    """Depth in ticks for assets of all tick regimes alike."""
    depth_in_ticks()
    one_regime()


def no_round_lots() -> None:
    """Sizes in plain quantile bins: a round lot has no bin of its own."""

    def edges(values: Float64, bins: int, tail: bool = False) -> Float64:
        return atom_edges(values, bins, tail=True) if tail else quantile_edges(values, bins)

    tokenizer.atom_edges = edges


def _nearest_level(book: Book, side: int, price: int) -> int:
    _, levels, bits, state = book
    at = min(max(price - state[BASE], 0), len(levels) - 1)
    below, above = highest_to(bits[side], at), lowest_from(bits[side], at)
    if below == -1:
        return as_int(above)
    if above == -1:
        return as_int(below)
    if at - below == above - at:
        return as_int(above if side == BUY else below)
    return as_int(below if at - below < above - at else above)


def cancel_touch_too() -> None:
    """An anonymous cancel means the nearest level, the touch like any other."""
    level = njit(_nearest_level)

    @njit
    def nearest_order(book: Book, side: int, price: int, size: int) -> int:
        if book.state[RESTING + side] == 0:
            return NIL
        best = slot = as_int(book.levels[level(book, side, price)].head)
        while slot != NIL:
            if abs(book.orders[slot].size - size) < abs(book.orders[best].size - size):
                best = slot
            slot = as_int(book.orders[slot].next)
        return best

    matching.nearest_order = nearest_order


def cancel_oldest() -> None:
    """An anonymous cancel means the oldest order of the nearest level, whatever its size."""
    level = njit(_nearest_level)

    @njit
    def nearest_order(book: Book, side: int, price: int, size: int) -> int:
        if book.state[RESTING + side] == 0:
            return NIL
        return as_int(book.levels[level(book, side, price)].head)

    matching.nearest_order = nearest_order
