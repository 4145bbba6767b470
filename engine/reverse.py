"""Reverse stress in the closed loop: which intensity of a scenario leads to an outcome."""

from __future__ import annotations

from collections.abc import Callable

from engine.combined import combined
from engine.ensemble import PathEnsemble
from engine.risk.outcome import Loss, Pause, WideSpread
from engine.risk.reverse_stress import (
    FrontierPoint,
    ReverseStress,
    UnreachableError,
    frontier,
    smallest_intensity,
)
from engine.risk.var import value_at_risk
from engine.rollout import Cancelled, rollout
from engine.scenario import Scenario
from engine.shocks import PriceBands
from engine.spec import RunSpec
from model.errors import SpecError
from model.events import Float64
from model.order_flow import Bools, OrderFlowModel
from model.profile import AssetProfile


def reverse_stress(
    model: OrderFlowModel,
    profile: AssetProfile,
    spec: RunSpec,
    outcome: Loss | WideSpread | Pause,
    probability: float,
    *,
    resolution: float = 0.02,
    probed: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ReverseStress:
    """The smallest intensity of `spec.scenario` at which an outcome happens on a share of paths.

    Parameters
    ----------
    model, profile : as for `engine.rollout.rollout`
    spec : paths, horizon and seed of every probe; its intensity is not looked at
    outcome : see `engine.risk.outcome`
    probability : share of paths, 0 < p <= 1
    resolution : of the answer, as a share of the highest intensity of the scenario
    probed : told how many intensities have been played
    cancelled : asked a few times a second

    Raises
    ------
    SpecError
        The outcome cannot happen in this run: it lies beyond the horizon, or there are no bands.
    UnreachableError
        No intensity is enough; names the best share reached and where.
    """
    _check(spec, outcome, spec.scenario)
    play = _Player(model, profile, spec, outcome, probed, cancelled)
    try:
        return smallest_intensity(
            lambda intensity: play(spec.scenario, intensity),
            probability, spec.scenario.max_intensity, resolution=resolution,
        )  # fmt: skip
    except UnreachableError as error:
        value, intensity = play.furthest(probability)
        raise UnreachableError(
            f"{error}; {100 * probability:g}% of paths reach {value:.4g} {outcome.unit} at most, at"
            f" intensity {intensity:g}",
            error.probes,
        ) from None


def reverse_frontier(
    model: OrderFlowModel,
    profile: AssetProfile,
    spec: RunSpec,
    second: Scenario,
    outcome: Loss | WideSpread | Pause,
    probability: float,
    *,
    points: int = 5,
    resolution: float = 0.05,
    probed: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[FrontierPoint, ...]:
    """Pairs of intensities of `spec.scenario` and `second`, both in force, that are just enough.

    See `reverse_stress` and `engine.risk.reverse_stress.frontier`.

    Raises
    ------
    SpecError, UnreachableError
        As for `reverse_stress`.
    ScenarioError
        The two scenarios exclude each other.
    """
    first = spec.scenario
    _check(spec, outcome, first, second)
    combined((first, 1.0), (second, 1.0))
    play = _Player(model, profile, spec, outcome, probed, cancelled)
    return frontier(
        lambda one, other: play(combined((first, one), (second, other)), 1.0),
        probability, first.max_intensity, second.max_intensity,
        points=points, resolution=resolution,
    )  # fmt: skip


class _Player:
    """Plays scenarios on the same paths; the unshocked arm is played once."""

    def __init__(
        self,
        model: OrderFlowModel,
        profile: AssetProfile,
        spec: RunSpec,
        outcome: Loss | WideSpread | Pause,
        probed: Callable[[int], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self._model, self._profile, self._spec = model, profile, spec
        self._outcome, self._probed, self._cancelled = outcome, probed, cancelled
        self._baseline: PathEnsemble | None = None
        self._played = 0
        self._reached: list[tuple[float, Float64]] = []

    def furthest(self, probability: float) -> tuple[float, float]:
        """The most that a share of paths reached of the outcome, and at which intensity."""
        values = [
            (value_at_risk(reached, max(1.0 - probability, 1e-9)), intensity)
            for intensity, reached in self._reached
        ]
        value, intensity = max(values)
        return float(value), intensity

    def __call__(self, scenario: Scenario, intensity: float) -> Bools:
        """On which paths the outcome happens."""
        if self._cancelled is not None and self._cancelled():
            raise Cancelled("the search was cancelled")
        spec = self._spec.model_copy(update={"scenario": scenario, "intensity": intensity})
        run = rollout(
            self._model, self._profile, spec, baseline=self._baseline, cancelled=self._cancelled
        )
        self._baseline = run.baseline
        self._played += 1
        if self._probed is not None:
            self._probed(self._played)
        self._reached.append((intensity, self._outcome.reached(run.shocked)))
        return self._outcome.happened(run.shocked)


def _check(spec: RunSpec, outcome: Loss | WideSpread | Pause, *scenarios: Scenario) -> None:
    """Whether the outcome can happen at all; `SpecError` where it cannot."""
    if isinstance(outcome, Loss) and outcome.at_s > spec.horizon_s:
        raise SpecError(
            f"outcome at {outcome.at_s:g} s lies beyond the horizon of {spec.horizon_s:g} s;"
            " choose an earlier one"
        )
    if isinstance(outcome, WideSpread) and outcome.for_s > spec.horizon_s:
        raise SpecError(
            f"outcome of {outcome.for_s:g} s is longer than the horizon of {spec.horizon_s:g} s;"
            " choose a shorter one"
        )
    if isinstance(outcome, Pause) and not any(_has_bands(one) for one in scenarios):
        names = " and ".join(one.name for one in scenarios)
        raise SpecError(f"scenario {names} has no price_bands, so that nothing pauses; add them")


def _has_bands(scenario: Scenario) -> bool:
    return any(isinstance(shock, PriceBands) for shock in scenario.shocks)
