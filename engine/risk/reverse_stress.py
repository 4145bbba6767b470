"""Reverse stress: the smallest shock that leads to a named outcome."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from pydantic import BaseModel, ConfigDict

from engine.risk.estimate import Estimate
from engine.risk.proportion import share_of_paths
from model.errors import FaultlineError
from model.order_flow import Bools

Happens = Callable[[float], Bools]  # intensity -> outcome on each path, the same seeds each time
LEVELS = 5  # evenly spaced intensities at which monotonicity is looked at first


class UnreachableError(FaultlineError):
    """The outcome is not reached with the probability that was asked for, at any intensity.

    `probes` are the intensities that were tried, in ascending order.
    """

    def __init__(self, message: str, probes: Sequence[Probe] = ()) -> None:
        super().__init__(message)
        self.probes = tuple(probes)


class Probe(BaseModel):
    """Share of paths with the outcome at one intensity, conditional on the scenario."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intensity: float
    share: Estimate


class ReverseStress(BaseModel):
    """The smallest intensity found, between `below` (not enough) and `intensity` (enough).

    `monotone`: no larger intensity that was tried gave a share lower than a smaller one did by more
    than their intervals allow. Where it is False there may be a smaller intensity between probes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    intensity: float
    below: float
    probability: float
    monotone: bool
    probes: tuple[Probe, ...]  # by intensity


def smallest_intensity(
    happens: Happens,
    probability: float,
    most: float,
    *,
    resolution: float = 0.02,
    confidence: float = 0.95,
) -> ReverseStress:
    """The smallest intensity at which an outcome happens on a share of paths.

    The intensity range is probed at evenly spaced levels; between the first that is enough and the
    one before it, it is halved until it is known to `resolution` of `most`. Every probe meets the
    same random numbers, so that the share moves with the intensity and not with the draw.

    Parameters
    ----------
    happens : plays the paths at an intensity and says on which the outcome happened
    probability : share of paths that is wanted, 0 < p <= 1
    most : highest intensity to try, above 0
    resolution, confidence : of the answer, and of the intervals of the shares

    Raises
    ------
    UnreachableError
        No intensity tried is enough; names the best share and where it was reached.
    ValueError
        `probability` or `most` out of range.
    """
    if not 0.0 < probability <= 1.0 or not most > 0.0:
        raise ValueError(f"no search for probability {probability:g} up to intensity {most:g}")
    probes: dict[float, Probe] = {}

    def enough(intensity: float) -> bool:
        hit = happens(intensity)
        share = share_of_paths(int(hit.sum()), len(hit), confidence)
        probes[intensity] = Probe(intensity=intensity, share=Estimate.of(share))
        return share.value >= probability

    levels = [most * k / LEVELS for k in range(LEVELS + 1)]
    first = next((k for k, level in enumerate(levels) if enough(level)), None)
    if first is None:
        best = max(probes.values(), key=lambda probe: probe.share.value or 0.0)
        raise UnreachableError(
            f"the outcome is reached on {100 * (best.share.value or 0.0):.3g}% of paths at most, at"
            f" intensity {best.intensity:g}, not on {100 * probability:g}%; choose a milder outcome"
            " or another shock",
            [probes[intensity] for intensity in sorted(probes)],
        )
    low, high = levels[max(0, first - 1)], levels[first]
    while high - low > resolution * most:
        middle = 0.5 * (low + high)
        if enough(middle):
            high = middle
        else:
            low = middle
    if levels[-1] not in probes:
        enough(levels[-1])
    ordered = tuple(probes[intensity] for intensity in sorted(probes))
    return ReverseStress(
        intensity=high, below=low, probability=probability, monotone=_monotone(ordered),
        probes=ordered,
    )  # fmt: skip


def _monotone(probes: Sequence[Probe]) -> bool:
    highest_lower = 0.0
    for probe in probes:
        upper = probe.share.upper
        if upper is not None and upper < highest_lower:
            return False
        highest_lower = max(highest_lower, probe.share.lower or 0.0)
    return True


class FrontierPoint(BaseModel):
    """The smallest intensity of the second shock that is enough beside one of the first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: float
    second: float | None  # None: not reached
    size: float | None  # square root of the sum of squares; None where it is not reached


def frontier(
    happens: Callable[[float, float], Bools],
    probability: float,
    most_first: float,
    most_second: float,
    *,
    points: int = 5,
    resolution: float = 0.05,
) -> tuple[FrontierPoint, ...]:
    """Pairs of intensities of two shocks that just lead to an outcome, most plausible first.

    Plausible is what is near to no shock: pairs are ordered by the root of the sum of squared
    intensities, in which 1 is each shock as written. That is an ordering, not a probability.

    Parameters
    ----------
    happens : plays the paths at two intensities
    probability : share of paths that is wanted
    most_first, most_second : highest intensities to try
    points : intensities of the first shock, evenly spaced from 0
    resolution : of the second, as a share of `most_second`

    Raises
    ------
    UnreachableError
        No pair is enough.
    """
    found = []
    for k in range(points):
        first = most_first * k / (points - 1)
        try:
            second: float | None = smallest_intensity(
                partial(happens, first), probability, most_second, resolution=resolution
            ).intensity
        except UnreachableError:
            second = None
        size = None if second is None else math.hypot(first, second)
        found.append(FrontierPoint(first=first, second=second, size=size))
    if all(point.second is None for point in found):
        raise UnreachableError(
            f"no pair up to intensities {most_first:g} and {most_second:g} reaches the outcome on"
            f" {100 * probability:g}% of paths; choose a milder outcome or other shocks"
        )
    return tuple(sorted(found, key=lambda point: math.inf if point.size is None else point.size))
