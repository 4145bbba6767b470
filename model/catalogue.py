"""The asset catalogue: which assets are known, where their recordings lie, how time is split."""

from __future__ import annotations

import os
import re
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from model.errors import FaultlineError, RecordingError
from model.events import NS_PER_S, Recording
from model.profile import AssetProfile
from model.readers import read_bitstamp, read_lobster
from model.yaml_text import read_yaml_file

DATA_VARIABLE = "FAULTLINE_DATA"  # environment variable that names the folder of recordings
_CLOCK = re.compile(r"(\d\d):([0-5]\d)(?::([0-5]\d))?")


def parse_clock(value: object) -> int:
    """Nanoseconds after midnight of a clock time written `"09:30"` or `"09:30:15"`."""
    if isinstance(value, str) and (match := _CLOCK.fullmatch(value)):
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        total = hours * 3600 + minutes * 60 + seconds
        if total <= 24 * 3600:
            return total * NS_PER_S
    raise ValueError(f'{value!r} is not a clock time; write "09:30", in quotes')


def _forward(window: tuple[int, int]) -> tuple[int, int]:
    if window[0] >= window[1]:
        raise ValueError("the end must lie after the start")
    return window


Clock = Annotated[int, BeforeValidator(parse_clock)]
Window = Annotated[tuple[Clock, Clock], AfterValidator(_forward)]  # start, end in ns after midnight


Split = Literal["validation", "test"]  # choices are made on the first, the second is reported


class Splits(BaseModel):
    """How a session is cut by time: [start, end) in nanoseconds after midnight, in this order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    train: Window
    validation: Window
    test: Window

    @model_validator(mode="after")
    def _in_order(self) -> Splits:
        if self.train[1] > self.validation[0] or self.validation[1] > self.test[0]:
            raise ValueError("train, validation and test must follow one another without overlap")
        return self

    def part(self, split: Split) -> tuple[int, int]:
        """Start and end of a held-out part."""
        return self.validation if split == "validation" else self.test


class AssetEntry(BaseModel):
    """One asset of the catalogue, with the recording that it was measured on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    asset: str
    venue: str
    date: str = Field(pattern=r"^\d{4}-\d\d-\d\d$")
    currency: str
    tick_size: float = Field(gt=0)
    session: Window
    recording: Path = Field(description="path inside the data folder")
    reader: Literal["lobster", "bitstamp"] = "lobster"
    source: str = Field("", description="where the recording can be had")
    lot: float = Field(1.0, gt=0, description="what a size of 1 stands for: shares, or coins")
    size_unit: str = Field("shares", description="what sizes are counted in, in words")
    zero_shot: bool = Field(False, description="a model is never trained on it")
    liquidity: int = Field(ge=0, le=2, description="tier by traded volume: 0 low, 1 medium, 2 high")
    splits: Splits

    @model_validator(mode="after")
    def _lot_of_reader(self) -> AssetEntry:
        if self.reader == "lobster" and self.lot != 1:
            raise ValueError("sizes of a LOBSTER file are shares: lot must be 1")
        return self

    @model_validator(mode="after")
    def _splits_in_session(self) -> AssetEntry:
        if self.splits.train[0] < self.session[0] or self.splits.test[1] > self.session[1]:
            raise ValueError("the splits must lie inside the session")
        return self


def assets_dir() -> Path:
    """The folder of files that ship with Faultline."""
    return Path(str(resources.files("assets")))


def load_catalogue(path: Path | None = None) -> dict[str, AssetEntry]:
    """The assets of a catalogue file, by name; without a path the catalogue that ships.

    Raises
    ------
    FaultlineError
        The file cannot be read, or an entry breaks the schema; the message names file and key.
    """
    path = path or assets_dir() / "assets.yaml"
    content = read_yaml_file(path, FaultlineError)
    if not isinstance(content, dict):
        raise FaultlineError(f"{path}: asset catalogue must map asset names to entries")
    catalogue = {}
    for name, fields in content.items():
        if not isinstance(fields, dict):
            raise FaultlineError(f"{path}: {name}: an entry must map keys to values")
        try:
            catalogue[str(name)] = AssetEntry(asset=str(name), **fields)
        except (ValidationError, TypeError) as error:
            raise FaultlineError(f"{path}: {name}{_what(error)}") from error
    return catalogue


def _what(error: ValidationError | TypeError) -> str:
    if isinstance(error, TypeError):  # `asset` given twice, or a key that is no string
        return ": an entry holds a key that is not allowed (its name is the asset)"
    first = error.errors()[0]
    allowed = f" (keys: {', '.join(AssetEntry.model_fields)})" if "extra" in first["type"] else ""
    return f".{'.'.join(str(part) for part in first['loc'])}: {first['msg']}{allowed}"


def find_asset(name: str) -> AssetEntry:
    """The entry of an asset, upper or lower case; `FaultlineError` lists what is known."""
    catalogue = load_catalogue()
    if name.upper() not in catalogue:
        raise FaultlineError(f"unknown asset {name!r}; known: {', '.join(sorted(catalogue))}")
    return catalogue[name.upper()]


def read_recording(entry: AssetEntry, data_dir: Path | None = None) -> Recording:
    """The recording of an asset, whole session.

    Parameters
    ----------
    entry : AssetEntry
    data_dir : folder of recordings; where not given, the environment variable FAULTLINE_DATA

    Returns
    -------
    Recording
        Without quotes where the recording is a message file alone: `engine.replay` rebuilds them.

    Raises
    ------
    RecordingError
        No folder is named, the file is not there (the message says what to put where), or it
        cannot be read.
    """
    if data_dir is None:
        if not os.environ.get(DATA_VARIABLE):
            raise RecordingError(
                f"no folder of recordings: set {DATA_VARIABLE} or name one; "
                f"{entry.asset} wants {entry.recording} in it"
            )
        data_dir = Path(os.environ[DATA_VARIABLE])
    path = data_dir / entry.recording
    if not path.is_file():
        source = f", from {entry.source}" if entry.source else ""
        raise RecordingError(
            f"{path}: the recording of {entry.asset} is missing; put {path.name} there{source}"
        )
    read = read_lobster if entry.reader == "lobster" else partial(read_bitstamp, lot=entry.lot)
    return read(
        path,
        asset=entry.asset,
        venue=entry.venue,
        date=entry.date,
        tick_size=entry.tick_size,
        currency=entry.currency,
        session=entry.session,
    )


def load_profile(asset: str) -> AssetProfile:
    """The reference profile of an asset of the catalogue, which ships with Faultline."""
    name = find_asset(asset).asset
    return AssetProfile.read(assets_dir() / "references" / name / "profile.json")
