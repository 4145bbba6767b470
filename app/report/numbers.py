"""How numbers are written, the same on every page."""

from __future__ import annotations

import math

MINUS, MISSING = "\N{MINUS SIGN}", "\N{EN DASH}"


def number(value: float, *, signed: bool = False) -> str:
    """Three significant digits, and every digit before the point: `1,234`, `−12.3`, `0.0451`.

    Parameters
    ----------
    value : float; a missing one is written as a dash
    signed : whether positive numbers carry a plus sign
    """
    if not math.isfinite(value):
        return MISSING
    size = abs(value)
    if size == 0.0:
        return "0"
    digits = 2 - math.floor(math.log10(size))
    if round(size, digits) >= 10.0 ** (3 - digits):  # 9.996 is written 10.0, not 10.00
        digits -= 1
    digits = max(0, min(digits, 9))
    text = f"{size:,.{digits}f}"
    if float(text.replace(",", "")) == 0.0:
        return "0"
    return (MINUS if value < 0 else "+" if signed else "") + text


def count(value: int) -> str:
    """A whole number with thousands separators."""
    return (MINUS if value < 0 else "") + f"{abs(value):,}"


def percent(share: float) -> str:
    """A share of 1 as per cent: `62.5 %`."""
    return f"{number(100.0 * share)} %"


def interval(low: float, high: float, *, signed: bool = False) -> str:
    """Both ends of an interval: `−15.0 to −9.80`; a dash where there is none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return MISSING
    return f"{number(low, signed=signed)} to {number(high, signed=signed)}"
