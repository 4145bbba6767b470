"""The closed loop: model proposes, simulator matches, context goes back, for every path at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.ensemble import PathEnsemble
from engine.opening import OpeningBooks, OpeningWatch
from engine.parts import deal
from engine.seeding import BookSeed, seed_from_profile
from engine.shocks import ShockPlan, Tilt
from engine.simulator import MarketSimulator
from engine.spec import RunSpec
from model.errors import FaultlineError, SpecError
from model.events import NS_PER_S, EventsMeta, Recording
from model.order_flow import OrderFlowModel
from model.profile import AssetProfile

REPORT_EVERY_S = 0.25
_NOTHING_PLAYED = dict.fromkeys(("start", "model", "book", "total", "events", "events_per_s"), 0.0)


class Cancelled(FaultlineError):
    """The run was cancelled; nothing of it is kept."""


@dataclass(frozen=True)
class Progress:
    """Where a rollout is."""

    events: int  # done so far, on all paths of both arms
    fraction: float  # 0..1
    events_per_s: float
    eta_s: float
    stage: str = "rollout"


@dataclass(frozen=True, eq=False)
class StressRun:
    """Both arms of a stress test, and what they were made from.

    `baseline` and `shocked` are the same paths, from the same random numbers, without and with
    the shocks; they are one object where the scenario does nothing. `opening` is what rests on the
    paths at time 0, in both arms.
    """

    spec: RunSpec
    profile: AssetProfile
    baseline: PathEnsemble
    shocked: PathEnsemble
    # seconds: start, model (books too, where both are one compiled loop), book, total; events,
    # events_per_s
    timing: dict[str, float]
    opening: OpeningBooks | None = None


def rollout(
    model: OrderFlowModel,
    profile: AssetProfile,
    spec: RunSpec,
    *,
    paths: range | None = None,
    seeds: Sequence[BookSeed] | None = None,
    history: Sequence[Recording] | None = None,
    baseline: PathEnsemble | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> StressRun:
    """Run a stress test.

    Parameters
    ----------
    model : whatever writes the order flow
    profile : the asset
    spec : what is asked; its `asset`, `model` and `device` are not looked at here
    paths : numbers of the paths to roll out, some of those of `spec`; None: all. A path is the
        same, bit for bit, whichever others are rolled out with it (on a GPU: up to rounding)
    seeds : the book each path starts from; None draws them from the profile
    history : real events before each path's start; with it there is no burn-in
    baseline : the unshocked arm of an earlier run that differs from this one in scenario and
        intensity alone, which is then not played again: a path is the same in whatever batch
    progress : called a few times a second
    cancelled : asked a few times a second

    Returns
    -------
    StressRun
        With one ensemble as both arms where the scenario does nothing.

    Raises
    ------
    Cancelled
        `cancelled` said yes.
    SpecError
        `seeds` or `history` do not hold one entry for each path, or a shock reweights a model that
        does not offer it.
    """
    numbers = np.array(range(spec.paths) if paths is None else paths, np.int64)
    count = len(numbers)
    for what, given in (("seeds", seeds), ("history", history)):
        if given is not None and len(given) != count:
            raise SpecError(f"{what}: {len(given)} given for {count} paths")
    horizon_ns = round(spec.horizon_s * NS_PER_S)
    plan = spec.scenario.compile(spec.intensity, profile, spec.horizon_s)
    check_reweighting(model, plan, spec)
    if baseline is not None and plan.does_nothing:
        return StressRun(spec, profile, baseline, baseline, _NOTHING_PLAYED)
    arms = 1 if plan.does_nothing or baseline is not None else 2
    books = seeds or [seed_from_profile(profile, int(path), spec.seed) for path in numbers]
    simulator = MarketSimulator(
        list(books) * arms,
        np.tile(numbers, arms),
        spec.seed,
        EventsMeta(
            profile.asset, profile.venue, profile.date, profile.tick_size, 0, horizon_ns,
            profile.currency,
        ),
        horizon_ns=horizon_ns,
        max_events=spec.max_events,
        burn_in_events=0 if history is not None else spec.burn_in_events,
        plan=plan,
        shocked=np.arange(arms * count) >= (count if baseline is None else 0),
        open_ticks=np.zeros(arms * count),  # the day's open is not known
    )  # fmt: skip
    began = time.perf_counter()
    parts = deal(
        model, simulator, spec.seed, profile, None if history is None else list(history) * arms
    )
    opening = OpeningWatch(simulator, count)
    repaired = np.zeros(arms * count, np.int64)
    spent = {"start": time.perf_counter() - began, "model": 0.0, "book": 0.0}
    loop_began = reported = time.perf_counter()
    for part in parts:
        part.ask()
    flow = parts[0].flow if len(parts) == 1 else None
    while not simulator.done:
        if flow is not None:
            t0 = time.perf_counter()
            simulator.play(flow, parts[0].proposals, repaired)
            opening.look()
            t2 = time.perf_counter()
            spent["model"] += t2 - t0
        else:
            for part in parts:
                t0 = time.perf_counter()
                part.answer()
                t1 = time.perf_counter()
                repaired[part.rows] += part.proposals.repaired & part.view.active
                simulator.step(part.proposals, part.rows)
                opening.look()
                t2 = time.perf_counter()
                part.ask()
                spent["model"] += t1 - t0 + time.perf_counter() - t2
                spent["book"] += t2 - t1
        if t2 - reported > REPORT_EVERY_S:
            reported = t2
            if cancelled is not None and cancelled():
                raise Cancelled("the run was cancelled")
            if progress is not None:
                progress(_progress(simulator, t2 - loop_began))
    ensembles = [
        simulator.ensemble(np.arange(arm * count, (arm + 1) * count)) for arm in range(arms)
    ]
    for arm, ensemble in enumerate(ensembles):
        own = repaired[arm * count : (arm + 1) * count]
        ensemble.counters["repaired"] = int(own.sum())
    total = time.perf_counter() - began
    if progress is not None:
        progress(_progress(simulator, time.perf_counter() - loop_began))
    timing = spent | {
        "total": total,
        "events": float(simulator.executed),
        "events_per_s": simulator.executed / total,
    }
    return StressRun(
        spec, profile, ensembles[0] if baseline is None else baseline, ensembles[-1], timing,
        opening.books(),
    )  # fmt: skip


def check_reweighting(model: OrderFlowModel, plan: ShockPlan, spec: RunSpec) -> None:
    """Raise `SpecError` where a plan reweights the next event and the model does not offer it."""
    if (plan.tilt_kind >= Tilt.CANCEL_ODDS).any() and not getattr(model, "reweights", False):
        raise SpecError(
            f"scenario {spec.scenario.name}: {model.name} does not offer reweighting; choose a"
            " TradeFM model, or shocks that act on any model"
        )


def _progress(simulator: MarketSimulator, elapsed: float) -> Progress:
    fraction = simulator.fraction
    left = elapsed * (1 - fraction) / fraction if fraction > 0 else float("inf")
    return Progress(simulator.executed, fraction, simulator.executed / elapsed, left)
