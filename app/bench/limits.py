"""What the machine could do at best: measured arithmetic and bandwidth, cost of an event."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from model.codec import BINS, VOCABULARY
from model.presets import ModelSettings

_LEAST_S = 0.25  # of each measurement


class Peak(NamedTuple):
    """Measured rates of a device, all its cores together."""

    flops: float  # floating-point operations a second, large matrix products
    bytes_per_s: float  # read from memory


class EventCost(NamedTuple):
    """What one event of one path costs a decoder at least."""

    flops: float
    bytes: float  # keys and values read, and a share of the weights


def event_cost(
    settings: ModelSettings, number_bytes: int = 4, batch: float = math.inf
) -> EventCost:
    """Operations and bytes of one event with a full window, from the shape of the network.

    Matrix products (two operations a weight and event) of blocks and heads, and attention of one
    query over the window; what is neither (norms, exponentials, book) counts as free.

    Parameters
    ----------
    settings : ModelSettings
    number_bytes : of a weight, a key and a value
    batch : paths for which weights are read from memory once; infinity: they stay in caches
    """
    s = settings
    kv = s.d_model // s.heads * s.kv_heads
    block = s.d_model * (2 * s.d_model + 2 * kv + 3 * s.d_ff)
    if s.head == "composite":
        head = s.d_model * VOCABULARY
    else:
        head = s.head_hidden * (len(BINS) * s.d_model + sum(BINS))
    weights = s.layers * block + head
    return EventCost(
        2.0 * (weights + s.layers * 2 * s.window * s.d_model),
        number_bytes * (s.layers * 2 * s.window * kv + weights / batch),
    )


def limit_events_per_s(cost: EventCost, peak: Peak) -> float:
    """Events a second that neither arithmetic nor memory lets a decoder exceed (roofline)."""
    return 1.0 / max(cost.flops / peak.flops, cost.bytes / peak.bytes_per_s)


def measure_peak(device: str, threads: int) -> tuple[Peak, Peak]:
    """Matrix products and memory reads on `threads` cores at once, or on a CUDA device.

    Returns
    -------
    tuple
        By the clock, and by CPU time: what the cores would do if nothing else ran on them. On a
        CUDA device both are the same.
    """
    if device.startswith("cuda"):
        peak = _cuda_peak(device)
        return peak, peak
    side = 768
    a = np.ones((side, side), np.float32)
    outs = [np.empty_like(a) for _ in range(threads)]
    long = [np.ones(1 << 25, np.float32) for _ in range(threads)]  # 128 MiB, beyond any cache
    # A product that spread over cores would not be what one core can do.
    with ThreadPoolExecutor(threads) as pool, threadpool_limits(1, "blas"):
        products = _rates(pool, [partial(np.matmul, a, a, out=out) for out in outs])
        reads = _rates(pool, [partial(np.dot, x, x) for x in long])
    flops, size = 2.0 * side**3, float(long[0].nbytes)
    return Peak(products[0] * flops, reads[0] * size), Peak(products[1] * flops, reads[1] * size)


def _rates(pool: ThreadPoolExecutor, tasks: Sequence[Callable[[], object]]) -> tuple[float, float]:
    """Calls a second of all tasks together, each in a thread of its own: wall clock, CPU time."""

    def work(task: Callable[[], object]) -> tuple[float, float]:
        task()
        calls, wall, cpu = 0, time.perf_counter(), time.thread_time()
        while time.perf_counter() - wall < _LEAST_S:
            task()
            calls += 1
        return calls / (time.perf_counter() - wall), calls / (time.thread_time() - cpu)

    rates = list(pool.map(work, tasks))
    return sum(rate for rate, _ in rates), sum(rate for _, rate in rates)


def _cuda_peak(device: str) -> Peak:
    """bf16 matrix products and device-to-device copies (read and written bytes count)."""
    source = torch.empty(1 << 30, device=device, dtype=torch.uint8)
    target = torch.empty_like(source)
    copied = _seconds(lambda: target.copy_(source), device)
    return Peak(bf16_flops(device), 2.0 * source.numel() / copied)


def bf16_flops(device: str) -> float:
    """Operations a second of bf16 matrix products, on as many threads as torch is told to use."""
    side = 8192 if device.startswith("cuda") else 1024
    a = torch.randn(side, side, device=device, dtype=torch.bfloat16)
    return 2.0 * side**3 / _seconds(lambda: a @ a, device)


def _seconds(task: Callable[[], object], device: str, calls: int = 20) -> float:
    """Mean time of a call, after one that is not counted."""

    def finished() -> float:
        if device.startswith("cuda"):
            torch.cuda.synchronize(device)
        return time.perf_counter()

    task()
    began = finished()
    for _ in range(calls):
        task()
    return (finished() - began) / calls
