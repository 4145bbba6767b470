"""Progress on the terminal: on stderr, so that stdout holds results alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from engine.rollout import Progress as RolloutProgress

STEPS = 1000


class RolloutBar:
    """What `rollout_bar` yields: called as `engine.rollout` calls its `progress`.

    A new title may be given as a second argument; `stage` sets what stands behind the bar.
    """

    def __init__(self, bar: Progress, title: str) -> None:
        self._bar, self._title = bar, title
        self._task = bar.add_task(title, total=STEPS, detail="")

    def __call__(self, progress: RolloutProgress, title: str = "") -> None:
        """Show where a rollout is."""
        eta = f"  {progress.eta_s:,.0f} s left" if math.isfinite(progress.eta_s) else ""
        self._bar.update(
            self._task,
            completed=STEPS * progress.fraction,
            description=title or self._title,
            detail=f"{progress.events:,} events  {progress.events_per_s:,.0f}/s{eta}",
        )

    def stage(self, name: str) -> None:
        """Show what is done after the rollout."""
        self._bar.update(self._task, detail=name)


@contextmanager
def rollout_bar(title: str) -> Iterator[RolloutBar]:
    """A bar with events, events/s and ETA."""
    bar = Progress(
        TextColumn("{task.description:<28}"),
        BarColumn(bar_width=28),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[detail]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        yield RolloutBar(bar, title)


@contextmanager
def steps_bar(title: str, total: int) -> Iterator[Callable[[str], None]]:
    """A bar of `total` steps; yields what is called with the name of each step as it begins."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(title, total=total)
        begun = 0

        def step(name: str) -> None:
            nonlocal begun
            bar.update(task, completed=begun, description=f"{title}: {name}")
            begun += 1

        yield step
