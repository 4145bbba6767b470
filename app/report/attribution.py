"""What each shock of a scenario contributes, where it was left out in a run of its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from pydantic import BaseModel, ConfigDict

from app.report.section import Section
from engine.risk import Estimate, expected_shortfall, paired_bootstrap

LEVEL = 0.95  # of the expected shortfall that is attributed


class Contribution(BaseModel):
    """A shock, and how much lower ES 95% is on the same random numbers without it, bp.

    `without` is the position among the report's sections of the run that leaves it out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    shock: int
    kind: str
    without: int
    es_95_bp: Estimate


class Attribution(BaseModel):
    """Contributions to ES 95% of one section, by leaving out one shock at a time.

    `rest_bp` is what the contributions leave of the whole effect: shocks that act on each other
    make it differ from zero. It is None unless every shock was left out once.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    section: int
    effect_bp: float | None
    contributions: tuple[Contribution, ...]
    rest_bp: float | None


def attributions_of(sections: Sequence[Section]) -> tuple[Attribution, ...]:
    """Attributions of every section for which the report holds runs that leave out one shock.

    Nothing is estimated that was not run: such a run has the same asset, model, seed, paths,
    horizon and intensity, and all shocks but one.
    """
    found = []
    for position, section in enumerate(sections):
        contributions = []
        for shock in range(len(section.spec.scenario.shocks)):
            without = next(
                (i for i, s in enumerate(sections) if _leaves_out(section, s, shock)), None
            )
            if without is not None:
                contributions.append(_contribution(section, sections[without], shock, without))
        if contributions:
            effect = (section.risk["es_95_bp"].effect or Estimate(value=None)).value
            whole = len(contributions) == len(section.spec.scenario.shocks) and effect is not None
            parts = sum(one.es_95_bp.value or 0.0 for one in contributions)
            found.append(
                Attribution(
                    section=position, effect_bp=effect, contributions=tuple(contributions),
                    rest_bp=effect - parts if whole and effect is not None else None,
                )
            )  # fmt: skip
    return tuple(found)


def _leaves_out(section: Section, other: Section, shock: int) -> bool:
    """Whether `other` is `section` without its shock number `shock`."""
    shocks = section.spec.scenario.shocks
    same = section.spec.model_copy(update={"scenario": other.spec.scenario}) == other.spec
    return (
        same
        and other.spec.scenario.shocks == (*shocks[:shock], *shocks[shock + 1 :])
        and len(other.shocked_loss_bp) == len(section.shocked_loss_bp)
        and other.risk.horizon_s == section.risk.horizon_s
    )


def _contribution(section: Section, other: Section, shock: int, position: int) -> Contribution:
    found = paired_bootstrap(
        partial(expected_shortfall, level=LEVEL),
        np.array(other.shocked_loss_bp),
        np.array(section.shocked_loss_bp),
        resamples=section.risk.resamples,
        confidence=section.risk.confidence,
        seed=section.spec.seed,
    )
    return Contribution(
        shock=shock,
        kind=section.spec.scenario.shocks[shock].kind,
        without=position,
        es_95_bp=Estimate.of(found.effect),
    )
