"""Training: tokens a second of optimiser steps on random sequences."""

from __future__ import annotations

import time

import torch

from app.bench.limits import bf16_flops
from app.bench.models import bench_model
from app.bench.result import Figures, Result, median_and_spread
from app.models import resolve_device
from model.codec import BINS
from model.token_tables import MARGIN_SHAPE

ABOUT = """\
Training: forward, backward and optimiser step (AdamW, bf16 autocast, as `faultline train` does)
on random sequences. events_per_s counts trained events; the limit is six operations a weight and
event at the measured rate of bf16 matrix products, attention and heads not counted."""


def bench_train(
    model: str, batch: int, length: int, repeats: int, device: str, threads: int
) -> Result:
    """Measure optimiser steps of a bundled model or a preset."""
    device = resolve_device(device)
    torch.set_num_threads(threads)
    flow = bench_model(model, device)
    network, tokenizer = flow.network.to(device).train(), flow.checkpoint.tokenizer
    optimizer = torch.optim.AdamW(network.parameters(), fused=device != "cpu")
    torch.manual_seed(1)
    sizes = [len(table.weight) for table in network.embedding.tables]
    columns = torch.stack([torch.randint(n, (batch, length)) for n in sizes], -1).to(device)
    targets = torch.stack([torch.randint(n, (batch, length)) for n in BINS], -1).to(device)
    margins = torch.zeros(batch, *MARGIN_SHAPE, device=device)
    rates = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        with torch.autocast(device.split(":")[0], dtype=torch.bfloat16):
            loss = network(columns, targets, margins).sum(-1).mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        float(loss.detach())  # waits for a GPU
        rates.append(batch * length / (time.perf_counter() - began))
    weights = sum(p.numel() for block in network.blocks for p in block.parameters())
    limit = bf16_flops(device) / (6.0 * weights)
    figures: Figures = {
        "benchmark": "train", "device": device, "model": model, "batch": batch,
        "length": length, "context": flow.checkpoint.config.settings.window,
        "threads": threads, "contexts": len(tokenizer.contexts),
    }  # fmt: skip
    return Result(
        ABOUT,
        figures
        | median_and_spread("events_per_s", rates[1:])
        | median_and_spread("share_of_limit", [rate / limit for rate in rates[1:]]),
    )
