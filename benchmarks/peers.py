"""Faultline beside its peers, in one run on one machine.

Order books: the same stream of adds, crossing orders and cancels by id. Decoders: one event of
every path by the compiled decoder, by torch eager with a cache, and the plain way to roll: one path
at a time, the whole window through the network, no cache. Hawkes: the same process simulated by
Faultline and by the package tick. CPU time, which a busy machine disturbs little; medians of
repeats. What is not installed is left out (`pip install -r benchmarks/requirements.txt`, the extra
`tick`). Ends with one JSON line.

Run: python -m benchmarks.peers [--messages 20000] [--paths 64] [--repeats 3]
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import statistics
from collections.abc import Callable
from decimal import Decimal
from importlib.util import find_spec
from time import process_time

import numpy as np
import torch

from app.manifest import hardware, versions
from engine.replay import MessageStream
from model.catalogue import assets_dir
from model.checkpoint import load_checkpoint
from model.decoder import Decoder, TorchDecoder
from model.decoder_cpu import CpuDecoder
from model.events import Action, Events, EventsMeta, Int64, Recording
from model.transformer import Transformer

HELD = 200  # orders that the stream keeps in the book, about


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--paths", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    network = load_checkpoint(assets_dir() / "models" / "small").transformer()
    figures = books(given.messages, given.repeats) | decoders(network, given.paths, given.repeats)
    if find_spec("tick") is not None:
        figures |= hawkes()
    print(__doc__)
    print("hardware:", hardware())
    print("versions:", versions())
    for name, value in figures.items():
        print(f"  {name:44} {value:,.0f}")
    result = {"benchmark": "peers", "paths": given.paths, "messages": given.messages}
    print(json.dumps(result | {name: round(value) for name, value in figures.items()}))


def per_second(task: Callable[[], object], units: int, repeats: int) -> float:
    """Median of units a second of CPU time, after one run that is not counted."""
    spent = []
    for _ in range(repeats + 1):
        began = process_time()
        task()
        spent.append(process_time() - began)
    return units / statistics.median(spent[1:])


def messages(count: int) -> list[tuple[int, int, int, int, int]]:
    """(action, side, price, size, id): adds near 10,000, now and then one that crosses, cancels."""
    rng = np.random.default_rng(1)
    out: list[tuple[int, int, int, int, int]] = []
    live: list[tuple[int, int, int, int]] = []
    for i in range(count):
        side = int(rng.integers(2))
        if len(live) > HELD and rng.random() < 0.6:
            out.append((int(Action.CANCEL), *live.pop(int(rng.integers(len(live))))))
            continue
        away = -3 if rng.random() < 0.05 else 1 + int(rng.geometric(0.2))
        order = (side, 10_000 + (away if side else -away), 100, i)
        live.append(order)
        out.append((int(Action.ADD), *order))
    return out


def books(count: int, repeats: int) -> dict[str, float]:
    """Messages a second of each book."""
    stream = messages(count)
    columns = np.array(stream).T
    events = Events(
        np.arange(count), columns[0].astype(np.int8), columns[1].astype(np.int8), columns[2].copy(),
        columns[3].copy(), columns[4].copy(), EventsMeta("PEERS"),
    )  # fmt: skip
    ours = MessageStream(Recording(events))
    found = {"book_faultline_messages_per_s": per_second(ours.run, count, repeats)}
    for name, run in (("lightmatchingengine", light), ("pyorderbook", py_order_book)):
        if find_spec(name) is not None:
            rate = per_second(lambda run=run: run(stream), count, repeats)
            found[f"book_{name}_messages_per_s"] = rate
    return found


def light(stream: list[tuple[int, int, int, int, int]]) -> None:
    """The stream through lightmatchingengine, which numbers the orders itself."""
    package = importlib.import_module("lightmatchingengine.lightmatchingengine")
    engine, numbers = package.LightMatchingEngine(), {}
    for action, side, price, size, order in stream:
        if action == Action.ADD:
            made, _ = engine.add_order("A", price, size, 1 + side)
            numbers[order] = made.order_id
        else:
            engine.cancel_order(numbers[order], "A")


def py_order_book(stream: list[tuple[int, int, int, int, int]]) -> None:
    """The stream through pyorderbook; orders that are gone cannot be cancelled there."""
    package = importlib.import_module("pyorderbook")
    logging.getLogger("pyorderbook.book").setLevel(logging.CRITICAL)
    book, orders = package.Book(), {}
    for action, side, price, size, order in stream:
        if action == Action.ADD:
            make = package.ask if side else package.bid
            orders[order] = make("A", Decimal(price), size)
            book.match(orders[order])
        elif book.get_order(orders[order].id) is not None:
            book.cancel(orders[order])


def decoders(network: Transformer, paths: int, repeats: int) -> dict[str, float]:
    """Events a second of CPU time, network and sampling, by three ways to write them."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    window = network.settings.window
    sizes = [len(table.weight) for table in network.embedding.tables]
    columns = np.stack([rng.integers(0, size, paths) for size in sizes], axis=1)
    made: dict[str, Decoder] = {
        "compiled": CpuDecoder(network, paths), "torch_eager": TorchDecoder(network, paths, "cpu"),
    }  # fmt: skip
    rows, draws, none = np.arange(paths), rng.random((paths, 5)), np.zeros(paths)
    found = {}
    for name, decoder in made.items():
        for _ in range(window):
            decoder.advance(rows, columns)

        def move(decoder: Decoder = decoder) -> None:
            for _ in range(5):
                decoder.advance(rows, columns)
                decoder.sample(rows, draws, none)

        found[f"decoder_{name}_events_per_s"] = per_second(move, 5 * paths, repeats)
    history = np.repeat(columns[:1], window, axis=0)
    alone = TorchDecoder(network, 1, "cpu")
    found["decoder_no_cache_one_path_events_per_s"] = per_second(
        lambda: [no_cache(network, alone, history, draws[:1]) for _ in range(5)], 5, repeats
    )
    return found


def no_cache(network: Transformer, decoder: TorchDecoder, history: Int64, draws: object) -> None:
    """One event of one path: the whole window through the network, the heads on its last state."""
    with torch.no_grad():
        decoder.hidden[:] = network.hidden(torch.from_numpy(history)[None])[:, -1]
    decoder.sample(np.zeros(1, np.int64), draws, np.zeros(1))  # type: ignore[arg-type]


def hawkes(events: int = 50_000) -> dict[str, float]:
    """Events a second of the same process, 12 streams of spectral radius 0.8, three decays."""
    from tick.hawkes import SimuHawkesSumExpKernels

    from stylized_facts.baselines import HawkesSettings
    from stylized_facts.baselines.hawkes_simulation import simulate, spectral_radius
    from stylized_facts.baselines.streams import STREAMS

    betas, mu = HawkesSettings(decays=3).betas, np.full(STREAMS, 0.1)
    alpha = np.random.default_rng(0).random((STREAMS, STREAMS, 3))
    alpha *= 0.8 / spectral_radius(alpha.sum(axis=2))

    def ours() -> None:
        simulate(mu, alpha, betas, 1e9, seed=1, max_events=events)

    def theirs() -> None:
        SimuHawkesSumExpKernels(
            alpha, betas, baseline=mu, max_jumps=events, seed=1, verbose=False
        ).simulate()

    return {
        "hawkes_faultline_events_per_s": per_second(ours, events, 3),
        "hawkes_tick_events_per_s": per_second(theirs, events, 1),
    }


if __name__ == "__main__":
    main()
