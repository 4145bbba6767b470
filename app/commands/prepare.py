"""`faultline prepare`: compile what is compiled on first use, once, ahead of the first run."""

from __future__ import annotations

import typer


def prepare() -> None:
    """Compile the engine and the models (about a minute); later starts take it from the cache."""
    from app.stress import run_stress
    from engine.scenario import load_scenario
    from engine.spec import RunSpec

    for model in ("small", "hawkes", "zero-intelligence"):
        typer.echo(f"compiling for {model}")
        scenario = load_scenario("flash_crash")
        run_stress(RunSpec(asset="AMZN", scenario=scenario, model=model, paths=2, max_events=20))
