"""Order flow that is written by compiled code, so that a compiled loop can play many moves of it.

What a kind of flow needs, its parameters and what it keeps of each path, is a named tuple of arrays
and numbers. The function that writes its events is registered for that type by `writes`; whoever
holds such a tuple calls `propose_rows`, in compiled code, without knowing which kind it is.

Kernels are kept between starts by the content of the project's own files (`model.compilation`). A
flow that is defined elsewhere needs a folder of its own for them, `NUMBA_CACHE_DIR`, emptied when
its code changes.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar

import numpy as np
from numba import njit
from numba.extending import overload

from model.events import Int64
from model.order_flow import (
    MarketView,
    ProposalArrays,
    Proposals,
    TiltArrays,
    Tilts,
    ViewArrays,
)
from model.turns import cut, in_turn, take

Flow = Any  # a named tuple of a kind that is registered
_Writer = TypeVar("_Writer", bound=Callable[..., None])


def propose_rows(
    rows: Int64, flow: Flow, view: ViewArrays, tilts: TiltArrays, out: ProposalArrays
) -> None:
    """Take in the last event of each path in `rows` and write its next one to `out`.

    In compiled code alone. See `model.order_flow.FlowSession.propose`; all rows are active.
    """
    raise NotImplementedError("to be called from compiled code")


def writes(kind: type) -> Callable[[_Writer], _Writer]:
    """Register a compiled function with the arguments of `propose_rows` for flow of a type."""

    def register(writer: _Writer) -> _Writer:
        @overload(propose_rows)  # type: ignore[untyped-decorator, unused-ignore]
        def choose(rows, flow, view, tilts, out):  # type: ignore[no-untyped-def]
            if getattr(flow, "instance_class", None) is not kind:
                return None
            return lambda rows, flow, view, tilts, out: writer(rows, flow, view, tilts, out)

        return writer

    return register


def writes_each(kind: type) -> Callable[[_Writer], _Writer]:
    """`writes` of a function that takes one row: (b, flow, view, tilts, out)."""

    def register(writer: _Writer) -> _Writer:
        @overload(propose_rows)  # type: ignore[untyped-decorator, unused-ignore]
        def choose(rows, flow, view, tilts, out):  # type: ignore[no-untyped-def]
            if getattr(flow, "instance_class", None) is not kind:
                return None

            def write(rows, flow, view, tilts, out):  # type: ignore[no-untyped-def]
                for b in rows:
                    writer(b, flow, view, tilts, out)

            return write

        return writer

    return register


_kernels: dict[tuple[object, object], Callable[..., None]] = {}


def kernel_for(flow: Flow, kernel: Callable[..., None]) -> Callable[..., None]:
    """A plain function, compiled for `in_turn` and for one type of flow alone.

    Numba keeps what it compiled of a function in one place and loads all types in there with it:
    under one name every start would import the modules of all flows that were ever played.
    """
    kind = type(flow)
    if (kind, kernel) not in _kernels:
        own = FunctionType(kernel.__code__, kernel.__globals__, kernel.__name__)
        own.__qualname__ = f"{kernel.__qualname__}_{kind.__name__}"
        _kernels[kind, kernel] = njit(cache=True, nogil=True)(own)
    return _kernels[kind, kernel]


class CompiledSession:
    """A `FlowSession` whose events are written by compiled code alone.

    What has an attribute `flow` is played by `engine.fused`, see `engine.parts`.
    """

    group = 1024  # paths; half of them are worth a thread

    def __init__(self, flow: Flow) -> None:
        self.flow = flow

    def propose(self, view: MarketView, tilts: Tilts, out: Proposals) -> None:
        """See `model.order_flow.FlowSession.propose`."""
        rows = np.flatnonzero(view.active)
        in_turn(
            kernel_for(self.flow, _propose), cut(len(rows), self.group), rows, self.flow,
            ViewArrays.of(view), TiltArrays.of(tilts), ProposalArrays.of(out),
        )  # fmt: skip


def _propose(
    counter: Int64,
    cuts: Int64,
    rows: Int64,
    flow: Flow,
    view: ViewArrays,
    tilts: TiltArrays,
    out: ProposalArrays,
) -> None:
    group = take(counter)
    while group < len(cuts) - 1:
        propose_rows(rows[cuts[group] : cuts[group + 1]], flow, view, tilts, out)
        group = take(counter)
