"""Rare losses in the closed loop: multilevel splitting on paths that are branched by replay.

A path of the simulator cannot be copied half-way: a model keeps its memory in place. But a path is
a function of its random numbers, and those are numbered. A branch is therefore the same path played
again from its start, with other numbers from the draw on at which it had reached the level.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from pydantic import BaseModel, ConfigDict

from engine.path_state import NOT_YET
from engine.risk.outcome import Loss
from engine.risk.splitting import RareEvent, SplittingProcess, pilot_levels, splitting
from engine.rollout import Cancelled, check_reweighting
from engine.seeding import seed_from_profile
from engine.simulator import MarketSimulator
from engine.spec import RunSpec
from model.errors import SpecError
from model.events import NS_PER_S, EventsMeta, Float64, Int64
from model.order_flow import Bools, OrderFlowModel, Proposals
from model.profile import AssetProfile

# A branch takes draws from a number that holds its depth, 36 bits of its seed, and room to count.
_ROOM_BITS, _SEED_BITS, _INT_BITS = 22, 36, 62
MOST_BRANCHES = 30
KEPT_BOOKS = 4096
MOST_EVENTS = 200_000  # a path has not used up its room for draws then


@dataclass(frozen=True)
class BranchedPath:
    """A path number, and where its draws were turned to other numbers; () before it is played.

    Attributes
    ----------
    path : number of the path, None before it is played
    turns : pairs of the draw that is not to be taken any more and the one that is taken instead
    fork : the draw from which a branch of this path takes other numbers
    """

    path: int | None = None
    turns: tuple[tuple[int, int], ...] = ()
    fork: int = 0

    def branch(self, seed: int) -> BranchedPath:
        """A path of its own that shares what came before the fork; the first one shares nothing."""
        if self.path is None:
            return BranchedPath(seed)
        depth = len(self.turns) + 1
        other = (depth << (_ROOM_BITS + _SEED_BITS)) | (
            (seed >> (_INT_BITS - _SEED_BITS)) << _ROOM_BITS
        )
        return BranchedPath(self.path, (*self.turns, (self.fork, other)))


class RareLoss(BaseModel):
    """Probability of a rare loss, conditional on the scenario, and how it was estimated.

    `levels` are losses in bp; `plain_paths` is how many independent paths would give the same
    standard error, None where it is not known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    event: RareEvent
    levels: tuple[float, ...]
    plain_paths: int | None


def rare_loss(
    model: OrderFlowModel,
    profile: AssetProfile,
    spec: RunSpec,
    outcome: Loss,
    *,
    levels: tuple[float, ...] = (),
    trajectories: int = 200,
    replications: int = 20,
    confidence: float = 0.95,
    replication_done: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> RareLoss:
    """Probability of a loss of more than x bp at a time, under a scenario, by splitting.

    The levels before the last are losses that a path has reached at some time up to `at_s`; the
    last is the outcome itself, the loss at that time.

    Parameters
    ----------
    model, profile, spec : as for `engine.rollout.rollout`; `paths` is not looked at
    outcome : Loss
    levels : bp, ascending and below the outcome; none given: a pilot replication chooses them
    trajectories, replications, confidence : see `engine.risk.splitting.splitting`
    replication_done : told how many are done
    cancelled : asked a few times a second

    Raises
    ------
    SpecError
        The outcome lies beyond the horizon, levels do not ascend towards it, or a shock reweights a
        model that does not offer it.
    Cancelled
        `cancelled` said yes.
    """
    if outcome.at_s > spec.horizon_s:
        raise SpecError(
            f"outcome at {outcome.at_s:g} s lies beyond the horizon of {spec.horizon_s:g} s;"
            " choose an earlier one"
        )
    if spec.max_events > MOST_EVENTS:
        raise SpecError(f"max_events: choose at most {MOST_EVENTS:,} for a rare loss")
    if list(levels) != sorted(set(levels)) or not all(one < outcome.bps for one in levels):
        raise SpecError(f"levels must ascend and lie below the loss of {outcome.bps:g} bp")
    if len(levels) >= MOST_BRANCHES:
        raise SpecError(f"levels: choose at most {MOST_BRANCHES - 1}")
    paths = _Paths(model, profile, spec, outcome, cancelled)
    process = SplittingProcess(lambda count: [BranchedPath()] * count, paths.advance)
    used = (*levels, outcome.bps)
    if not levels:
        used = pilot_levels(process, outcome.bps, trajectories=trajectories, seed=spec.seed + 1)
    event = splitting(
        process, used, trajectories=trajectories, replications=replications,
        confidence=confidence, seed=spec.seed, replication_done=replication_done,
    )  # fmt: skip
    return RareLoss(event=event, levels=used, plain_paths=_plain_paths(event))


def _plain_paths(event: RareEvent) -> int | None:
    value, error = event.probability.value or 0.0, event.standard_error
    return None if not value or not error else round(value * (1.0 - value) / error**2)


class _Simulator(MarketSimulator):
    """Markets whose paths can be turned to other draws, and ended."""

    @property
    def draws(self) -> Int64:
        """Number of the next draw of each path: int64 [B], a copy."""
        return np.array(self._rows["draw"])

    def turn(self, which: Bools, draws: Int64) -> None:
        """Take other numbers for the next draws of some paths."""
        self._rows["draw"][which] = draws[which]
        self.view.draw[which] = draws[which]

    def end(self, which: Bools) -> None:
        """Play some paths no further."""
        self._rows["active"][which] = False
        self.view.active[which] = False

    def losses_bp(self, sign: float) -> Float64:
        """Loss of the mid since the start of the horizon, bp [B]; -inf during burn-in."""
        rows = self._rows
        start = 0.5 * (rows["start_bid_ticks"] + rows["start_ask_ticks"])
        mid = 0.5 * (rows["bid_ticks"] + rows["ask_ticks"])
        begun = rows["origin_ns"] != NOT_YET
        return np.where(begun, 1e4 * sign * (1.0 - mid / np.where(begun, start, 1.0)), -np.inf)


class _Paths:
    """Plays branched paths until their loss reaches a level, or to the time of the outcome."""

    def __init__(
        self,
        model: OrderFlowModel,
        profile: AssetProfile,
        spec: RunSpec,
        outcome: Loss,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self._model, self._profile, self._spec, self._outcome = model, profile, spec, outcome
        self._plan = spec.scenario.compile(spec.intensity, profile, spec.horizon_s)
        check_reweighting(model, self._plan, spec)
        self._cancelled = cancelled
        # Branches keep the number of their path, and so the book that it starts from.
        self._book = lru_cache(KEPT_BOOKS)(lambda path: seed_from_profile(profile, path, spec.seed))
        self._sign = 1.0 if outcome.position == "long" else -1.0

    def advance(
        self, states: list[BranchedPath], level: float, seeds: Int64
    ) -> tuple[list[BranchedPath], Float64]:
        """Branch each state and play it; see `SplittingProcess`."""
        if self._cancelled is not None and self._cancelled():
            raise Cancelled("the estimate was cancelled")
        branches = [state.branch(int(seed)) for state, seed in zip(states, seeds, strict=True)]
        paths = np.array([branch.path for branch in branches], np.int64)
        simulator = self._simulator(paths)
        session = self._model.start(paths, self._spec.seed, self._profile, simulator.view)
        proposals = Proposals.empty(len(paths))
        last = level >= self._outcome.bps
        scores = np.full(len(paths), -np.inf)
        forks = np.zeros(len(paths), np.int64)
        reached = np.zeros(len(paths), np.bool_)
        turns = _Turns(branches)
        turns.follow(simulator)
        while not simulator.done:
            before = simulator.draws
            session.propose(simulator.view, simulator.tilts(), proposals)
            simulator.step(proposals)
            spent = simulator.draws != before
            turns.follow(simulator)
            scores = np.maximum(scores, simulator.losses_bp(self._sign))
            if last:
                continue
            new = (scores >= level) & ~reached
            if new.any():
                # A draw that has been proposed already belongs to the past.
                forks[new] = (simulator.draws + ~spent)[new]
                reached |= new
                simulator.end(new)
        if last:
            happened = simulator.losses_bp(self._sign) > self._outcome.bps
            scores = np.where(happened, level, -np.inf)
        ends = [
            BranchedPath(branch.path, branch.turns, int(fork))
            for branch, fork in zip(branches, forks, strict=True)
        ]
        return ends, scores

    def _simulator(self, paths: Int64) -> _Simulator:
        spec, profile = self._spec, self._profile
        horizon_ns = round(self._outcome.at_s * NS_PER_S)
        return _Simulator(
            [self._book(int(path)) for path in paths], paths, spec.seed,
            EventsMeta(
                profile.asset, profile.venue, profile.date, profile.tick_size, 0, horizon_ns,
                profile.currency,
            ),
            horizon_ns=horizon_ns, max_events=spec.max_events, burn_in_events=spec.burn_in_events,
            plan=self._plan, open_ticks=np.zeros(len(paths)),
        )  # fmt: skip


class _Turns:
    """The turns of a batch of branched paths, and which of them comes next."""

    def __init__(self, branches: list[BranchedPath]) -> None:
        most = max(len(branch.turns) for branch in branches)
        self._at = np.full((len(branches), most + 1), -1, np.int64)  # no draw has this number
        self._to = np.zeros((len(branches), most + 1), np.int64)
        for b, branch in enumerate(branches):
            for k, (at, to) in enumerate(branch.turns):
                self._at[b, k], self._to[b, k] = at, to
        self._next = np.zeros(len(branches), np.int64)
        self._rows = np.arange(len(branches))

    def follow(self, simulator: _Simulator) -> None:
        """Turn the paths whose next draw is one that is not to be taken."""
        while True:
            due = simulator.draws == self._at[self._rows, self._next]
            if not due.any():
                return
            simulator.turn(due, self._to[self._rows, self._next])
            self._next[due] += 1
