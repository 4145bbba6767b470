"""All baselines by name: how each is fitted, and which class a fitted file belongs to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, RootModel

from model.errors import SpecError
from model.events import Recording
from model.profile import AssetProfile
from stylized_facts.baselines.files import read_baseline
from stylized_facts.baselines.garch import ReturnsModel
from stylized_facts.baselines.hawkes import CompoundHawkes
from stylized_facts.baselines.hawkes_fit import HawkesSettings
from stylized_facts.baselines.markov import MarkovChain
from stylized_facts.baselines.queue_reactive import QueueReactive
from stylized_facts.baselines.replay import BlockReplay
from stylized_facts.baselines.zero_intelligence import ZeroIntelligence

FittedBaseline = (
    CompoundHawkes | ZeroIntelligence | QueueReactive | BlockReplay | MarkovChain | ReturnsModel
)
Fit = Callable[[Sequence[Recording], AssetProfile], FittedBaseline]

FITS: dict[str, Fit] = {
    "hawkes": CompoundHawkes.fit,
    "hawkes-spread": lambda recordings, profile: CompoundHawkes.fit(
        recordings, profile, HawkesSettings(spread_drives="all")
    ),
    "zero-intelligence": ZeroIntelligence.fit,
    "queue-reactive": QueueReactive.fit,
    "replay": BlockReplay.fit,
    "markov-1": lambda recordings, profile: MarkovChain.fit(recordings, profile, 1),
    "markov-2": lambda recordings, profile: MarkovChain.fit(recordings, profile, 2),
    "markov-5": lambda recordings, profile: MarkovChain.fit(recordings, profile, 5),
    "gjr-garch": lambda recordings, profile: ReturnsModel.fit(recordings, profile, "gjr-garch"),
    "figarch": lambda recordings, profile: ReturnsModel.fit(recordings, profile, "figarch"),
}


def fit_baseline(
    name: str, recordings: Sequence[Recording], profile: AssetProfile
) -> FittedBaseline:
    """Fit the baseline called `name` to recordings with quotes, with its default settings.

    Raises
    ------
    SpecError
        There is no such baseline.
    RecordingError
        A recording has no quotes, or there are too few events.
    FaultlineError
        The likelihood search did not converge.
    """
    if name not in FITS:
        raise SpecError(f"baseline {name!r} is not known: use {', '.join(FITS)}")
    return FITS[name](recordings, profile)


class Baseline(RootModel[Annotated[FittedBaseline, Field(discriminator="kind")]]):
    """A fitted file of whatever baseline: its field `kind` says which."""


def read_fitted(path: Path) -> FittedBaseline:
    """Read a fitted baseline; `CheckpointError` names the file and the field that is wrong."""
    return read_baseline(Baseline, path).root
