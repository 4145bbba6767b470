"""Best quotes out of recorded levels."""

from __future__ import annotations

import numpy as np

from model.errors import RecordingError
from model.events import Levels, Quotes


def touch_of(levels: Levels, where: object) -> Quotes:
    """Best quotes; an empty side keeps its last price (at the start: takes its first).

    Raises
    ------
    RecordingError
        A side is empty throughout; names `where`.
    """
    quotes = {}
    for side in ("bid", "ask"):
        price, size = getattr(levels, f"{side}_ticks")[:, 0], getattr(levels, f"{side}_size")[:, 0]
        present = price > 0
        if not present.any():
            raise RecordingError(f"{where}: no {side} in the whole file")
        last = np.maximum.accumulate(np.where(present, np.arange(len(price)), np.argmax(present)))
        quotes[side] = price[last], np.ascontiguousarray(size)
    return Quotes(quotes["bid"][0], quotes["ask"][0], quotes["bid"][1], quotes["ask"][1])
