"""Evidence that ships, kept in memory between two looks at a page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.evaluations import Evaluation, read_evaluation
from app.injected import InjectedImpact
from model.catalogue import assets_dir
from model.errors import FaultlineError


def evaluation_of(path: Path) -> Evaluation:
    """What lies at an `app.evaluations.evaluation_path`.

    Raises
    ------
    FaultlineError
        The file is missing or broken.
    """
    return _evaluation(path, _changed_ns(path))


def impact_of(model: str | None, asset: str) -> InjectedImpact | None:
    """The impact of metaorders that was measured for a bundled model on an asset, if it was.

    Raises
    ------
    FaultlineError
        The file is broken.
    """
    path = assets_dir() / "models" / (model or "") / "impact" / f"{asset}.json"
    return _impact(path, _changed_ns(path)) if path.is_file() else None


@st.cache_resource(max_entries=8, show_spinner=False)
def _evaluation(path: Path, changed_ns: int) -> Evaluation:
    return read_evaluation(path)


@st.cache_resource(max_entries=16, show_spinner=False)
def _impact(path: Path, changed_ns: int) -> InjectedImpact:
    return InjectedImpact.read(path)


def _changed_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        raise FaultlineError(f"{path}: cannot be read ({error.strerror})") from error
