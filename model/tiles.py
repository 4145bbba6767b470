"""Products of a few rows with packed weights, written straight into vector instructions.

BLAS is made for large matrices: it copies them into its own layout at every call, and how it sums
depends on how many rows there are. Here each number of a product is one chain of fused
multiply-adds in the order of the inner index, so that a row comes out the same, bit for bit,
whatever rows are beside it, and weights are packed once, into panels of `PANEL` columns that are
read front to back.

The arithmetic leaves the memory idle, so every product can fetch what is read after it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from model.events import Int64

PANEL = 32  # columns of a tile
_LANES = 16
_LINE = 16  # numbers in a line of the cache
_READ, _SECOND_CACHE, _DATA = 0, 2, 1  # what a prefetch is for
Float32 = npt.NDArray[np.float32]


class Ahead(NamedTuple):
    """Numbers that will be read soon: blocks of `each` numbers of an array, from `starts` on."""

    array: Float32
    starts: Int64
    each: int


def panels(columns: int) -> int:
    """How many panels hold so many columns."""
    return -(-columns // PANEL)


def pack_panels(weights: Float32) -> Float32:
    """Matrices [n, inner, columns] as [n, panels, inner, PANEL], zeros behind the last column."""
    n, inner, columns = weights.shape
    padded = np.zeros((n, inner, panels(columns) * PANEL), np.float32)
    padded[:, :, :columns] = weights
    return np.ascontiguousarray(padded.reshape(n, inner, -1, PANEL).swapaxes(1, 2))


def _tile(rows: int) -> Callable[..., None]:
    """Compiled out[r, :PANEL] = sum over i of x[r, i] * w[i, :PANEL], for r < `rows`.

    See `product` for the arguments.
    """

    @intrinsic  # type: ignore[no-untyped-call, untyped-decorator, unused-ignore]
    def tile(
        context: Any, x: Any, x0: Any, dx: Any, w: Any, w0: Any, dw: Any, inner: Any,
        out: Any, out0: Any, dout: Any, soon: Any, soon0: Any, dsoon: Any,
    ) -> Any:  # fmt: skip
        whole = types.intp
        signature = types.void(
            x, whole, whole, w, whole, whole, whole, out, whole, whole, soon, whole, whole
        )

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            x, x0, dx, w, w0, dw, inner, out, out0, dout, soon, soon0, dsoon = (
                context.make_array(kind)(context, builder, arg).data
                if isinstance(kind, types.Array)
                else arg
                for kind, arg in zip(signature.args, args, strict=True)
            )
            byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
            vector, index = ir.VectorType(ir.FloatType(), _LANES), x0.type
            splat = ir.Constant(ir.VectorType(number, _LANES), [0] * _LANES)
            nothing = ir.Constant(vector, ir.Undefined)
            declare: Any = cgutils.get_or_insert_function
            fma = declare(
                builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fma.v{_LANES}f32"
            )
            prefetch = declare(
                builder.module,
                ir.FunctionType(ir.VoidType(), [byte, number, number, number]),
                "llvm.prefetch.p0",
            )

            def element(array: Any, first: Any, distance: Any, row: int) -> Any:
                offset = builder.mul(distance, ir.Constant(index, row))
                return builder.gep(array, [builder.add(first, offset)])

            def vectors(start: Any) -> list[Any]:
                places = [ir.Constant(index, at) for at in range(0, PANEL, _LANES)]
                return [
                    builder.bitcast(builder.gep(start, [p]), vector.as_pointer()) for p in places
                ]

            starts = [element(x, x0, dx, r) for r in range(rows)]
            before, loop = builder.block, builder.append_basic_block("inner")
            after = builder.append_basic_block("done")
            weights, wanted = element(w, w0, dw, 0), element(soon, soon0, dsoon, 0)
            builder.branch(loop)
            builder.position_at_end(loop)
            i, at, line = (builder.phi(kind) for kind in (index, weights.type, wanted.type))
            line.add_incoming(wanted, before)
            i.add_incoming(ir.Constant(index, 0), before)
            at.add_incoming(weights, before)
            sums = [[builder.phi(vector) for _ in range(PANEL // _LANES)] for _ in range(rows)]
            parts = [builder.load(place, align=4) for place in vectors(at)]
            builder.call(
                prefetch,
                [
                    builder.bitcast(line, byte),
                    *(ir.Constant(number, n) for n in (_READ, _SECOND_CACHE, _DATA)),
                ],
            )
            line.add_incoming(builder.gep(line, [dsoon]), loop)
            totals = []
            for start, own in zip(starts, sums, strict=True):
                one = builder.insert_element(
                    nothing, builder.load(builder.gep(start, [i])), ir.Constant(number, 0)
                )
                all_lanes = builder.shuffle_vector(one, nothing, splat)
                totals.append(
                    [builder.call(fma, [all_lanes, p, s]) for p, s in zip(parts, own, strict=True)]
                )
            for own, total in zip(sums, totals, strict=True):
                for old, new in zip(own, total, strict=True):
                    old.add_incoming(ir.Constant(vector, None), before)
                    old.add_incoming(new, loop)
            following = builder.add(i, ir.Constant(index, 1))
            i.add_incoming(following, loop)
            at.add_incoming(builder.gep(at, [dw]), loop)
            builder.cbranch(builder.icmp_signed("<", following, inner), loop, after)
            builder.position_at_end(after)
            for r, total in enumerate(totals):
                for place, value in zip(vectors(element(out, out0, dout, r)), total, strict=True):
                    builder.store(value, place, align=4)
            return context.get_dummy_value()

        return signature, generate

    return tile


_tile8, _tile4, _tile2, _tile1 = (_tile(rows) for rows in (8, 4, 2, 1))


@njit(cache=True)
def product(
    rows: int,
    inner: int,
    x: Float32,
    x0: int,
    dx: int,
    w: Float32,
    w0: int,
    dw: int,
    out: Float32,
    out0: int,
    dout: int,
    soon: Float32,
    soon0: int,
    dsoon: int,
) -> None:
    """One panel of a product: out [rows, PANEL] = x [rows, inner] @ w [inner, PANEL].

    Each array is float32 without gaps, of any shape, followed by the index of its first element in
    it and the distance between two rows. `inner` is at least 1. At each step of the inner index the
    cache is asked for one element of `soon`, the next one at each step.
    """
    r = 0
    while r + 8 <= rows:
        _tile8(x, x0 + r * dx, dx, w, w0, dw, inner, out, out0 + r * dout, dout, soon, soon0, dsoon)
        r += 8
    if r + 4 <= rows:
        _tile4(x, x0 + r * dx, dx, w, w0, dw, inner, out, out0 + r * dout, dout, soon, soon0, dsoon)
        r += 4
    if r + 2 <= rows:
        _tile2(x, x0 + r * dx, dx, w, w0, dw, inner, out, out0 + r * dout, dout, soon, soon0, dsoon)
        r += 2
    if r < rows:
        _tile1(x, x0 + r * dx, dx, w, w0, dw, inner, out, out0 + r * dout, dout, soon, soon0, dsoon)


@njit(cache=True)
def multiply(
    rows: int, x: Float32, weights: Float32, n: int, out: Float32, ahead: Ahead, done: int
) -> int:
    """First `rows` of `x` [R, inner at least] times packed matrix `n` of `weights` into `out`.

    `weights` [matrices, panels, inner, PANEL], see `pack_panels`; `out` [R, panels * PANEL].
    Meanwhile what is read soon after is fetched: `ahead`, of which `done` numbers are there.

    Returns
    -------
    int
        How many are there now.
    """
    array, starts, each = ahead
    count, inner = weights.shape[1], weights.shape[2]
    dx, dout, size = x.shape[1], out.shape[1], inner * PANEL
    for p in range(count):
        w0 = (n * count + p) * size
        for r in range(0, rows, 8):
            fetching = done < each * len(starts)
            soon0 = starts[done // each] + done % each if fetching else 0
            product(
                min(8, rows - r), inner, x, r * dx, dx, weights, w0, PANEL, out,
                r * dout + p * PANEL, dout, array, soon0, _LINE if fetching else 0,
            )  # fmt: skip
            done += inner * _LINE
    return done
