"""Work that threads take in turn: who is done early takes more."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import get_num_threads, types
from numba.extending import intrinsic

from model.events import Int64

GROUP = 8  # paths whose keys and values of a layer the second cache holds; half of them fill a tile


def cut(paths: int, most: int = GROUP) -> Int64:
    """Where to cut so many paths into groups, as many for each thread: int64 [groups + 1].

    A group has `most` paths at most, and half of that at least where there are so many.
    """
    threads = get_num_threads()
    wanted = threads * -(-paths // (threads * most))
    groups = max(1, min(wanted, 2 * paths // most))
    return np.arange(groups + 1) * paths // groups


@intrinsic  # type: ignore[no-untyped-call, untyped-decorator, unused-ignore]
def _take(context: Any, counter: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.atomic_rmw("add", place, ir.Constant(ir.IntType(64), 1), "monotonic")

    return types.int64(counter), generate


# What counter[0] was, which is one more from then on: no two threads get the same number.
take = cast(Callable[[Int64], int], _take)


def in_turn(kernel: Callable[..., None], cuts: Int64, *given: Any) -> None:
    """Call `kernel(counter, cuts, *given)` on several threads, of which each may `take` groups.

    The kernel is compiled with `nogil`, and done when the counter has come to the last group.
    """
    counter = np.zeros(1, np.int64)
    helpers = min(get_num_threads(), len(cuts) - 1) - 1
    asked = [_helpers().submit(kernel, counter, cuts, *given) for _ in range(helpers)]
    try:
        kernel(counter, cuts, *given)
    finally:  # no thread goes on once this returns, however it does
        begun = [one for one in asked if not one.cancel()]
        wait(begun)
    for one in begun:
        one.result()


@cache
def _helpers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), "faultline")


os.register_at_fork(after_in_child=_helpers.cache_clear)  # a fork leaves threads behind
