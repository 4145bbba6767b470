"""Fit an anchor: let a model write, compare shares with those wanted, shift the margin, repeat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.rollout import rollout
from engine.scenario import Scenario
from engine.seeding import BookSeed
from engine.spec import RunSpec
from model.anchors import SIZE, TIME, Anchor
from model.checkpoint import Checkpoint
from model.codec import Tokens
from model.decoder import Decoder
from model.errors import SpecError
from model.events import Float64, Int64, Recording
from model.margins import shares
from model.profile import AssetProfile
from model.token_tables import MARGIN_SHAPE
from model.tradefm import TradeFM

PATHS = 32
EVENTS = 1200  # of a path, where the model is as busy as the asset
MOST_EVENTS = 5000  # of a path that is busier
TURNS = 5
GAIN, DAMPING = 0.7, 0.7  # of turn k: GAIN / (1 + DAMPING k); the loop answers late, as in control
LEAST_SHARE = 1e-4
LARGEST_STEP = 1.5


def horizon_s(profile: AssetProfile) -> float:
    """How long the paths are that an anchor is fitted on."""
    return EVENTS / profile.events_per_s


def fit_anchor(
    checkpoint: Checkpoint,
    profile: AssetProfile,
    *,
    seeds: Sequence[BookSeed] | None = None,
    history: Sequence[Recording] | None = None,
    wanted: Float64 | None = None,
    device: str = "cpu",
    seed: int = 1,
) -> Anchor:
    """The anchor of an asset: from its profile alone, or for paths that go on from real states.

    The model writes unshocked paths, `TURNS` times; each time the log of wanted over generated
    shares, damped, is added to the offsets of sizes and waits.

    Parameters
    ----------
    checkpoint : the model
    profile : the asset
    seeds, history : books and events before `PATHS` paths, see `engine.rollout.rollout`; without
        them books of the profile
    wanted : shares float64 [5, 3, 16], see `model.margins`; None: the asset's own

    Raises
    ------
    SpecError
        The model has no margins: it has learned the shares itself.
    """
    if checkpoint.config.settings.margins == "none":
        raise SpecError(
            f"model {checkpoint.config.name}: has learned the shares of its training data and has "
            "no margins to anchor; train one with margins"
        )
    if wanted is None:
        wanted = checkpoint.tokenizer.tables(profile)["shares"]
    offsets = np.zeros(MARGIN_SHAPE)
    drift = []
    for turn in range(TURNS + 1):
        model = _Watched(checkpoint, device, offsets)
        spec = RunSpec(
            asset=profile.asset, scenario=Scenario.none(), paths=PATHS, seed=seed,
            horizon_s=horizon_s(profile), max_events=MOST_EVENTS, burn_in_events=0,
        )  # fmt: skip
        rollout(model, profile, spec, seeds=seeds, history=history)
        found = shares(np.concatenate(model.drawn))
        drift.append(_distance(found, wanted))
        if turn < TURNS:
            offsets = offsets + GAIN / (1 + DAMPING * turn) * _step(found, wanted)
    return Anchor(
        size=offsets[SIZE].round(4).tolist(), time=offsets[TIME, 0].round(4).tolist(),
        drift=(round(drift[0], 4), round(drift[-1], 4)),
    )  # fmt: skip


def _step(found: Float64, wanted: Float64) -> Float64:
    """Log of wanted over found shares of sizes and waits, within bounds; nought elsewhere."""
    out = np.zeros(MARGIN_SHAPE)
    ratio = np.log(np.maximum(wanted, LEAST_SHARE) / np.maximum(found, LEAST_SHARE))
    out[SIZE], out[TIME, 0] = ratio[SIZE], ratio[TIME, 0]
    return np.clip(out, -LARGEST_STEP, LARGEST_STEP)


def _distance(found: Float64, wanted: Float64) -> float:
    """Largest total variation among sizes of adds, sizes of cancels, and waits."""
    apart = 0.5 * np.abs(found - wanted).sum(-1)
    return float(max(apart[SIZE, 0], apart[SIZE, 1], apart[TIME, 0]))


class _Watched(TradeFM):
    """TradeFM with given offsets that keeps the sub-tokens it has drawn."""

    def __init__(self, checkpoint: Checkpoint, device: str, offsets: Float64) -> None:
        super().__init__(checkpoint, device)
        self.offsets = offsets
        self.drawn: list[Tokens] = []

    def anchor(self, history: bool) -> Float64:
        """The offsets, whatever the paths begin with."""
        return self.offsets

    def decoder(self, paths: int) -> Decoder:
        """See `TradeFM.decoder`."""
        return _Tally(super().decoder(paths), self.drawn)


class _Tally:
    """A decoder that notes what another one draws."""

    def __init__(self, decoder: Decoder, drawn: list[Tokens]) -> None:
        self.decoder, self.drawn = decoder, drawn
        self.log_ratio = decoder.log_ratio

    def keep(self, rows: Int64, margins: Float64) -> None:
        """See `Decoder.keep`."""
        self.decoder.keep(rows, margins)

    def advance(self, rows: Int64, columns: Int64) -> None:
        """See `Decoder.advance`."""
        self.decoder.advance(rows, columns)

    def sample(
        self, rows: Int64, draws: Float64, pressure: Float64, odds: Float64 | None = None
    ) -> Tokens:
        """See `Decoder.sample`."""
        tokens = self.decoder.sample(rows, draws, pressure, odds)
        self.log_ratio = self.decoder.log_ratio
        self.drawn.append(tokens)
        return tokens
