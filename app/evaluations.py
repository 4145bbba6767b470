"""Evidence that ships with Faultline: evaluations of bundled models, facts of real recordings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from app.charts.realism import REAL
from app.models import bundled_models
from model.catalogue import assets_dir
from model.errors import FaultlineError
from stylized_facts.scorecard import Scorecard
from stylized_facts.sheet import FactSheet, Number

_SHEETS = TypeAdapter(dict[str, FactSheet])
_NUMBERS = TypeAdapter(list[Number])


@dataclass(frozen=True)
class Evaluation:
    """How one model does on one asset, or, without a model, what the asset is like.

    Attributes
    ----------
    real : sheet of the real recording
    models : sheets by label, the model under test first; empty without a model
    scorecard : None without a model
    log_probability : of a real event under the model, by window, nats; empty where not known
    """

    real: FactSheet
    models: dict[str, FactSheet]
    scorecard: Scorecard | None
    log_probability: tuple[float, ...] = ()


def evaluated_models() -> list[str]:
    """Bundled models that come with an evaluation."""
    return [name for name in bundled_models() if evaluated_assets(name)]


def evaluated_assets(model: str | None) -> list[str]:
    """Assets with an evaluation of `model`; without a model, assets whose real facts are known."""
    if model is None:
        found = (assets_dir() / "references").glob("*/facts.json")
        return sorted(path.parent.name for path in found)
    return sorted(path.stem for path in evaluation_path(model, "any").parent.glob("*.json"))


def evaluation_path(model: str | None, asset: str) -> Path:
    """Where an evaluation is kept, whether there is one or not."""
    if model is None:
        return assets_dir() / "references" / asset / "facts.json"
    return assets_dir() / "models" / model / "evaluation" / f"{asset}.json"


def read_evaluation(path: Path) -> Evaluation:
    """Read what lies at an `evaluation_path`.

    Raises
    ------
    FaultlineError
        The file is missing or broken.
    """
    if path.name == "facts.json":
        return Evaluation(FactSheet.read(path), {}, None)
    try:
        content = json.loads(path.read_text())
        sheets = _SHEETS.validate_python(content["sheets"])
        card = Scorecard.model_validate(content["scorecard"])
        scored = _NUMBERS.validate_python(content.get("log_probability", []))
        return Evaluation(sheets.pop(REAL), sheets, card, tuple(scored))
    except OSError as error:
        raise FaultlineError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise FaultlineError(f"{path}: not an evaluation; run faultline evaluate again") from error
