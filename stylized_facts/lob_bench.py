"""The features and scores of LOB-Bench under their own names, beside ours.

LOB-Bench (Nagy, Frey et al., arXiv 2502.09172) compares unconditional distributions, one value a
message, by L1 over Freedman-Diaconis bins of both samples together and by Wasserstein-1 after
standardising with the moments of both together. Those pooled scores can be set beside published
ones. They forgive a model that is far too wide, so each is given normalised by the real sample as
well: bins and moments of the real values alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from model.events import NS_PER_S, Action, Float64, Side
from stylized_facts.distances import over, total_variation
from stylized_facts.quantities import Values, interarrival_s
from stylized_facts.sample import Bools, MarketSample
from stylized_facts.sheet import Number, Record
from stylized_facts.trial import Trial

OFI_EVENTS = 100  # of the rolling mean of the order-flow imbalance
LEVELS = 10  # whose volume is summed
NOT_RECORDED = "needs {} on both sides"
SCORES = ("l1_pooled", "wasserstein_pooled", "l1_real", "wasserstein_real")


@dataclass(frozen=True)
class Feature:
    """One feature: its values, message by message, and whether every value is a bin of its own."""

    extract: Callable[[MarketSample], Float64]
    discrete: bool = False
    needs: str = ""  # what a sample must hold, in words


class LobBench(Record):
    """LOB-Bench scores, lower is better. Dictionaries are keyed by model label.

    `features[name][score][model]`, with scores `l1_pooled`, `wasserstein_pooled` (as LOB-Bench has
    them), `l1_real` and `wasserstein_real`; `aggregates[score][model]` holds `mean`, `median` and
    `iqm` (mean of the middle half) over the features that could be measured. `left_out` says which
    of the 21 features could not, and why.
    """

    features: dict[str, dict[str, dict[str, Number]]]
    aggregates: dict[str, dict[str, dict[str, Number]]]
    left_out: dict[str, str]


def lob_bench(trial: Trial) -> LobBench:
    """Score every model of the trial; those of returns alone are left out."""
    models = trial.scored("lob_bench")
    features: dict[str, dict[str, dict[str, float]]] = {}
    left_out = {}
    for name, feature in FEATURES.items():
        none = np.empty(0)
        ours, *theirs = (
            trial.attempt(name, label, partial(feature.extract, one), none)
            for label, one in ((trial.real.label, trial.real), *models.items())
        )
        scores = {
            label: _scores(ours, values, feature.discrete)
            for label, values in zip(models, theirs, strict=True)
            if len(ours) and len(values)
        }
        if not scores:
            left_out[name] = feature.needs or "holds no value"
            continue
        features[name] = {
            score: {label: float(found[i]) for label, found in scores.items()}
            for i, score in enumerate(SCORES)
        }
    return LobBench(features=features, aggregates=_aggregates(features), left_out=left_out)


def _scores(real: Float64, other: Float64, discrete: bool) -> tuple[float, float, float, float]:
    from scipy import stats

    pooled = np.concatenate((real, other))
    gap = float(stats.wasserstein_distance(real, other))
    return (
        total_variation(real, other, _bins(pooled, discrete)),
        over(gap, float(pooled.std())),
        total_variation(real, other, _bins(real, discrete)),
        over(gap, float(real.std())),
    )


def _bins(values: Float64, discrete: bool) -> Float64:
    """Inner edges; a million bins at most, where heavy tails would ask for more."""
    if discrete or np.ptp(values) == 0:
        return np.unique(values)
    low, high = np.quantile(values, (0.25, 0.75))
    width = 2 * (high - low) / len(values) ** (1 / 3)  # Freedman and Diaconis 1981
    if width == 0:
        return np.histogram_bin_edges(values, bins="sturges")[1:-1]
    count = int(np.clip(np.ceil(np.ptp(values) / width), 1, 1_000_000))
    return np.linspace(values.min(), values.max(), count + 1)[1:-1]


def _aggregates(
    features: dict[str, dict[str, dict[str, float]]],
) -> dict[str, dict[str, dict[str, float]]]:
    from scipy import stats

    labels = list(dict.fromkeys(m for scores in features.values() for m in scores[SCORES[0]]))
    found: dict[str, dict[str, dict[str, float]]] = {}
    for score in SCORES:
        found[score] = {}
        for label in labels:
            values = np.array([s[score][label] for s in features.values() if label in s[score]])
            found[score][label] = {
                "mean": float(values.mean()),
                "median": float(np.median(values)),
                "iqm": float(stats.trim_mean(values, 0.25)),
            }
    return found


def _both_sided(sample: MarketSample) -> Bools:
    return np.asarray((sample.quotes.bid_size > 0) & (sample.quotes.ask_size > 0))


def _visible(sample: MarketSample) -> Bools:
    return np.asarray(_both_sided(sample) & (sample.events.action != Action.PRINT))


def _mid(sample: MarketSample) -> Float64:
    return np.asarray(0.5 * (sample.quotes.bid_ticks + sample.quotes.ask_ticks))


def _spread(sample: MarketSample) -> Float64:
    wide = sample.quotes.ask_ticks - sample.quotes.bid_ticks
    return wide[_visible(sample)].astype(float)


def _imbalance(sample: MarketSample) -> Float64:
    bid, ask = (x[_visible(sample)] for x in (sample.quotes.bid_size, sample.quotes.ask_size))
    return np.asarray((bid - ask) / (bid + ask))


def _log_interarrival(sample: MarketSample) -> Float64:
    ms = 1e3 * interarrival_s(sample).values
    return np.log(np.where(ms > 0, ms, 1e-9))


def _log_time_to_cancel(sample: MarketSample) -> Float64:
    """Seconds from an order to its first cancel, of those that are cancelled in the window."""
    events = sample.events
    named = events.order_id >= 0
    order = np.lexsort((np.arange(len(named)), events.order_id, sample.window))
    order = order[named[order]]
    key = np.stack((sample.window[order], events.order_id[order]))
    action, time = events.action[order], events.time_ns[order]
    follows = (key[:, 1:] == key[:, :-1]).all(0)
    found = follows & (action[:-1] == Action.ADD) & (action[1:] == Action.CANCEL)
    seconds = np.diff(time)[found] / NS_PER_S
    return np.log(np.where(seconds > 0, seconds, 1e-9))


def _touch(side: Side) -> Callable[[MarketSample], Float64]:
    def extract(sample: MarketSample) -> Float64:
        quotes = sample.quotes
        size = quotes.bid_size if side == Side.BUY else quotes.ask_size
        return np.asarray(size[sample.events.action != Action.PRINT], float)

    return extract


def _volume(side: Side) -> Callable[[MarketSample], Float64]:
    def extract(sample: MarketSample) -> Float64:
        levels = sample.levels
        if levels is None or levels.bid_size.shape[1] < LEVELS:
            return np.empty(0)
        size = levels.bid_size if side == Side.BUY else levels.ask_size
        return np.asarray(size[:, :LEVELS].sum(1), float)

    return extract


def _depth(side: Side, action: Action) -> Callable[[MarketSample], Float64]:
    """Ticks from the mid after the message, on the side's own part of the book."""

    def extract(sample: MarketSample) -> Float64:
        events = sample.events
        sign = -1.0 if side == Side.BUY else 1.0
        ticks = sign * (events.price_ticks - _mid(sample))
        # an order that crosses is an execution in the files that LOB-Bench reads
        kept = (events.action == action) & _both_sided(sample) & ~sample.aggressive & (ticks > 0)
        return np.asarray(ticks[kept], float)

    return extract


def _levels(side: Side, action: Action) -> Callable[[MarketSample], Float64]:
    """Number of the price level, 1 the touch: after a new order, before a cancel."""

    def extract(sample: MarketSample) -> Float64:
        levels = sample.levels
        if levels is None or levels.bid_size.shape[1] < LEVELS:
            return np.empty(0)
        ticks = levels.bid_ticks if side == Side.BUY else levels.ask_ticks
        size = levels.bid_size if side == Side.BUY else levels.ask_size
        events = sample.events
        rows = np.flatnonzero(
            (events.action == action) & (events.side == side) & ~sample.aggressive
        )
        if action == Action.CANCEL:
            rows = rows[~np.isin(rows, sample.offsets[:-1])]
        at = rows - (action == Action.CANCEL)
        here = (ticks[at] == events.price_ticks[rows, None]) & (size[at] > 0)
        return np.asarray(1.0 + here.argmax(1)[here.any(1)])

    return extract


def _volume_per_minute(sample: MarketSample) -> Float64:
    """Shares of aggressive orders in each second with one, times 60."""
    hit = sample.aggressive
    window = sample.window[hit]
    second = (sample.events.time_ns[hit] - sample.start_ns[window]) // NS_PER_S
    _, place = np.unique(np.stack((window, second)), axis=1, return_inverse=True)
    return np.asarray(60.0 * np.bincount(place.ravel(), sample.events.size[hit]))


def _ofi(sample: MarketSample) -> Values:
    """Mean order-flow imbalance (Cont, Kukanov and Stoikov 2014) of the last 100 events."""
    b, a = sample.before, sample.quotes
    flow = (
        (a.bid_ticks >= b.bid_ticks) * a.bid_size
        - (a.bid_ticks <= b.bid_ticks) * b.bid_size
        - (a.ask_ticks <= b.ask_ticks) * a.ask_size
        + (a.ask_ticks >= b.ask_ticks) * b.ask_size
    ).astype(float)
    total = np.concatenate(([0.0], np.cumsum(flow)))
    rows = np.arange(len(flow))
    inside = rows - OFI_EVENTS >= sample.offsets[:-1][sample.window]
    rows = rows[inside]
    return Values((total[rows + 1] - total[rows + 1 - OFI_EVENTS]) / OFI_EVENTS, rows)


def _ofi_before(direction: int) -> Callable[[MarketSample], Float64]:
    """The imbalance just before a message that moves the mid up, not, or down."""

    def extract(sample: MarketSample) -> Float64:
        found = _ofi(sample)
        rows = found.offsets  # the rows at which the mean is known
        last = np.isin(rows + 1, sample.offsets[1:])
        mid = np.append(_mid(sample), np.nan)
        moved = np.sign(mid[rows + 1] - mid[rows])
        return np.asarray(found.values[~last & (moved == direction)])

    return extract


_BOOK = f"{LEVELS} recorded levels"
FEATURES: dict[str, Feature] = {
    "spread": Feature(_spread, discrete=True),
    "orderbook_imbalance": Feature(_imbalance),
    "log_inter_arrival_time": Feature(_log_interarrival),
    "log_time_to_cancel": Feature(_log_time_to_cancel, needs=NOT_RECORDED.format("order ids")),
    "ask_volume_touch": Feature(_touch(Side.SELL)),
    "bid_volume_touch": Feature(_touch(Side.BUY)),
    "ask_volume": Feature(_volume(Side.SELL), needs=NOT_RECORDED.format(_BOOK)),
    "bid_volume": Feature(_volume(Side.BUY), needs=NOT_RECORDED.format(_BOOK)),
    "limit_ask_order_depth": Feature(_depth(Side.SELL, Action.ADD)),
    "limit_bid_order_depth": Feature(_depth(Side.BUY, Action.ADD)),
    "ask_cancellation_depth": Feature(_depth(Side.SELL, Action.CANCEL)),
    "bid_cancellation_depth": Feature(_depth(Side.BUY, Action.CANCEL)),
    "limit_ask_order_levels": Feature(
        _levels(Side.SELL, Action.ADD), True, NOT_RECORDED.format(_BOOK)
    ),
    "limit_bid_order_levels": Feature(
        _levels(Side.BUY, Action.ADD), True, NOT_RECORDED.format(_BOOK)
    ),
    "ask_cancellation_levels": Feature(
        _levels(Side.SELL, Action.CANCEL), True, NOT_RECORDED.format(_BOOK)
    ),
    "bid_cancellation_levels": Feature(
        _levels(Side.BUY, Action.CANCEL), True, NOT_RECORDED.format(_BOOK)
    ),
    "vol_per_min": Feature(_volume_per_minute),
    "ofi": Feature(lambda sample: _ofi(sample).values),
    "ofi_up": Feature(_ofi_before(1)),
    "ofi_stay": Feature(_ofi_before(0)),
    "ofi_down": Feature(_ofi_before(-1)),
}
