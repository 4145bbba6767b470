"""GJR-GARCH and FIGARCH on returns: a strong bar for the return rows of the scorecard.

Glosten, Jagannathan and Runkle (Journal of Finance 1993); Baillie, Bollerslev and Mikkelsen,
"Fractionally integrated generalized autoregressive conditional heteroskedasticity" (Journal of
Econometrics 1996); innovations of Hansen's skewed t (International Economic Review 1994). Fit and
simulation are those of the package `arch`.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from model.errors import FaultlineError, RecordingError
from model.events import NO_ORDER, NS_PER_S, Action, Events, EventsMeta, Float64, Quotes, Recording
from model.profile import AssetProfile
from stylized_facts.baselines.files import read_baseline, write_baseline
from stylized_facts.sample import MarketSample

Volatility = Literal["gjr-garch", "figarch"]
LEAST_RETURNS = 200
START_VARIANCES = 100


class ReturnsModel(BaseModel):
    """Log returns of the mid over bars of `bar_s` seconds; no order flow.

    Prices rise and fall without a book, so only the return rows of a scorecard with horizons of
    `bar_s` and above mean anything for it (`simulate`, or `sample` for the scorecard itself).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["returns"] = "returns"
    asset: str
    volatility: Volatility
    bar_s: float = Field(gt=0)
    parameters: dict[str, float] = Field(description="as `arch` names them, returns in bp")
    variances: list[float] = Field(description="quantiles of the variance in training, bp squared")

    @property
    def name(self) -> str:
        """Short name shown in tables."""
        return "GJR-GARCH" if self.volatility == "gjr-garch" else "FIGARCH"

    @classmethod
    def fit(
        cls, recordings: Sequence[Recording], profile: AssetProfile,
        volatility: Volatility = "gjr-garch", bar_s: float = 10.0,
    ) -> ReturnsModel:  # fmt: skip
        """Maximum likelihood on the returns of recordings with quotes, one after the other.

        Raises
        ------
        RecordingError
            A recording has no quotes, or there are fewer than 200 returns in all.
        FaultlineError
            The likelihood search did not converge.
        """
        returns = np.concatenate([bar_returns_bp(recording, bar_s) for recording in recordings])
        if len(returns) < LEAST_RETURNS:
            raise RecordingError(
                f"{volatility} cannot be fitted to {len(returns)} returns of {bar_s:g} s; give it "
                f"at least {LEAST_RETURNS}"
            )
        found = _specification(volatility, returns).fit(disp="off", show_warning=False)
        if found.convergence_flag != 0 or not np.isfinite(found.params).all():
            raise FaultlineError(
                f"{volatility}: the fit to {len(returns)} returns of {profile.asset} did not "
                "converge; choose longer bars"
            )
        parameters = {str(name): float(value) for name, value in found.params.items()}
        levels = (np.arange(START_VARIANCES) + 0.5) / START_VARIANCES
        variances = np.quantile(np.asarray(found.conditional_volatility) ** 2, levels)
        return cls(
            asset=profile.asset, volatility=volatility, bar_s=bar_s, parameters=parameters,
            variances=variances.tolist(),
        )  # fmt: skip

    def simulate(self, windows: int, bars: int, seed: int) -> Float64:
        """Log returns in bp, float64 [windows, bars].

        Each window starts from a variance of training, not from the long run: a fit to one session
        is often so persistent that it has none.
        """
        from arch.univariate import SkewStudent
        from arch.utility.exceptions import InitialValueWarning

        model = _specification(self.volatility, None)
        values = np.array(list(self.parameters.values()))
        out = np.empty((windows, bars))
        for w in range(windows):
            random = np.random.default_rng([seed, w])
            model.distribution = SkewStudent(seed=random)
            start = random.choice(self.variances)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", InitialValueWarning)  # see above
                found = model.simulate(values, bars, burn=0, initial_value_vol=start)
            out[w] = found["data"].to_numpy()
        return out

    def sample(
        self, profile: AssetProfile, windows: int, duration_s: float, seed: int
    ) -> MarketSample:
        """Simulated mids as a sample: one event a bar that leaves touch quotes around the mid.

        Only rows on returns over `bar_s` and multiples of it may be read from its scorecard.
        """
        bars = int(duration_s // self.bar_s)
        level = np.cumsum(self.simulate(windows, bars, seed), axis=1) / 1e4
        meta = EventsMeta(
            profile.asset, profile.venue, profile.date, profile.tick_size,
            currency=profile.currency,
        )  # fmt: skip
        end_ns = round(duration_s * NS_PER_S)
        recordings = [_quoted(path, profile, round(self.bar_s * NS_PER_S), meta) for path in level]
        one = np.ones(windows, np.int64)
        bid = one * profile.price_ticks
        return MarketSample.from_recordings(
            recordings, self.name, spans=[(0, end_ns)] * windows,
            starts=Quotes(bid, bid + 1, one, one),
        )  # fmt: skip

    def write(self, path: Path) -> None:
        """Write the fitted model as JSON, atomically."""
        write_baseline(self, path)

    @classmethod
    def read(cls, path: Path) -> ReturnsModel:
        """Read what `write` wrote; `CheckpointError` names the file and the field that is wrong."""
        return read_baseline(cls, path)


def bar_returns_bp(recording: Recording, bar_s: float) -> Float64:
    """Log returns of the mid in bp on a clock of `bar_s` seconds, previous tick.

    Raises
    ------
    RecordingError
        The recording has no quotes.
    """
    quotes, time = recording.quotes, recording.events.time_ns
    if quotes is None:
        raise RecordingError("a returns model needs quotes; replay the recording first")
    if len(time) == 0:
        return np.zeros(0)
    clock = np.arange(time[0], time[-1] + 1, round(bar_s * NS_PER_S))
    rows = np.searchsorted(time, clock, side="right") - 1
    mid = 0.5 * (quotes.bid_ticks[rows] + quotes.ask_ticks[rows])
    return np.asarray(1e4 * np.diff(np.log(mid)))


def _specification(volatility: Volatility, returns: Float64 | None) -> Any:
    """The model of `arch`: mean zero (that of one session is noise), skewed t."""
    from arch import arch_model  # takes two seconds, which order flow does not wait for

    kind = {"vol": "GARCH", "o": 1} if volatility == "gjr-garch" else {"vol": "FIGARCH"}
    return arch_model(returns, mean="Zero", p=1, q=1, dist="skewt", rescale=False, **kind)


def _quoted(level: Float64, profile: AssetProfile, bar_ns: int, meta: EventsMeta) -> Recording:
    """A path of the log mid from the profile's price as events that set the touch, one a bar."""
    doubled = np.rint(2 * (profile.price_ticks + 0.5) * np.exp(level)).astype(np.int64)
    width = np.where(doubled % 2 == 1, 1, 2)  # the mid stands on half a tick, or on a whole one
    bid = np.maximum((doubled - width) // 2, 1)
    rows, size = len(level), np.ones(len(level), np.int64)
    events = Events(
        bar_ns * np.arange(1, rows + 1), np.full(rows, Action.ADD, np.int8),
        np.zeros(rows, np.int8), bid, size, np.full(rows, NO_ORDER), meta,
    )  # fmt: skip
    return Recording(events, Quotes(bid, bid + width, size, size))
