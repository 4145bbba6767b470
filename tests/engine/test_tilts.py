"""The tilts in force, and the clock of a flow whose rate is tilted."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from engine.shocks.plan import ShockPlan, Tilt
from engine.tilts import TiltTable, advance, compile_tilts, flow_time, tilt_at

Row = tuple[Tilt, int, int, int, float]  # kind, start, end, ramp, value


def plan(*rows: Row) -> ShockPlan:
    kind, start, end, ramp, value = zip(*rows, strict=True) if rows else [()] * 5
    return replace(
        ShockPlan.empty(),
        tilt_kind=np.array(kind, np.int8),
        tilt_start_ns=np.array(start, np.int64),
        tilt_end_ns=np.array(end, np.int64),
        tilt_ramp_ns=np.array(ramp, np.int64),
        tilt_value=np.array(value, np.float64),
    )


def expected(rows: list[Row], kind: Tilt, time: float) -> float:
    total = 0.0
    for own, start, end, ramp, value in rows:
        if own is kind and start <= time < end:
            total += value * (min(1.0, (time - start) / ramp, (end - time) / ramp) if ramp else 1.0)
    return total


ROW = st.builds(
    lambda kind, start, length, ramp, value: (kind, start, start + length, ramp, value),
    st.sampled_from(list(Tilt)),
    st.integers(0, 1000),
    st.integers(2, 1000),
    st.integers(0, 700),
    st.floats(-3, 3),
)


@given(st.lists(ROW, max_size=4), st.integers(0, 2500))
@settings(max_examples=200, deadline=None)
def test_sum_of_the_rows_in_force(rows: list[Row], time: int) -> None:
    table = compile_tilts(plan(*rows))
    for kind in Tilt:
        # A row of odd length bends between two nanoseconds; the table bends on the one before.
        slack = sum(abs(row[4]) / row[3] for row in rows if row[3])
        assert tilt_at(table, int(kind), time) == pytest.approx(
            expected(rows, kind, time), abs=1e-9 + slack
        )


def test_edges_of_a_window() -> None:
    table = compile_tilts(
        plan((Tilt.PRESSURE, 100, 200, 0, 1.5), (Tilt.PRESSURE, 150, 300, 50, 1.0))
    )
    at = {t: tilt_at(table, Tilt.PRESSURE, t) for t in (0, 99, 100, 175, 199, 200, 225, 275, 300)}
    assert at == pytest.approx(
        {0: 0, 99: 0, 100: 1.5, 175: 2.0, 199: 2.48, 200: 1.0, 225: 1.0, 275: 0.5, 300: 0}
    )


def test_no_limit_orders_at_all_is_finite() -> None:
    table = compile_tilts(plan((Tilt.KEEP_LIMIT_BUY, 0, 100, 10, -math.inf)))
    assert tilt_at(table, Tilt.KEEP_LIMIT_BUY, 0) == 0.0
    assert math.exp(tilt_at(table, Tilt.KEEP_LIMIT_BUY, 50)) < 1e-20


@given(st.lists(ROW, max_size=3), st.integers(0, 2000), st.integers(1, 5000))
@settings(max_examples=200, deadline=None)
def test_clock_of_the_flow_runs_at_the_tilted_rate(rows: list[Row], start: int, dt: int) -> None:
    scale = 1_000_000  # so that rounding to nanoseconds does not matter
    rows = [(Tilt.RATE, a * scale, b * scale, ramp * scale, v) for _, a, b, ramp, v in rows]
    table = compile_tilts(plan(*rows))
    end = advance(table, start * scale, dt * scale)
    edges = [t for _, a, b, r, _ in rows for t in (a, a + r, (a + b) / 2, b - r, b)]
    cuts = [start * scale, *sorted(e for e in edges if start * scale < e < end), end]
    passed = sum(
        quad(lambda t: math.exp(expected(rows, Tilt.RATE, t)), a, b)[0]
        for a, b in zip(cuts[:-1], cuts[1:], strict=True)
    )
    assert passed == pytest.approx(dt * scale, rel=1e-6, abs=30)
    assert flow_time(table, start * scale, end) == pytest.approx(passed, rel=1e-6, abs=30)


def table_of(*rows: Row) -> TiltTable:
    return compile_tilts(plan(*rows))


def test_twice_the_rate_halves_the_time() -> None:
    table = table_of((Tilt.RATE, 0, 10**9, 0, math.log(2.0)))
    assert advance(table, 500, 1000) == 1000


def test_a_window_that_ends_before_the_event() -> None:
    table = table_of((Tilt.RATE, 100, 200, 0, math.log(10.0)))
    # 100 ns at rate 1, 100 ns at rate 10, the remaining 300 of 1,400 at rate 1 again.
    assert advance(table, 0, 1400) == 500


@pytest.mark.parametrize("rows", [(), ((Tilt.RATE, 100, 200, 33, 0.0),)])
def test_neutral_rate_moves_the_clock_exactly(rows: tuple[Row, ...]) -> None:
    table = table_of(*rows, (Tilt.PRESSURE, 7, 10**13, 5, 2.0))
    for start, dt in ((0, 1), (150, 49), (23_399_123_456_789, 987_654_321), (3, 2**50 + 1)):
        assert advance(table, start, dt) == start + dt
        assert flow_time(table, start, start + dt) == dt


def test_time_never_stands_still() -> None:
    assert advance(table_of((Tilt.RATE, 0, 10**9, 0, 20.0)), 5, 1) == 6
