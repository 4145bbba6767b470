"""`faultline demo`: the whole job without a screen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.options import DEFAULT_FORMATS, Device, Results, Seed


def demo(
    out: Results = Path("out/demo"),
    paths: Annotated[int, typer.Option(help="Paths; each runs with and without the shock.")] = 64,
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """AMZN through a flash crash: 64 paths of four minutes, report in HTML, PDF and JSON."""
    from app.commands.run import run_and_report
    from app.stress import build_spec

    spec = build_spec("AMZN", "flash_crash", paths=paths, horizon_s=240.0, seed=seed, device=device)
    run_and_report(spec, out, DEFAULT_FORMATS)
