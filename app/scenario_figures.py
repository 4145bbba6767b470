"""Small pictures of what a scenario does, for the documentation."""

from __future__ import annotations

from pathlib import Path

from app.charts.mpl_renderer import to_svg
from app.charts.stress import shock_spans, time_band
from app.stress import check_spec, run_stress
from engine.risk import bands
from engine.runs.atomic import write_atomic
from engine.spec import RunSpec

WIDTH_IN, HEIGHT_IN = 4.4, 1.7


def draw_scenario(spec: RunSpec, out: Path) -> list[Path]:
    """Run `spec` and draw mid price and spread of both arms over time.

    Returns
    -------
    list of Path
        The pictures: NAME-mid_return_bp.svg and NAME-spread_ticks.svg in `out`.

    Raises
    ------
    FaultlineError
        The spec cannot be run.
    """
    check_spec(spec)
    summary = bands(run_stress(spec))
    paths = []
    for column, unit in (("mid_return_bp", "bp"), ("spread_ticks", "ticks")):
        chart = time_band(summary, shock_spans(spec.scenario), spec.asset, column, unit)
        path = out / f"{spec.scenario.name}-{column}.svg"
        write_atomic(path, to_svg(chart, WIDTH_IN, HEIGHT_IN))
        paths.append(path)
    return paths
