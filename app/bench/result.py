"""What a benchmark hands back, and how it is printed."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.manifest import hardware, versions

Value = str | int | float | bool | None
Figures = dict[str, Value]


@dataclass(frozen=True)
class Result:
    """One benchmark: a paragraph on what is measured, and its figures by name.

    `figures` become the JSON line; see `HEAD` for those that every one has.
    """

    about: str
    figures: Figures


# None where a figure means nothing to a benchmark.
HEAD = ("benchmark", "events_per_s", "share_of_limit", "device", "paths", "context", "model")


def median_and_spread(name: str, values: Sequence[float]) -> Figures:
    """Median of repeats under `name`, least and most beside it."""
    return {
        name: _short(statistics.median(values)),
        f"{name}_min": _short(min(values)),
        f"{name}_max": _short(max(values)),
    }


def show(result: Result, echo: Callable[[str], None]) -> None:
    """Print a result: paragraph, machine, versions, figures, and one JSON line at the end."""
    echo(result.about)
    echo("hardware: " + ", ".join(f"{k} {v}" for k, v in hardware().items()))
    echo("versions: " + ", ".join(f"{k} {v}" for k, v in versions().items()))
    echo(f"load average: {os.getloadavg()[0]:.1f}")
    figures: Figures = {**dict.fromkeys(HEAD), **result.figures}
    for name, value in figures.items():
        if value is not None:
            echo(f"  {name:34} {value:,}" if isinstance(value, int) else f"  {name:34} {value}")
    echo(json.dumps(figures))


def _short(value: float) -> float | int:
    """Three digits behind the point for small numbers, none for large ones."""
    return round(value) if abs(value) >= 1000 else float(f"{value:.4g}")
