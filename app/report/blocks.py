"""The pieces a report is made of, between the numbers and the page.

Every number is turned into text once, here and in `pages`; HTML and PDF only set the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from app.charts.spec import ChartSpec

Badge = Literal["", "good", "middling", "bad", "neutral"]
Align = Literal["left", "right", "center"]


@dataclass(frozen=True)
class Cell:
    """What stands in a table: text, a smaller line below it, and a word on a coloured ground."""

    text: str
    note: str = ""
    word: str = ""
    badge: Badge = ""


@dataclass(frozen=True)
class Column:
    """Heading of a table's column; `share` is its part of the width."""

    title: str
    align: Align = "left"
    share: float = 1.0


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 starts a part and is numbered, level 2 stands inside it."""

    text: str
    level: int
    anchor: str
    type: str = "heading"


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `small` for notes."""

    text: str
    small: bool = False
    type: str = "paragraph"


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]
    type: str = "bullets"


@dataclass(frozen=True)
class Basis:
    """What stands under a table: what its numbers are in, made of, bounded by, and taken from.

    A table of settings or words has a source alone.
    """

    source: str
    units: str = ""
    sample: str = ""
    intervals: str = ""

    @property
    def text(self) -> str:
        """One line, without the parts that are not there."""
        parts = (
            ("Units", self.units), ("Sample", self.sample), ("Intervals", self.intervals),
            ("Source", self.source),
        )  # fmt: skip
        return " · ".join(f"{name}: {part}" for name, part in parts if part)


@dataclass(frozen=True)
class Table:
    """A table with its title (for those who cannot see it as well) and what stands below it.

    A `tall` one leaves room to write by hand.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    basis: Basis
    note: str = ""
    tall: bool = False
    type: str = "table"

    @property
    def below(self) -> str:
        """Basis and note as they are printed."""
        return f"{self.basis.text}. {self.note}".strip() if self.note else f"{self.basis.text}."


@dataclass(frozen=True)
class Chart:
    """A numbered figure."""

    spec: ChartSpec
    number: int


@dataclass(frozen=True)
class Charts:
    """One figure over the whole width, or two beside each other; `short` ones are less high."""

    charts: tuple[Chart, ...]
    short: bool = False
    type: str = "charts"


@dataclass(frozen=True)
class Code:
    """Text to be typed as it is."""

    text: str
    type: str = "code"


@dataclass(frozen=True)
class PageBreak:
    """What follows begins a new page of the PDF."""

    type: str = "pagebreak"


Block = Heading | Paragraph | Bullets | Table | Charts | Code | PageBreak


def cells(*texts: str) -> tuple[Cell, ...]:
    """A row of plain cells."""
    return tuple(Cell(text) for text in texts)


def key_values(
    title: str, pairs: Sequence[tuple[str, str]], source: str, *, names: float = 0.2
) -> Table:
    """A table of names, which take the part `names` of the width, and values."""
    columns = (Column("", share=names), Column("", share=1.0 - names))
    return Table(title, columns, tuple(cells(*pair) for pair in pairs), Basis(source))


def with_titles(blocks: Sequence[Block]) -> Iterator[tuple[Block, bool]]:
    """Each block, and whether its title is printed: that of a table with no heading above it."""
    above: Block | None = None
    for block in blocks:
        yield block, isinstance(block, Table) and not isinstance(above, Heading)
        above = block
