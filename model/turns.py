"""Work that threads take in turn: who is done early takes more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import get_num_threads, types
from numba.extending import intrinsic

from model.events import Int64


@intrinsic  # type: ignore[no-untyped-call, untyped-decorator, unused-ignore]
def _take(context: Any, counter: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.atomic_rmw("add", place, ir.Constant(ir.IntType(64), 1), "monotonic")

    return types.int64(counter), generate


def turns() -> Int64:
    """For as many threads as there are: zeros, of which `take` counts in the first."""
    return np.zeros(get_num_threads(), np.int64)


# What counter[0] was, which is one more from then on: no two threads get the same number.
take = cast(Callable[[Int64], int], _take)
