"""What the commands for studies share: a bar, the files, and the answer in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from model.errors import FaultlineError

if TYPE_CHECKING:
    from app.studies.report import StudyReport
    from engine.rollout import Progress

    Play = Callable[[Callable[[Progress], None]], StudyReport]


def play_and_say(play: Play, title: str, out: Path, *files: str) -> None:
    """Play a study under a bar, write what came out, print the answer and where the files are.

    Raises
    ------
    FaultlineError
        The question has no answer; what was found is written all the same.
    """
    from app.commands.progress import rollout_bar
    from app.studies.report import RESULT, write_study

    with rollout_bar(title) as bar:
        report = play(lambda progress: bar(progress, progress.stage))
    write_study(report, out)
    if report.failure:
        raise FaultlineError(report.failure)
    typer.echo(report.title)
    typer.echo(report.verdict)
    for answer in report.answers:
        note = f" ({answer.note})" if answer.note else ""
        typer.echo(f"- {answer.label}: {answer.value}{note}")
    for remark in report.remarks:
        typer.echo(f"- {remark}")
    for name in (*files, "study.html", RESULT):
        typer.echo(str(out / name))
