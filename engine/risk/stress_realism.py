"""What a stressed market still has in common with a real one, and how far outside it lies."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from engine.risk.bootstrap import bootstrap_interval
from engine.risk.estimate import Estimate
from engine.risk.row import mean
from model.events import Float64

Verdict = Literal["holds", "lost", "not there before", "comes in", "not known"]

READING = (
    "A fact holds where both arms lie in the 95% band of the real asset, and is lost where the"
    " shock alone takes it out. A stress is meant to leave the band: what is lost says where the"
    " paths can no longer be checked against data."
)
SUPPORT_READING = (
    "How probable the model finds the events of the paths, given those before them. This is a"
    " measure of how far the scenario leaves what the model has learnt, conditional on the"
    " scenario; the scenario itself has no probability here."
)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FactUnderStress(_Frozen):
    """One stylized fact of both arms beside the band of the real asset."""

    key: str
    label: str
    code: str
    unit: str
    headline: bool  # one of those that a small table shows
    real: float
    real_low: float
    real_high: float
    unshocked: Estimate
    shocked: Estimate
    verdict: Verdict

    @classmethod
    def judged(
        cls, key: str, label: str, code: str, unit: str, headline: bool,
        real: tuple[float, float, float], unshocked: Estimate, shocked: Estimate,
    ) -> FactUnderStress:  # fmt: skip
        """With the verdict that the values give; `real` is value, lower and upper end."""
        inside = [
            None if arm.value is None else real[1] <= arm.value <= real[2]
            for arm in (unshocked, shocked)
        ]
        words: dict[tuple[bool | None, bool | None], Verdict] = {
            (True, True): "holds", (True, False): "lost", (False, True): "comes in",
            (False, False): "not there before",
        }  # fmt: skip
        return cls(
            key=key, label=label, code=code, unit=unit, headline=headline, real=real[0],
            real_low=real[1], real_high=real[2], unshocked=unshocked, shocked=shocked,
            verdict=words.get((inside[0], inside[1]), "not known"),
        )  # fmt: skip


class FlowSupport(_Frozen):
    """How far outside of what a model knows the flow is, in the window of the scenario.

    Attributes
    ----------
    scorer : the model that scored
    window_s : start and end of what was scored
    paths, events : scored in the shocked arm
    unshocked, shocked : mean log-probability of an event, nats, over paths
    effect : shocked less unshocked, on pairs
    percentile : where the median shocked path stands among the unshocked ones, 0 to 100
    below_all : share of shocked paths less probable than every unshocked one
    real, real_percentile : the same of recorded windows, where an evaluation holds them
    """

    scorer: str
    window_s: tuple[float, float]
    paths: int
    events: int
    unshocked: Estimate
    shocked: Estimate
    effect: Estimate
    percentile: float
    below_all: float
    real: Estimate | None = None
    real_percentile: float | None = None
    reading: str = SUPPORT_READING


class StressRealism(_Frozen):
    """Stylized facts under stress, and how far outside the model's support the flow is."""

    facts: tuple[FactUnderStress, ...]
    real_windows: int
    real_window_s: float
    paths: int  # of each arm that were looked at
    path_s: float
    support: FlowSupport | None = None
    reading: str = READING
    notes: tuple[str, ...] = ()

    @property
    def headline(self) -> tuple[FactUnderStress, ...]:
        """The facts of the small table."""
        return tuple(fact for fact in self.facts if fact.headline)

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many facts have each verdict."""
        words = [fact.verdict for fact in self.facts]
        return {word: words.count(word) for word in dict.fromkeys(words)}


def flow_support(
    scorer: str, window_s: tuple[float, float], unshocked: Float64, shocked: Float64, events: int,
    real: Float64 | None = None, seed: int = 0,
) -> FlowSupport | None:  # fmt: skip
    """Set the log-probabilities of the arms beside each other.

    Parameters
    ----------
    scorer, window_s, events : see `FlowSupport`
    unshocked, shocked : float64 [P], nats an event, row i of both is the same path; pairs with NaN
        are left out
    real : float64 [W], of recorded windows
    seed : of the bootstrap

    Returns
    -------
    FlowSupport, or None where no pair has values
    """
    known = np.isfinite(unshocked + shocked)
    if not known.any():
        return None
    calm, stressed = unshocked[known], shocked[known]
    recorded = None if real is None or len(real) == 0 else real[np.isfinite(real)]
    middle = float(np.median(stressed))
    return FlowSupport(
        scorer=scorer, window_s=window_s, paths=len(stressed), events=events,
        unshocked=_estimate(calm, seed), shocked=_estimate(stressed, seed),
        effect=_estimate(stressed - calm, seed),
        percentile=percentile_of(middle, calm),
        below_all=float(np.mean(stressed < calm.min())),
        real=None if recorded is None else _estimate(recorded, seed),
        real_percentile=None if recorded is None else percentile_of(middle, recorded),
    )  # fmt: skip


def percentile_of(value: float, sample: Float64) -> float:
    """Per cent of a sample below a value, ties counted by half."""
    return float(100.0 * (np.mean(sample < value) + 0.5 * np.mean(sample == value)))


def _estimate(values: Float64, seed: int) -> Estimate:
    return Estimate.of(bootstrap_interval(mean, values, seed=seed))
