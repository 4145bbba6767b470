"""What was found about the impact of injected metaorders; read by pages without the engine."""

from __future__ import annotations

from pydantic import Field

from stylized_facts.sheet import Band, Number, Record


class InjectedSize(Record):
    """One size of metaorder over all pairs of paths."""

    share: float = Field(description="asked for, of the volume usually traded meanwhile")
    executed: Number = Field(description="mean size that traded")
    at_end: Number = Field(description="mean impact when the metaorder ends, bp")
    at_end_band: Band
    later: Number = Field(description="mean impact two minutes later, bp")
    later_band: Band


class InjectedImpact(Record):
    """What `injected_impact` found; `exponent` is that of the square-root law (one half)."""

    asset: str
    model: str
    pairs: int
    seed: int
    sizes: list[InjectedSize]
    exponent: Number
    exponent_band: Band
