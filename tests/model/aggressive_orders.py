"""Which orders of a recording trade on arrival."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from model.events import NO_ORDER, Action, Recording, Side


def aggressive_orders(recording: Recording) -> npt.NDArray[np.bool_]:
    """Rows of the rebuilt aggressive orders, bool [n]: they alone of all adds meet the touch."""
    events, quotes = recording.events, recording.quotes
    assert quotes is not None
    added = events.action == Action.ADD
    aggressive = added & (events.order_id == NO_ORDER)
    crosses = np.where(
        events.side[1:] == Side.BUY,
        events.price_ticks[1:] >= quotes.ask_ticks[:-1],
        events.price_ticks[1:] <= quotes.bid_ticks[:-1],
    )
    assert np.array_equal(crosses[added[1:]], aggressive[1:][added[1:]])
    return aggressive
