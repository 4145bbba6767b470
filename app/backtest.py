"""Was the model's forecast of losses right? Its unshocked paths against what was recorded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydantic import Field

from app.evaluate import Prompts, real_prompts
from app.models import resolve_model
from app.references import recording_with_quotes
from engine.risk.backtests import (
    acerbi_szekely,
    christoffersen,
    exact_count,
    kupiec,
    kupiec_power,
)
from engine.risk.expected_shortfall import expected_shortfall
from engine.risk.paths import mid_returns_bp, sample_quotes
from engine.risk.proportion import share_of_paths
from engine.risk.var import tail_rank, value_at_risk
from engine.rollout import Progress, rollout
from engine.scenario import Scenario
from engine.spec import RunSpec
from model.catalogue import Split, find_asset, load_profile
from model.errors import SpecError
from model.events import NS_PER_S, Float64, Int64, Recording
from model.order_flow import OrderFlowModel
from stylized_facts.sheet import Number, Record

MOST_AT_ONCE = 1024  # paths of one rollout
DRAWS = 4000  # of the forecast, behind the p-value of Acerbi and Szekely
LEAST_POWER = 0.8  # below, a test that passes says little


class TailTest(Record):
    """VaR and ES forecasts of one position at one level, against what happened."""

    position: str = Field(description="long: loses when the mid falls; short: when it rises")
    level: float
    expected_share: float = Field(
        description="of losses beyond VaR if the model is right, given that VaR is a path's loss"
    )
    hits: int = Field(description="windows whose loss was beyond the forecast VaR")
    ties: int = Field(description="windows whose loss was just the forecast VaR: no hit")
    share: float
    share_interval: tuple[Number, Number] = Field(description="Wilson, 95%")
    kupiec_p: Number
    exact_p: Number = Field(description="binomial test of the same number")
    christoffersen_p: Number
    z: Number = Field(description="Acerbi and Szekely's second test; below 0: ES is too small")
    z_p: Number
    power: float = Field(description="of Kupiec at 5% if losses are beyond VaR twice as often")
    size: float = Field(description="how often Kupiec at 5% rejects a forecast that is right")


class Backtest(Record):
    """What `backtest` found, and what it was made from."""

    asset: str
    model: str
    split: Split
    window_s: float
    windows: int
    paths: int = Field(description="behind the forecast of each window")
    seed: int
    returns_bp: list[float] = Field(description="of the recorded mid, by window")
    volatility_ratio: float = Field(
        description="root mean square return of the paths over that of the recording"
    )
    tests: list[TailTest]
    notes: list[str]


def backtest(
    asset: str,
    data: Path,
    *,
    model: str = "small",
    windows: int = 30,
    window_s: float = 60.0,
    paths: int = 99,
    levels: tuple[float, ...] = (0.9, 0.95),
    split: Split = "test",
    seed: int = 1,
    device: str = "auto",
    progress: Callable[[Progress], None] | None = None,
) -> Backtest:
    """Forecast the loss of each window from the real state before it, and test the forecasts.

    Windows are spread evenly over a held-out split and do not overlap. Each is forecast by paths of
    its own that start from the recorded book and know the recorded events before it.

    Parameters
    ----------
    asset, model, device : see `app.stress`
    data : folder of the recordings
    windows, window_s : number and length
    paths : behind each forecast; 99 make 95% an exact rank
    levels : of VaR and ES, above 0.5 and below 1

    Raises
    ------
    SpecError
        The windows would overlap, or paths or a level is out of range.
    FaultlineError
        Unknown asset or model, or a recording that is missing or too short.
    """
    entry = find_asset(asset)
    for level in levels:
        if not 0.5 < level < 1.0:
            raise SpecError(f"level {level:g}: choose one above 0.5 and below 1, such as 0.95")
        least = round(1.0 / (1.0 - level)) - 1
        if paths < least:
            raise SpecError(f"{paths} paths cannot say what level {level:g} is; take {least}")
    start_ns, end_ns = entry.splits.part(split)
    most = int((end_ns - start_ns) / NS_PER_S // window_s) - 1  # starts are moved to events
    if not 2 <= windows <= most:
        raise SpecError(
            f"{windows} windows of {window_s:g} s: the {split} split of {entry.asset} holds 2 to"
            f" {most} that do not overlap"
        )
    recording = recording_with_quotes(entry, data)
    prompts = real_prompts(recording, entry, windows, round(window_s * NS_PER_S), split)
    spec = RunSpec(
        asset=entry.asset, scenario=Scenario.none(), paths=paths, horizon_s=window_s, seed=seed,
        model=model, max_events=1_000_000, burn_in_events=0,
    )  # fmt: skip
    flow = resolve_model(model, entry.asset, device, data)
    happened = realised_bp(recording, prompts, window_s)
    simulated = np.concatenate([
        _returns(flow, spec.model_copy(update={"seed": seed + part[0]}), prompts, part, progress)
        for part in np.array_split(np.arange(windows), -(-windows * paths // MOST_AT_ONCE))
    ])  # fmt: skip
    tests = [
        tail_test(sign * happened, sign * simulated, level, position, seed)
        for position, sign in (("long", -1.0), ("short", 1.0))
        for level in levels
    ]
    return Backtest(
        asset=entry.asset, model=model, split=split, window_s=window_s, windows=windows,
        paths=paths, seed=seed, returns_bp=happened.tolist(),
        volatility_ratio=float(np.sqrt(np.mean(simulated**2) / np.mean(happened**2))),
        tests=tests, notes=notes_on(tests, windows),
    )  # fmt: skip


def _returns(
    flow: OrderFlowModel,
    spec: RunSpec,
    prompts: Prompts,
    part: Int64,
    progress: Callable[[Progress], None] | None,
) -> Float64:
    """Returns of the paths of some windows, bp [windows, paths]."""
    own = np.repeat(part, spec.paths).tolist()
    run = rollout(
        flow, load_profile(spec.asset), spec.model_copy(update={"paths": len(own)}),
        seeds=[prompts.seeds[w] for w in own], history=[prompts.history[w] for w in own],
        progress=progress,
    ).baseline  # fmt: skip
    ends = np.array([0, round(spec.horizon_s * NS_PER_S)])
    moves = mid_returns_bp(sample_quotes(run, ends).mid_ticks)[:, 1]
    return np.asarray(moves.reshape(len(part), spec.paths))


def realised_bp(recording: Recording, prompts: Prompts, window_s: float) -> Float64:
    """Return of the recorded mid over each window, bp [windows]."""
    quotes, times = recording.quotes, recording.events.time_ns
    assert quotes is not None
    mid = 0.5 * (quotes.bid_ticks + quotes.ask_ticks)
    starts = np.array([history.events.time_ns[-1] for history in prompts.history])
    first = np.searchsorted(times, starts, side="right") - 1
    last = np.searchsorted(times, starts + round(window_s * NS_PER_S), side="right") - 1
    return np.asarray(1e4 * (mid[last] / mid[first] - 1.0))


def tail_test(
    losses: Float64, simulated: Float64, level: float, position: str = "long", seed: int = 0
) -> TailTest:
    """Test VaR and ES that the paths of each window forecast.

    VaR is the loss of a path, so that a loss from the same distribution is beyond it with
    probability 1 - rank / (paths + 1), whatever the distribution: that is what is tested, not
    1 - level, which would call a right model wrong for having few paths.

    Parameters
    ----------
    losses : float64 [n], what happened in windows that do not overlap, in time order
    simulated : float64 [n, paths], losses of the paths of each window
    level : of VaR and ES
    position, seed : of the result; of the draws behind the p-value of Z
    """
    windows, paths = simulated.shape
    var, es = value_at_risk(simulated, level), expected_shortfall(simulated, level)
    hits = losses > var
    exact = tail_rank(paths, level) / (paths + 1.0)
    z, z_p = float("nan"), float("nan")
    if (es > 0.0).all():
        # Under the forecast a loss is one more path: each path is held against the others.
        drawn = np.random.default_rng(seed).integers(0, paths, (DRAWS, windows))
        others = [_others(row) for row in simulated]
        z, z_p = acerbi_szekely(
            losses, var, es, _of_each(simulated, drawn), level,
            _of_each(np.stack([value_at_risk(rest, level) for rest in others]), drawn),
            _of_each(np.stack([expected_shortfall(rest, level) for rest in others]), drawn),
        )  # fmt: skip
    found = share_of_paths(int(hits.sum()), windows)
    return TailTest(
        position=position, level=level, expected_share=1.0 - exact, hits=int(hits.sum()),
        ties=int((losses == var).sum()), share=found.value,
        share_interval=(found.lower, found.upper), kupiec_p=kupiec(hits, exact).p_value,
        exact_p=exact_count(hits, exact).p_value,
        christoffersen_p=christoffersen(hits, exact).p_value, z=z, z_p=z_p,
        power=kupiec_power(windows, exact, min(1.0, 2.0 * (1.0 - exact))),
        size=kupiec_power(windows, exact, 1.0 - exact),
    )  # fmt: skip


def _others(values: Float64) -> Float64:
    """For each of the values the other ones: [p] -> [p, p - 1]."""
    count = len(values)
    return np.asarray(values[(np.arange(count)[:, None] + np.arange(1, count)) % count])


def _of_each(values: Float64, drawn: Int64) -> Float64:
    """Column `drawn[m, w]` of each row w of values [w, p]: [m, w]."""
    return np.asarray(values[np.arange(len(values)), drawn])


def notes_on(tests: list[TailTest], windows: int) -> list[str]:
    """What the numbers cannot say, in words."""
    notes = []
    for level in dict.fromkeys(test.level for test in tests):
        test = next(test for test in tests if test.level == level)
        text = (
            f"level {level:g}: {windows} windows should hold"
            f" {windows * test.expected_share:.1f} losses beyond VaR; if there were twice as many,"
            f" Kupiec's test would find it in {100 * test.power:.0f}% of cases, and it rejects a"
            f" right forecast in {100 * test.size:.0f}%"
        )
        weak = test.power < LEAST_POWER
        notes.append(text + ("; that it does not reject says little" if weak else ""))
    if any(test.ties for test in tests):
        notes.append(
            "prices are discrete: a loss that is just the VaR is no hit, so that a right forecast"
            " has fewer hits than expected"
        )
    if any(np.isnan(test.z) for test in tests):
        notes.append("Z is not defined: in some windows the worst paths lose nothing")
    notes.append(
        "windows of one session share its regime; long and short are tested on the same windows"
    )
    return notes
