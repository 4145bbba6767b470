"""Work that threads take in turn: who is done early takes more."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import get_num_threads, types
from numba.extending import intrinsic

from model.events import Int64

# Paths in a group: no more than have keys and values of a layer in the second cache, and no fewer
# than a tile pays for.
_MOST, _LEAST = 8, 4


def cut(paths: int) -> Int64:
    """Where to cut so many paths into groups, as many for each thread: int64 [groups + 1]."""
    threads = get_num_threads()
    wanted = threads * -(-paths // (threads * _MOST))
    groups = max(1, min(wanted, paths // _LEAST))
    return np.arange(groups + 1) * paths // groups


@intrinsic  # type: ignore[no-untyped-call, untyped-decorator, unused-ignore]
def _take(context: Any, counter: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.atomic_rmw("add", place, ir.Constant(ir.IntType(64), 1), "monotonic")

    return types.int64(counter), generate


# What counter[0] was, which is one more from then on: no two threads get the same number.
take = cast(Callable[[Int64], int], _take)


def in_turn(kernel: Callable[..., None], groups: int, *given: Any) -> None:
    """Call `kernel(counter, *given)` on as many threads as there are, of which each may `take`.

    The kernel is compiled with `nogil`, and done when the counter has come to `groups`.
    """
    counter = np.zeros(1, np.int64)
    helpers = min(get_num_threads(), groups) - 1
    running = [_helpers().submit(kernel, counter, *given) for _ in range(helpers)]
    kernel(counter, *given)
    for one in running:
        one.result()


@cache
def _helpers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), "faultline")


os.register_at_fork(after_in_child=_helpers.cache_clear)  # a fork leaves threads behind
