"""The paths of a run dealt out to sessions, so that one model works while books are played."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.simulator import MarketSimulator
from model.compiled_flow import Flow
from model.events import Int64, Recording
from model.order_flow import AskedSession, FlowSession, OrderFlowModel, Proposals, part_of
from model.profile import AssetProfile


class Part:
    """Paths `rows` of a simulator and the session that writes them.

    `answer` fills `proposals`; `ask` lets a session that works beside its caller start on the next
    ones (others do all of it in `answer`).
    """

    def __init__(self, rows: slice, session: FlowSession, simulator: MarketSimulator) -> None:
        self.rows = rows
        self.view = part_of(simulator.view, rows)
        self.proposals = Proposals.empty(len(self.view))
        self._session = session
        self._asked = session if isinstance(session, AskedSession) else None
        self._tilts = part_of(simulator.tilts(), rows)

    @property
    def flow(self) -> Flow | None:
        """For `MarketSimulator.play`; None where the session is not written by compiled code."""
        return getattr(self._session, "flow", None)

    def ask(self) -> None:
        """Start on the next event of each path; their books must then stand still."""
        if self._asked is not None:
            self._asked.ask(self.view, self._tilts)

    def answer(self) -> None:
        """Have the next events in `proposals`."""
        if self._asked is not None:
            self._asked.answer(self.proposals)
        else:
            self._session.propose(self.view, self._tilts, self.proposals)


def deal(
    model: OrderFlowModel,
    simulator: MarketSimulator,
    seed: int,
    profile: AssetProfile,
    history: Sequence[Recording] | None,
) -> list[Part]:
    """All paths of a simulator in as many parts as the model asks for; see `AskedSession`."""
    paths = simulator.paths
    count = max(1, min(getattr(model, "parts", 1), len(paths)))
    edges = np.linspace(0, len(paths), count + 1).astype(int).tolist()

    def start(rows: slice) -> FlowSession:
        own: Int64 = paths[rows]
        before = None if history is None else history[rows]
        return model.start(own, seed, profile, part_of(simulator.view, rows), before)

    parts = [slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True)]
    return [Part(rows, start(rows), simulator) for rows in parts]
