"""The fact sheet: a small, plot-ready summary of a market sample that holds none of its rows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from model.errors import FaultlineError, wrong_field
from model.events import NS_PER_S, Float64
from model.profile import AssetProfile
from stylized_facts.bootstrap import MIN_WINDOWS, interval, intervals, window_weights
from stylized_facts.facts import FACTS, Fact
from stylized_facts.facts.autocorrelation import LAGS_S, abs_return_acf, return_acf
from stylized_facts.facts.hill import MIN_RETURNS, TAIL_SHARES, count_tail, hill_of_returns
from stylized_facts.facts.intraday import intraday_profile
from stylized_facts.facts.levels import count_events, count_seconds
from stylized_facts.facts.order_sign import LAGS_TRADES, order_sign_acf
from stylized_facts.quantities import QUANTITIES, RETURN_HORIZONS_S, Quantity
from stylized_facts.sample import MarketSample
from stylized_facts.trades import count_trades

QUANTILES = 257
MOST_PATHS = 12
STEP_S = 10  # of a mid path


def _null_is_nan(value: object) -> object:
    return float("nan") if value is None else value


Number = Annotated[float, BeforeValidator(_null_is_nan)]  # NaN in Python, null in JSON
Band = tuple[Number, Number]  # lower and upper end of a 95% interval
NO_BAND: Band = (float("nan"), float("nan"))


class Record(BaseModel):
    """A frozen piece of evidence that is written to JSON and read back; NaN becomes null."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def write(self, path: Path) -> None:
        """Write as JSON, atomically; NaN and infinity become null."""
        temporary = path.with_name(path.name + ".tmp")
        temporary.write_text(self.model_dump_json() + "\n")
        os.replace(temporary, path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote; `FaultlineError` names the file and the field that is wrong."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise FaultlineError(f"{path}: cannot be read ({error.strerror})") from error
        except ValidationError as error:
            raise FaultlineError(f"{path}: {wrong_field(error)}") from error


class Distribution(Record):
    """How one quantity is distributed, in its own unit.

    `quantiles` are at 257 equally spaced levels from 0 to 1. `share[i]` is the share of values in
    edges[i] <= x < edges[i+1]; `below` and `above` are the shares outside the edges.
    """

    key: str
    label: str
    unit: str
    sampling: str
    scale: str  # the axis it is best read on: `linear`, `log` (x + 1 us), `log1p` or `signed_log`
    n: int
    mean: Number
    sd: Number
    quantiles: list[Number]
    edges: list[Number]
    share: list[Number]
    below: Number
    above: Number


class Curve(Record):
    """A statistic against a lag or a horizon, with its 95% bootstrap band."""

    label: str
    unit: str  # of `x`: `s`, `trades`, `share of the sample`
    x: list[Number]
    y: list[Number]
    low: list[Number]
    high: list[Number]
    n: int


class FactValue(Record):
    """One number about a sample, with its 95% bootstrap band; NaN where samples are too few."""

    key: str
    label: str
    unit: str
    value: Number
    low: Number
    high: Number
    n: int


class MidPath(Record):
    """One window as mid prices in currency, every `step_s` seconds from `start_s`."""

    start_s: Number  # since midnight for a recording, since the start for a rollout
    step_s: Number
    mid: list[Number]


class IntradayBin(Record):
    """Five minutes of the session, averaged over the sample."""

    start_s: Number  # since midnight
    events_per_s: Number
    spread_ticks: Number
    volatility_bps: Number  # root mean square of 10-second log returns


class FactSheet(Record):
    """Everything that a chart needs to set one sample beside another.

    `distributions` and `facts` are keyed as in `stylized_facts.quantities.QUANTITIES` and
    `stylized_facts.facts.FACTS`.
    """

    label: str
    asset: str
    currency: str
    tick_size: Number
    windows: int
    window_s: Number  # median length of a window
    events: int
    distributions: dict[str, Distribution]
    acf_return: Curve  # 1-second log returns, lags 1-60 s
    acf_abs_return: Curve  # their absolute values, lags 1-60 s
    acf_abs_return_10s: Curve  # of absolute 10-second log returns, lags in s
    acf_order_sign: Curve  # aggressive orders, lags in trades
    kurtosis: Curve  # excess kurtosis against the horizon in s
    hill: Curve  # Hill index of absolute 10-second returns against the share taken as tail
    facts: dict[str, FactValue]
    mid_paths: list[MidPath]
    intraday: list[IntradayBin]  # empty for samples without time of day


def fact_sheet(
    sample: MarketSample,
    profile: AssetProfile | None = None,
    label: str | None = None,
    *,
    like: FactSheet | None = None,
    resamples: int = 200,
    seed: int = 0,
) -> FactSheet:
    """Summarise a sample.

    Parameters
    ----------
    sample : MarketSample
    profile : the asset's profile; its session tells where the five-minute bins of `intraday` lie,
        without it (or for paths without time of day) that list is empty
    label : name shown, by default the sample's
    like : a sheet whose histogram edges are taken over, so that bars can be drawn side by side
    resamples, seed : of the bootstrap bands; samples of fewer than 4 windows get none
    """
    windows = len(sample)
    weights = window_weights(windows, resamples if windows >= MIN_WINDOWS else 0, seed)
    fact_draws = {key: fact.draws(sample, weights) for key, fact in FACTS.items()}
    tens = np.arange(1, 1 + max(1, min(30, int(np.median(sample.duration_s) // 20))))
    kurtosis = np.stack([fact_draws[f"kurtosis_{h}s"] for h in RETURN_HORIZONS_S], axis=1)
    hill = np.full((len(weights), len(TAIL_SHARES)), np.nan)
    if count_tail(sample) >= MIN_RETURNS:
        tails = [hill_of_returns(sample, weights, tail_share=share) for share in TAIL_SHARES]
        hill = np.stack(tails, axis=1)
    seconds, trades = count_seconds(sample), count_trades(sample)
    return FactSheet(
        label=label or sample.label,
        asset=sample.meta.asset,
        currency=sample.meta.currency,
        tick_size=sample.meta.tick_size,
        windows=windows,
        window_s=float(np.median(sample.duration_s)),
        events=count_events(sample),
        distributions={
            key: _distribution(quantity, sample, like.distributions.get(key) if like else None)
            for key, quantity in QUANTITIES.items()
        },
        acf_return=_curve("ACF of 1 s returns", "s", LAGS_S,
                          return_acf(sample).draws(weights), seconds),
        acf_abs_return=_curve("ACF of |1 s returns|", "s", LAGS_S,
                              abs_return_acf(sample).draws(weights), seconds),
        acf_abs_return_10s=_curve(
            "ACF of |10 s returns|", "s", 10 * tens,
            abs_return_acf(sample, horizon_s=10, lags=tens).draws(weights), seconds // 10,
        ),
        acf_order_sign=_curve("ACF of order signs", "trades", LAGS_TRADES,
                              order_sign_acf(sample).draws(weights), trades),
        kurtosis=_curve("Excess kurtosis", "s", np.array(RETURN_HORIZONS_S), kurtosis, seconds),
        hill=_curve("Hill index of |10 s returns|", "share of the sample",
                    np.array(TAIL_SHARES), hill, count_tail(sample)),
        facts={
            key: _fact_value(fact, fact_draws[key], fact.count(sample))
            for key, fact in FACTS.items()
        },
        mid_paths=_mid_paths(sample),
        intraday=[] if profile is None else _intraday(sample, profile),
    )  # fmt: skip


def _numbers(values: npt.ArrayLike) -> list[float]:
    """Seven significant digits are more than any chart shows and halve the file."""
    return [float(f"{value:.7g}") for value in np.asarray(values, float).ravel()]


def _distribution(
    quantity: Quantity, sample: MarketSample, like: Distribution | None
) -> Distribution:
    found = quantity.extract(sample)
    values = found.values
    filled = len(values) > 0
    edges = np.array(like.edges) if like is not None else quantity.edges(values)
    place = np.searchsorted(edges, values, side="right")
    share = np.bincount(place, minlength=len(edges) + 1) / max(1, len(values))
    levels = np.linspace(0, 1, QUANTILES)
    return Distribution(
        key=quantity.key,
        label=quantity.label,
        unit=quantity.unit,
        sampling=quantity.sampling,
        scale=quantity.scale,
        n=found.independent(quantity.overlap),
        mean=float(values.mean()) if filled else float("nan"),
        sd=float(values.std()) if filled else float("nan"),
        quantiles=_numbers(np.quantile(values, levels) if filled else np.full(QUANTILES, np.nan)),
        edges=[float(edge) for edge in edges],
        share=_numbers(share[1:-1]),
        below=float(share[0]),
        above=float(share[-1]),
    )


def _curve(label: str, unit: str, x: npt.ArrayLike, draws: Float64, n: int) -> Curve:
    low, high = intervals(draws)
    return Curve(
        label=label, unit=unit, x=_numbers(x), y=_numbers(draws[0]), low=_numbers(low),
        high=_numbers(high), n=n,
    )  # fmt: skip


def _fact_value(fact: Fact, draws: Float64, n: int) -> FactValue:
    low, high = interval(draws)
    return FactValue(
        key=fact.key, label=fact.label, unit=fact.unit, value=float(draws[0]), low=low, high=high,
        n=n,
    )  # fmt: skip


def _mid_paths(sample: MarketSample) -> list[MidPath]:
    mid = sample.grid.mid_ticks * sample.meta.tick_size
    chosen = np.unique(np.linspace(0, len(sample) - 1, min(len(sample), MOST_PATHS)).astype(int))
    return [
        MidPath(
            start_s=float(sample.start_ns[w]) / NS_PER_S,
            step_s=STEP_S,
            mid=_numbers(mid[sample.grid.offsets[w] : sample.grid.offsets[w + 1] : STEP_S]),
        )
        for w in chosen.tolist()
    ]


def _intraday(sample: MarketSample, profile: AssetProfile) -> list[IntradayBin]:
    found = intraday_profile(sample, profile.session_start_ns, profile.session_end_ns)
    return [
        IntradayBin(start_s=row[0], events_per_s=row[1], spread_ticks=row[2], volatility_bps=row[3])
        for row in found.tolist()
    ]
