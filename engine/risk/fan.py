"""Plot-ready summary of a run: quantile bands over time, a few paths, all losses."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from engine.risk.liquidity import BAND_LEVELS, quantile_bands
from engine.risk.paths import PairedPaths, PairedRun, QuoteSample, mid_returns_bp
from model.events import NS_PER_S, Float64

SAMPLE_PATHS = 5

Row = tuple[float, ...]


class ArmBands(BaseModel):
    """One arm. A band is a row for each of `Bands.levels`, a value for each of `Bands.time_s`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mid_return_bp: tuple[Row, ...]
    spread_ticks: tuple[Row, ...]
    touch_depth: tuple[Row, ...]
    sample_mid_return_bp: tuple[Row, ...]  # the first paths, the same in both arms
    loss_bp: Row  # of a long position over the horizon, a value a path


class Bands(BaseModel):
    """Both arms on one clock, seconds from the start of the horizon; depth: both sides."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    time_s: Row
    levels: Row
    windows_s: tuple[tuple[float, float], ...]  # of the shocks, in the scenario's order
    unshocked: ArmBands
    shocked: ArmBands


def bands(run: PairedRun, levels: tuple[float, ...] = BAND_LEVELS) -> Bands:
    """Quantile bands of mid return, spread and touch depth each second, and the losses."""
    paths = PairedPaths(run)
    unshocked, shocked = (
        _arm(sample, returns, levels)
        for sample, returns in zip(paths.arms, paths.returns_bp, strict=True)
    )
    return Bands(
        time_s=tuple((paths.grid_ns / NS_PER_S).tolist()),
        levels=levels,
        windows_s=tuple(shock.window_s for shock in run.spec.scenario.shocks),
        unshocked=unshocked,
        shocked=shocked,
    )


def _arm(sample: QuoteSample, returns_bp: Float64, levels: tuple[float, ...]) -> ArmBands:
    moves = mid_returns_bp(sample.mid_ticks)
    return ArmBands(
        mid_return_bp=_rows(quantile_bands(moves, levels)),
        spread_ticks=_rows(quantile_bands(sample.spread_ticks, levels)),
        touch_depth=_rows(quantile_bands(sample.touch_depth, levels)),
        sample_mid_return_bp=_rows(moves[:SAMPLE_PATHS]),
        loss_bp=tuple((-returns_bp).tolist()),
    )


def _rows(values: Float64) -> tuple[Row, ...]:
    return tuple(tuple(row) for row in values.tolist())
