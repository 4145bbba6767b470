"""Classes of events whose probabilities a known law gives and a trained model can be asked for."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from model.codec import BINS, CROSSING, JOIN
from model.events import Action, Float64, Int64, Side
from model.features import FlowFeatures


class Kind(IntEnum):
    """What an event does, seen from the touch of its own side; class = 6 x side + kind."""

    CROSS = 0  # an aggressive order
    INSIDE = 1  # a new order inside the spread
    JOIN = 2  # a new order at the touch
    BEHIND = 3  # a new order behind the touch
    CANCEL = 4  # a cancel at the touch
    CANCEL_BEHIND = 5


CLASSES = len(Side) * len(Kind)


def event_class(side: int, kind: int) -> int:
    """Number of a class, 0..11."""
    return len(Kind) * side + kind


def classes_of(features: FlowFeatures) -> Int64:
    """Class of each event of a recording, int64 [n]."""
    cancel, depth = features.action == Action.CANCEL, features.depth_ticks
    kind = np.select(
        [features.crossing, cancel & (depth > 0), cancel, depth < 0, depth == 0],
        [Kind.CROSS, Kind.CANCEL_BEHIND, Kind.CANCEL, Kind.INSIDE, Kind.JOIN],
        Kind.BEHIND,
    )
    return np.asarray(len(Kind) * features.side.astype(np.int64) + kind)


def token_classes() -> Int64:
    """Class of each triple of sub-tokens action, side and depth of the preset `touch`.

    int64 [2, 2, 16].
    """
    out = np.empty(BINS[:3], np.int64)
    for side in Side:
        own = event_class(side, 0)
        out[Action.ADD, side] = own + Kind.BEHIND
        out[Action.ADD, side, :JOIN] = own + Kind.INSIDE
        out[Action.ADD, side, CROSSING] = own + Kind.CROSS
        out[Action.ADD, side, JOIN] = own + Kind.JOIN
        out[Action.CANCEL, side] = own + Kind.CANCEL_BEHIND
        out[Action.CANCEL, side, : JOIN + 1] = own + Kind.CANCEL
    return out


def mid_direction(bid_size: Int64, ask_size: Int64) -> Float64:
    """Which way each class moves the mid of a book of unit orders: 1, 0 or -1, float64 [n, 12].

    An order inside the spread moves it towards the other side; an aggressive order or a cancel
    moves it when it takes the last unit of a touch.
    """
    out = np.zeros((len(bid_size), CLASSES))
    for side, sign, own, opposite in (
        (Side.BUY, 1.0, bid_size, ask_size),
        (Side.SELL, -1.0, ask_size, bid_size),
    ):
        out[:, event_class(side, Kind.INSIDE)] = sign
        out[:, event_class(side, Kind.CROSS)] = sign * (opposite == 1)
        out[:, event_class(side, Kind.CANCEL)] = -sign * (own == 1)
    return out
