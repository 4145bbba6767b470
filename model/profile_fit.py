"""Measure an asset's profile on a recording: the aggregate numbers that stand for the asset."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from model.catalogue import AssetEntry
from model.errors import RecordingError
from model.events import NS_PER_S, Action, Events, Float64, Int64, Levels, Quotes, Recording, Side
from model.profile import AssetProfile

SHAPE_TICKS = 100  # distances behind the touch that the mean book shape covers
SIZE_LEVELS = 101
RETURN_NS = 10 * NS_PER_S
MIN_SECONDS = 60.0
# A distance seen for less than this share of the time says nothing; nearer ones stand in for it.
MIN_SEEN_SHARE = 0.01
STAND_IN_TICKS = 10


def fit_profile(
    recording: Recording, entry: AssetEntry, *, levels: Levels | None = None
) -> AssetProfile:
    """Measure the profile of an asset; pass the training split alone.

    Averages over the book are weighted by how long each state lasted. Events per second count
    ADDs and CANCELs, what a model of order flow writes; traded shares count the ADDs that cross
    the touch and the PRINTs. Order sizes are those of ADDs that do not cross. See
    `book_shape` and `size_quantiles` for the mean book and the sizes.

    Parameters
    ----------
    recording : Recording with quotes; its levels, where it has them, give the book shape
    entry : AssetEntry, for the names and the liquidity tier
    levels : levels after each event, for a recording that has none (a rebuilt book)

    Raises
    ------
    RecordingError
        The recording has no quotes, lasts less than a minute, or shows no trade or no movement.
    """
    where = f"{entry.asset}: profile"
    events, quotes = recording.events, recording.quotes
    if quotes is None:
        raise RecordingError(f"{where}: the recording has no quotes; rebuild its book first")
    seconds = float(events.time_ns[-1] - events.time_ns[0]) / NS_PER_S if len(events) else 0.0
    if seconds < MIN_SECONDS:
        raise RecordingError(
            f"{where}: the recording lasts {seconds:.0f} s, {MIN_SECONDS:.0f} s are needed"
        )
    lasted = np.append(np.diff(events.time_ns), 0).astype(np.float64)
    lasted[(quotes.bid_size <= 0) | (quotes.ask_size <= 0)] = 0.0  # a one-sided book has no spread
    spread_pmf = _spread_pmf(quotes, lasted)
    mid = (quotes.bid_ticks + quotes.ask_ticks) / np.float64(2)
    crossing = _crossing(events, quotes)
    traded = int(events.size[crossing | (events.action == Action.PRINT)].sum())
    volatility = _volatility_bps(events.time_ns, mid)
    if traded == 0 or volatility == 0.0:
        raise RecordingError(f"{where}: no trade or no movement of the price in the recording")
    occupied, size = book_shape(levels or recording.levels or _touch_only(quotes), lasted)
    return AssetProfile(
        asset=entry.asset,
        venue=entry.venue,
        date=entry.date,
        currency=entry.currency,
        size_unit=entry.size_unit,
        tick_size=entry.tick_size,
        price_ticks=round(_weighted_median(mid, lasted)),
        spread_ticks=float(np.searchsorted(np.cumsum(spread_pmf), 0.5) + 1),
        spread_pmf=spread_pmf.tolist(),
        liquidity=entry.liquidity,
        events_per_s=float((events.action != Action.PRINT).sum()) / seconds,
        volume_per_s=traded / seconds,
        volatility_bps=volatility,
        shape_occupied=occupied.tolist(),
        shape_size=size.tolist(),
        order_size_quantiles=size_quantiles(
            events.size[(events.action == Action.ADD) & ~crossing]
        ).tolist(),
        session_start_ns=entry.session[0],
        session_end_ns=entry.session[1],
    )


def book_shape(levels: Levels, weights: Float64) -> tuple[Float64, Float64]:
    """Mean shape of the book behind the touch, both sides pooled.

    A recording of L levels shows the book down to its L-th level; deeper prices are not empty but
    unseen. So each distance is judged only by the states in which it was seen, that is, at or
    before the L-th level (or any distance, where fewer than L levels existed). A distance seen
    for less than 1% of the time takes the mean of the last ten that were seen for longer.

    Parameters
    ----------
    levels : Levels, [n, L]
    weights : float64 [n], how much each state counts

    Returns
    -------
    occupied : float64 [100], P(a level at this distance in ticks holds an order)
    size : float64 [100], mean size of such a level where it holds one
    """
    seen = np.zeros(SHAPE_TICKS)
    held = np.zeros(SHAPE_TICKS)
    volume = np.zeros(SHAPE_TICKS)
    total = 0.0
    for price, size in (
        (-levels.bid_ticks, levels.bid_size),
        (levels.ask_ticks, levels.ask_size),
    ):
        rows = (size[:, 0] > 0) & (weights > 0)
        weight, here = weights[rows], size[rows] > 0
        distance = price[rows] - price[rows, :1]
        total += weight.sum()
        reach = np.where(here[:, -1], distance[:, -1], SHAPE_TICKS)
        reached = np.bincount(np.minimum(reach, SHAPE_TICKS), weight, SHAPE_TICKS + 1)
        seen += reached[::-1].cumsum()[::-1][:SHAPE_TICKS]
        inside = here & (distance < SHAPE_TICKS)
        spread_weight = np.broadcast_to(weight[:, None], here.shape)[inside]
        held += np.bincount(distance[inside], spread_weight, SHAPE_TICKS)
        volume += np.bincount(distance[inside], spread_weight * size[rows][inside], SHAPE_TICKS)
    if total == 0.0:
        raise RecordingError("book shape: no state of the book has a level")
    known = int(np.argmin(np.append(seen > MIN_SEEN_SHARE * total, False)))
    near = slice(max(0, known - STAND_IN_TICKS), known)
    occupied = np.full(SHAPE_TICKS, held[near].sum() / seen[near].sum())
    occupied[:known] = held[:known] / seen[:known]
    like = near if held[near].any() else slice(None)
    mean_size = np.full(SHAPE_TICKS, volume[like].sum() / held[like].sum())
    np.divide(volume[:known], held[:known], out=mean_size[:known], where=held[:known] > 0)
    return occupied, mean_size


def size_quantiles(sizes: Int64) -> Float64:
    """101 quantiles of order sizes, levels 0, 0.01, ..., 1: values that occur, so that atoms stay.

    The last is not the largest size but the value for which the mean over the upper 1%, read off
    by linear interpolation, is the mean of the largest 1% of the sizes: one outlier of thirty
    thousand shares would otherwise triple the mean size.
    """
    ordered = np.sort(sizes)
    quantiles = np.quantile(
        ordered, np.linspace(0.0, 1.0, SIZE_LEVELS), method="inverted_cdf"
    ).astype(np.float64)
    tail = ordered[-max(1, len(ordered) // (SIZE_LEVELS - 1)) :].mean()
    quantiles[-1] = max(quantiles[-2], 2.0 * tail - quantiles[-2])
    return quantiles


def _crossing(events: Events, quotes: Quotes) -> npt.NDArray[np.bool_]:
    """ADDs that meet the opposite touch as it was before them; the first event has none."""
    crossing = np.zeros(len(events), np.bool_)
    price, buy = events.price_ticks[1:], events.side[1:] == Side.BUY
    lifts = buy & (quotes.ask_size[:-1] > 0) & (price >= quotes.ask_ticks[:-1])
    hits = ~buy & (quotes.bid_size[:-1] > 0) & (price <= quotes.bid_ticks[:-1])
    crossing[1:] = (events.action[1:] == Action.ADD) & (lifts | hits)
    return crossing


def _spread_pmf(quotes: Quotes, weights: Float64) -> Float64:
    """P(spread = 1, 2, ... ticks)."""
    spread = np.maximum(quotes.ask_ticks - quotes.bid_ticks, 0)
    mass = np.bincount(spread[weights > 0], weights[weights > 0])[1:]
    return np.asarray(mass / mass.sum(), np.float64)


def _weighted_median(values: Float64, weights: Float64) -> float:
    order = np.argsort(values)
    share = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(share, 0.5 * share[-1])])


def _volatility_bps(time_ns: Int64, mid: Float64) -> float:
    """Standard deviation of log mid returns over 10 s, previous tick, in basis points."""
    grid = np.arange(time_ns[0], time_ns[-1] + 1, RETURN_NS)
    last = np.searchsorted(time_ns, grid, side="right") - 1
    return 1e4 * float(np.diff(np.log(mid[last])).std())


def _touch_only(quotes: Quotes) -> Levels:
    """The touch as the only level."""
    return Levels(
        quotes.bid_ticks[:, None], quotes.bid_size[:, None],
        quotes.ask_ticks[:, None], quotes.ask_size[:, None],
    )  # fmt: skip
