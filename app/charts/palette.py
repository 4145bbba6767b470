"""Fixed meanings of colours and dashes: the same thing looks the same on every chart.

A dash style goes with each colour, so that no meaning hangs on colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a series stands for."""

    REAL = "real"
    UNSHOCKED = "unshocked"  # the model's own flow, without a shock: TradeFM on realism charts too
    SHOCKED = "shocked"
    HAWKES = "hawkes"
    ZERO_INTELLIGENCE = "zero_intelligence"
    HAWKES_SPREAD = "hawkes_spread"
    QUEUE_REACTIVE = "queue_reactive"
    REPLAY = "replay"
    MARKOV = "markov"
    GARCH = "garch"
    OTHER = "other"
    RUN_A = "run_a"  # runs over each other
    RUN_B = "run_b"
    RUN_C = "run_c"
    RUN_D = "run_d"
    BUY = "buy"  # bids, and orders that buy
    SELL = "sell"  # asks, and orders that sell


@dataclass(frozen=True)
class Look:
    """How a role is drawn.

    `light` and `dark` are the colours on a light and on a dark ground; both have a contrast of at
    least 3 to 1 with it. `dash` is a Plotly dash word; `dash_points` the same in points.
    """

    light: str
    dark: str
    dash: str
    dash_points: tuple[float, ...]
    width: float

    def colour(self, dark: bool = False) -> str:
        """The colour, as #rrggbb."""
        return self.dark if dark else self.light


LOOKS: dict[Role, Look] = {
    Role.REAL: Look("#334155", "#cbd5e1", "solid", (), 1.9),
    Role.UNSHOCKED: Look("#2563b0", "#6ea8fe", "8px,3px", (6.0, 2.2), 1.7),
    Role.SHOCKED: Look("#c8372d", "#f47c72", "solid", (), 1.9),
    Role.HAWKES: Look("#b8740c", "#f2b347", "5px,4px", (3.6, 2.6), 1.6),
    Role.ZERO_INTELLIGENCE: Look("#7b6f92", "#b4a7cf", "2px,3px", (1.2, 2.0), 1.6),
    Role.HAWKES_SPREAD: Look("#8a5a00", "#d9a441", "9px,3px", (6.0, 2.2), 1.4),
    Role.QUEUE_REACTIVE: Look("#3f7a2a", "#8fd07a", "6px,2px,1px,2px", (4.2, 1.6, 0.8, 1.6), 1.6),
    Role.REPLAY: Look("#7a4a3a", "#d3a594", "1px,2px", (0.8, 1.4), 1.8),
    Role.MARKOV: Look("#a8466a", "#f09bb8", "4px,2px,1px,2px,1px,2px", (3.0, 1.4), 1.5),
    Role.GARCH: Look("#5f6b1a", "#c3cf6b", "12px,4px", (8.0, 2.8), 1.5),
    Role.OTHER: Look("#0f7b6c", "#4fd1bd", "10px,3px,2px,3px", (7.0, 2.2, 1.4, 2.2), 1.6),
    Role.RUN_A: Look("#334155", "#cbd5e1", "solid", (), 1.9),
    Role.RUN_B: Look("#a21caf", "#e58af0", "8px,3px", (6.0, 2.2), 1.8),
    Role.RUN_C: Look("#0e7490", "#5cc8de", "5px,4px", (3.6, 2.6), 1.8),
    Role.RUN_D: Look("#a16207", "#e0b34d", "2px,3px", (1.2, 2.0), 1.8),
    Role.BUY: Look("#0e7490", "#5cc8e0", "solid", (), 1.4),
    Role.SELL: Look("#9d3f8f", "#e39bd8", "3px,2px", (2.2, 1.4), 1.4),
}


VERDICT_COLOURS = ("#dcefe1", "#fbeccd", "#f8d9d6")  # good, middling, bad: grounds under dark text
NO_VERDICT_COLOUR = "#eef1f4"

# Below 0, 0, above 0: grounds under dark text, from the colours of unshocked and shocked.
SHADES = ("#8fb4e3", "#ffffff", "#ee9a92")


def shade(value: float) -> str:
    """The colour #rrggbb of a value from -1 to 1, linear between `SHADES`."""
    ends = (SHADES[1], SHADES[2] if value > 0 else SHADES[0])
    weight = min(1.0, abs(value))
    parts = ((int(ends[0][i : i + 2], 16), int(ends[1][i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + weight * (b - a)):02x}" for a, b in parts)


def tint(colour: str, opacity: float) -> str:
    """The colour #rrggbb as `rgba(...)` of the given opacity."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"
