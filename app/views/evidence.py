"""Where the evidence lies: evaluations of bundled models, and facts of real recordings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from pydantic import TypeAdapter, ValidationError

from app.charts.realism import REAL
from app.models import bundled_models
from model.catalogue import assets_dir
from model.errors import FaultlineError
from stylized_facts.scorecard import Scorecard
from stylized_facts.sheet import FactSheet

_SHEETS = TypeAdapter(dict[str, FactSheet])


@dataclass(frozen=True)
class Evidence:
    """Real sheet, sheets of the models (the one under test first), and the scorecard if there is."""

    real: FactSheet
    models: dict[str, FactSheet]
    scorecard: Scorecard | None


def evaluated_models() -> list[str]:
    """Bundled models that come with an evaluation."""
    return [name for name in bundled_models() if _evaluations(name)]


def evaluated_assets(model: str | None) -> list[str]:
    """Assets with an evaluation of `model`; without a model, assets whose real facts are known."""
    if model is None:
        files = sorted((assets_dir() / "references").glob("*/facts.json"))
        return [path.parent.name for path in files]
    return [path.stem for path in _evaluations(model)]


def load_evidence(model: str | None, asset: str) -> Evidence:
    """Evidence on one asset.

    Parameters
    ----------
    model : str or None
        A bundled model; None: real facts alone.
    asset : str
        One of `evaluated_assets(model)`.

    Raises
    ------
    FaultlineError
        A file is missing or broken.
    """
    if model is None:
        path = assets_dir() / "references" / asset / "facts.json"
    else:
        path = _folder(model) / f"{asset}.json"
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise FaultlineError(f"{path}: cannot be read ({error.strerror})") from error


def _evaluations(model: str) -> list[Path]:
    return sorted(_folder(model).glob("*.json"))


def _folder(model: str) -> Path:
    return assets_dir() / "models" / model / "evaluation"


@st.cache_data(max_entries=12, show_spinner=False)
def _read(path: Path, _changed_ns: int) -> Evidence:
    if path.name == "facts.json":
        return Evidence(FactSheet.read(path), {}, None)
    try:
        content = json.loads(path.read_text())
        sheets = _SHEETS.validate_python(content["sheets"])
        card = Scorecard.model_validate(content["scorecard"])
        return Evidence(sheets.pop(REAL), sheets, card)
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise FaultlineError(f"{path}: not an evaluation; run faultline evaluate again") from error
