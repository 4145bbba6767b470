"""How numbers are written, the same on every chart, page and report."""

from __future__ import annotations

import math

MOST_DECIMALS = 4
MINUS, MISSING = "\N{MINUS SIGN}", "\N{EN DASH}"


def number(value: float | None, *, signed: bool = False) -> str:
    """Three significant digits, all before the point, at most four behind: `1,234`, `−12.3`.

    Parameters
    ----------
    value : a missing one, None or NaN, is written as a dash
    signed : whether positive numbers carry a plus sign
    """
    if value is None or not math.isfinite(value):
        return MISSING
    size = abs(value)
    if size == 0.0:
        return "0"
    digits = 2 - math.floor(math.log10(size))
    if round(size, digits) >= 10.0 ** (3 - digits):  # 9.996 is written 10.0, not 10.00
        digits -= 1
    digits = max(0, min(digits, MOST_DECIMALS))
    text = f"{size:,.{digits}f}"
    if float(text.replace(",", "")) == 0.0:
        return "0"
    return (MINUS if value < 0 else "+" if signed else "") + text


def count(value: int) -> str:
    """A whole number with thousands separators."""
    return (MINUS if value < 0 else "") + f"{abs(value):,}"


def percent(share: float | None) -> str:
    """A share of 1 as per cent: `62.5%`."""
    return MISSING if share is None else f"{number(100.0 * share)}%"


def interval(low: float | None, high: float | None, *, signed: bool = False) -> str:
    """Both ends of an interval: `−15.0 to −9.80`; a dash where there is none."""
    ends = (number(low, signed=signed), number(high, signed=signed))
    return MISSING if ends == (MISSING, MISSING) else " to ".join(ends)
