"""An asset's own bins: where its sub-tokens are cut, what stands for them, how often each occurs.

Two assets differ first of all in their margins: how long the waits are, how large the orders, how
far from the touch they lie. A profile that holds these tables brings them along, measured on its
own recording; what the network adds is how the next event depends on those before it. A market
that training never saw is spoken to in its own ranks.
"""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
from annotated_types import Len
from pydantic import BaseModel, ConfigDict, Field, model_validator

from model.events import Float64

OWN_KNOTS = 32  # values that stand for a bin
MOST_EDGES = {"depth_edges": 10, "size_edges": 15, "crossing_edges": 15, "time_edges": 15}
MARGIN_SHAPE = (5, 3, 16)  # sub-token, kind of event, value; see `model.margins`

Edges = list[float]
Values = Annotated[list[Annotated[list[float], Len(OWN_KNOTS, OWN_KNOTS)]], Len(16, 16)]
Shares = Annotated[list[float], Len(16, 16)]


class TokenTables(BaseModel):
    """Tables of the preset `touch` of one asset, see `model.tokenizer.Tokenizer` for the units.

    Edges rise; those that an asset does not need are left out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    depth_edges: Edges = Field(min_length=1, max_length=10)
    size_edges: Edges = Field(max_length=15)
    crossing_edges: Edges = Field(max_length=15)
    time_edges: Edges = Field(max_length=15)
    context_edges: dict[str, Annotated[Edges, Len(0, 31)]]
    depth_values: Annotated[list[Values], Len(2, 2)]
    size_values: Annotated[list[Values], Len(3, 3)]
    time_values: Values
    shares: Annotated[list[Annotated[list[Shares], Len(3, 3)]], Len(5, 5)] = Field(
        description="how often each value of a sub-token occurs, by kind of event"
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for name, edges in self._edges().items():
            if not np.isfinite(edges).all() or (np.diff(edges) <= 0).any():
                raise ValueError(f"{name}: edges must be finite and rise")
        for name in ("depth_values", "size_values", "time_values", "shares"):
            values = np.array(getattr(self, name))
            if not np.isfinite(values).all() or (name != "depth_values" and (values < 0).any()):
                raise ValueError(f"{name}: values must be finite and at least 0")
        return self

    def _edges(self) -> dict[str, Float64]:
        named = {name: np.array(getattr(self, name), np.float64) for name in MOST_EDGES}
        return named | {name: np.array(e, np.float64) for name, e in self.context_edges.items()}

    def arrays(self, contexts: tuple[str, ...]) -> dict[str, Float64]:
        """The tables under the names of `Tokenizer.arrays`, for one tick regime.

        `contexts` names the rows of `context_edges`; one without edges has a single bin.
        """
        out = {name: _padded(getattr(self, name), most) for name, most in MOST_EDGES.items()}
        rows = [_padded(self.context_edges.get(name, []), 31) for name in contexts]
        out["context_edges"] = np.array(rows).reshape(len(contexts), 31)
        for name in ("depth_values", "size_values", "time_values", "shares"):
            out[name] = np.array(getattr(self, name), np.float64)
        return out

    @classmethod
    def of(cls, arrays: dict[str, Float64], contexts: tuple[str, ...]) -> TokenTables:
        """Inverse of `arrays`; of finer values, every so-manieth is kept."""

        def thinned(values: Float64) -> list[float]:
            step = values.shape[-1] // OWN_KNOTS
            kept: list[float] = _rounded(values[..., step // 2 :: step])
            return kept

        return cls.model_validate(
            {name: _finite(arrays[name]) for name in MOST_EDGES}
            | {name: thinned(arrays[name]) for name in ("depth_values", "size_values",
                                                       "time_values")}
            | {"shares": _rounded(arrays["shares"]),
               "context_edges": dict(zip(contexts, map(_finite, arrays["context_edges"]),
                                         strict=True))}
        )  # fmt: skip


def _padded(edges: Edges, most: int) -> Float64:
    return np.concatenate([edges, np.full(most - len(edges), np.inf)])


def _finite(edges: Float64) -> Edges:
    return [float(edge) for edge in edges if np.isfinite(edge)]


def _rounded(values: Float64) -> list[float]:
    """Seven significant digits, nested as the array is."""
    digits = 7 - np.ceil(np.log10(np.maximum(np.abs(values), 1e-12)))
    out: list[float] = (np.round(values * 10.0**digits) / 10.0**digits).tolist()
    return out
