"""Reverse stress in the closed loop: which intensity of a scenario leads to an outcome."""

from __future__ import annotations

from engine.risk.outcome import Loss, Pause, WideSpread
from engine.risk.reverse_stress import ReverseStress, smallest_intensity
from engine.rollout import rollout
from engine.scenario import Scenario
from engine.shocks import PriceBands
from engine.spec import RunSpec
from model.errors import SpecError
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
) -> ReverseStress:
    """The smallest intensity of `spec.scenario` at which an outcome happens on a share of paths.

    Parameters
    ----------
    model, profile : as for `engine.rollout.rollout`
    spec : paths, horizon and seed of every probe; its intensity is not looked at
    outcome : see `engine.risk.outcome`
    probability : share of paths, 0 < p <= 1
    resolution : of the answer, as a share of the highest intensity of the scenario

    Raises
    ------
    SpecError
        The outcome cannot happen in this run: it lies beyond the horizon, or there are no bands.
    UnreachableError
        No intensity is enough; names the best share reached and where.
    """
    if isinstance(outcome, Loss) and outcome.at_s > spec.horizon_s:
        raise SpecError(
            f"outcome at {outcome.at_s:g} s lies beyond the horizon of {spec.horizon_s:g} s;"
            " choose an earlier one"
        )
    if isinstance(outcome, Pause) and not _has_bands(spec.scenario):
        raise SpecError(
            f"scenario {spec.scenario.name} has no price_bands, so that nothing pauses; add them"
        )

    def happens(intensity: float) -> Bools:
        played = rollout(model, profile, spec.model_copy(update={"intensity": intensity}))
        return outcome.happened(played.shocked)

    return smallest_intensity(
        happens, probability, spec.scenario.max_intensity, resolution=resolution
    )


def _has_bands(scenario: Scenario) -> bool:
    return any(isinstance(shock, PriceBands) for shock in scenario.shocks)
