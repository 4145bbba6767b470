"""What was done to the program, and what it lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Row:
    """One kind of harm: how often it was done, how many of them ended the work, what was lost."""

    tried: int = 0
    struck: int = 0
    lost: int = 0


@dataclass
class Tally:
    """Rows by the kind of harm."""

    rows: dict[str, Row] = field(default_factory=dict)

    @contextmanager
    def trial(self, kind: str) -> Iterator[Row]:
        """Count one trial; what fails in it is a loss."""
        row = self.rows.setdefault(kind, Row())
        row.tried += 1
        try:
            yield row
        except BaseException:
            row.lost += 1
            raise

    def table(self) -> str:
        """As Markdown."""
        lines = ["| what was done | tried | ended the work | losses |", "| --- | --- | --- | --- |"]
        lines += [f"| {k} | {r.tried} | {r.struck} | {r.lost} |" for k, r in self.rows.items()]
        total = [
            sum(getattr(r, n) for r in self.rows.values()) for n in ("tried", "struck", "lost")
        ]
        return "\n".join([*lines, "| all | " + " | ".join(map(str, total)) + " |"])


TALLY = Tally()
