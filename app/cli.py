"""The command line: `faultline COMMAND`.

A user's mistake is one line on stderr and exit code 2; an interrupt is 130.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from app.commands.anchor import anchor
from app.commands.assets import assets
from app.commands.backtest import backtest
from app.commands.bench import bench
from app.commands.card import card
from app.commands.dashboard import dashboard
from app.commands.demo import demo
from app.commands.evaluate import evaluate
from app.commands.fit import fit
from app.commands.portfolio import portfolio
from app.commands.prepare import prepare
from app.commands.realism import realism
from app.commands.report import report
from app.commands.reverse import rare, reverse
from app.commands.run import run
from app.commands.runs import runs
from app.commands.scenarios import scenarios
from app.commands.sweep import sweep
from app.commands.train import train
from model.errors import FaultlineError

USER_ERROR, BUG, INTERRUPTED = 2, 1, 130

cli = typer.Typer(
    name="faultline",
    help="Stress-test markets with generated order flow, and see how far it may be believed.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.command("demo")(demo)
cli.command("app")(dashboard)
cli.command("run")(run)
cli.command("report")(report)
cli.command("evaluate")(evaluate)
cli.command("realism")(realism)
cli.command("backtest")(backtest)
cli.command("sweep")(sweep)
cli.command("reverse")(reverse)
cli.command("rare")(rare)
cli.command("portfolio")(portfolio)
cli.command("train")(train)
cli.command("anchor")(anchor)
cli.command("fit")(fit)
cli.command("card")(card)
cli.command("bench")(bench)
cli.command("prepare")(prepare)
cli.command("assets")(assets)
cli.add_typer(scenarios, name="scenarios")
cli.add_typer(runs, name="runs")


@cli.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"faultline {installed('faultline')}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Entry point of the console script."""
    sys.exit(invoke(sys.argv[1:]))


def invoke(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; nothing but a bug gets past it.

    Set `FAULTLINE_DEBUG=1` to see the traceback of a bug.
    """
    # Spinning OpenMP threads would take a core away from the simulator. Set before torch loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    command = typer.main.get_command(cli)
    try:
        code = command.main(args=list(arguments), prog_name="faultline", standalone_mode=False)
    except FaultlineError as error:
        return _fail(str(error), USER_ERROR)
    except typer.TyperException as error:
        return _fail(f"{error.format_message()} (see faultline --help)", USER_ERROR)
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except OSError as error:
        if error.filename is None:
            return _bug(error)
        return _fail(f"{error.filename}: {error.strerror}", USER_ERROR)
    except Exception as error:
        return _bug(error)
    return code if isinstance(code, int) else 0


def _fail(message: str, code: int) -> int:
    print(f"faultline: {' '.join(message.split())}", file=sys.stderr)
    return code


def _bug(error: Exception) -> int:
    if os.environ.get("FAULTLINE_DEBUG"):
        raise error
    return _fail(
        f"internal error: {type(error).__name__}: {error} (FAULTLINE_DEBUG=1 shows where)", BUG
    )


if __name__ == "__main__":
    main()
