"""`faultline bench`: how fast this machine is at what Faultline does."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.options import Data, Device

if TYPE_CHECKING:
    from app.bench.result import Result


class Benchmark(StrEnum):
    """What can be measured."""

    ORDERBOOK = "orderbook"
    ROLLOUT = "rollout"
    HAWKES = "hawkes"
    FACTS = "facts"
    TRAIN = "train"
    ALL = "all"


def bench(
    what: Annotated[Benchmark, typer.Argument(help="What to measure.")] = Benchmark.ROLLOUT,
    model: Annotated[
        str, typer.Option(help="Bundled model, checkpoint, or a preset with random weights.")
    ] = "small",
    paths: Annotated[int, typer.Option(min=1, help="Paths of a rollout, shocked and not.")] = 64,
    horizon: Annotated[float, typer.Option(min=200.0, help="Seconds of market of a rollout.")] = (
        300.0
    ),
    context: Annotated[
        int | None, typer.Option(min=2, max=65_536, help="Window of a preset [default: its own]")
    ] = None,
    events: Annotated[
        int, typer.Option(min=20_000, help="Events of hawkes and facts.")
    ] = 1_000_000,
    repeats: Annotated[int, typer.Option(min=1, help="Repeats of each figure.")] = 3,
    threads: Annotated[int, typer.Option(min=0, help="Threads [default: all cores]")] = 0,
    data: Data = None,
    device: Device = "auto",
) -> None:
    """Measure speed: what was measured, medians, share of the limit, one JSON line at the end."""
    import os

    from numba import get_num_threads, set_num_threads

    from app.bench.result import show

    cores = threads or len(os.sched_getaffinity(0))
    set_num_threads(min(cores, get_num_threads()))

    def orderbook() -> Result:
        from app.bench.orderbook import bench_orderbook

        return bench_orderbook(data, repeats)

    def rollout() -> Result:
        from app.bench.rollout import bench_rollout

        return bench_rollout(model, paths, horizon, repeats, device, cores, context)

    def hawkes() -> Result:
        from app.bench.hawkes import bench_hawkes

        return bench_hawkes(events, decays=3, paths=2 * paths)

    def facts() -> Result:
        from app.bench.facts import bench_facts

        return bench_facts(events, resamples=200)

    def train() -> Result:
        from app.bench.train import bench_train

        return bench_train(model, 32, 256, repeats, device, cores)

    known: dict[Benchmark, Callable[[], Result]] = {
        Benchmark.ORDERBOOK: orderbook, Benchmark.ROLLOUT: rollout, Benchmark.HAWKES: hawkes,
        Benchmark.FACTS: facts, Benchmark.TRAIN: train,
    }  # fmt: skip
    for name, measure in known.items():
        if what in (name, Benchmark.ALL):
            show(measure(), typer.echo)
