"""Scenarios: named lists of shocks, kept as YAML files."""

from __future__ import annotations

import difflib
import reprlib
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.shocks import MAX_INTENSITY, SHOCKS, Shock, ShockPlan
from model.errors import ScenarioError
from model.profile import AssetProfile

SUFFIXES = (".yaml", ".yml")


class Scenario(BaseModel):
    """A stress: what happens, when, and where the idea comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(
        pattern="^[a-z0-9_]+$", max_length=64, description="small letters, digits and underscores"
    )
    title: str = Field(min_length=1, max_length=120, description="a few words, shown in lists")
    description: str = Field(min_length=1, description="what happens, in a sentence or two")
    provenance: str = Field(default="", description="where the idea and the numbers come from")
    notes: str = Field(default="", description="limits and remarks")
    shocks: tuple[Shock, ...] = Field(max_length=64, description="list of shocks")

    @classmethod
    def none(cls) -> Self:
        """The scenario in which nothing is done."""
        return cls(
            name="none",
            title="No shock",
            description="Nothing is done to the market: both arms are the same paths.",
            shocks=(),
        )

    @property
    def window_s(self) -> tuple[float, float] | None:
        """From the start of the first shock to the end of the last; None without shocks."""
        if not self.shocks:
            return None
        starts, ends = zip(*(shock.window_s for shock in self.shocks), strict=True)
        return min(starts), max(ends)

    @property
    def max_intensity(self) -> float:
        """The highest intensity that all shocks allow."""
        return min((shock.max_intensity for shock in self.shocks), default=MAX_INTENSITY)

    def compile(self, intensity: float, profile: AssetProfile, horizon_s: float) -> ShockPlan:
        """The plan of all shocks together; `order_parent` is a shock's position in `shocks`.

        Raises
        ------
        ScenarioError
            Names the shock whose window or intensity does not fit.
        """
        plan = ShockPlan.empty()
        for position, shock in enumerate(self.shocks):
            try:
                part = shock.compile(intensity, profile, horizon_s)
            except ScenarioError as error:
                where = f"scenario {self.name}: shocks[{position}] ({shock.kind})"
                raise ScenarioError(f"{where}: {error}") from None
            plan = plan.joined(
                replace(part, order_parent=np.full(len(part.order_parent), position, np.int64))
            )
        return plan

    def describe(self, intensity: float, profile: AssetProfile) -> list[str]:
        """A sentence for each shock."""
        return [shock.describe(intensity, profile) for shock in self.shocks]


def list_scenarios() -> list[str]:
    """Names of the bundled scenarios, `none` first."""
    folder = files("assets") / "scenarios"
    names = (Path(entry.name) for entry in folder.iterdir())
    return ["none", *sorted(name.stem for name in names if name.suffix == ".yaml")]


def load_scenario(source: str | Path) -> Scenario:
    """A bundled scenario by name, or any scenario by the path of its YAML file.

    Parameters
    ----------
    source : a name of `list_scenarios`, or a path (a `Path`, or text that ends in .yaml or .yml)

    Raises
    ------
    ScenarioError
        The scenario is not known, or the file breaks the schema; one line that names the file,
        the key and what is allowed there.
    """
    if isinstance(source, Path) or source.endswith(SUFFIXES):
        path = Path(source)
        try:
            return parse_scenario(path.read_text(encoding="utf-8"), str(path))
        except OSError as error:
            raise ScenarioError(
                f"{path}: scenario cannot be read ({error.strerror}); check the path"
            ) from None
        except UnicodeDecodeError:
            raise ScenarioError(f"{path}: not a text file in UTF-8") from None
    if source == "none":
        return Scenario.none()
    known = list_scenarios()
    if source not in known:
        raise ScenarioError(
            f"scenario {source!r} is not known; known: {', '.join(known)}, or the path of a"
            " .yaml file"
        )
    entry = files("assets") / "scenarios" / f"{source}.yaml"
    return parse_scenario(entry.read_text(encoding="utf-8"), f"{source}.yaml")


def parse_scenario(text: str, where: str) -> Scenario:
    """A scenario from the text of a YAML file; errors name `where`. See `load_scenario`."""
    try:
        content = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - derived from SafeLoader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScenarioError(f"{where}: line {line}: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ScenarioError(f"{where}: not a YAML file ({reason})") from None
    if not isinstance(content, dict):
        raise ScenarioError(
            f"{where}: a scenario is a mapping with the keys {', '.join(Scenario.model_fields)}"
        )
    try:
        return Scenario.model_validate(content)
    except ValidationError as error:
        raise ScenarioError(f"{where}: {_explained(error)}") from None


class _StrictLoader(yaml.SafeLoader):  # type: ignore[misc]
    """Safe YAML in which keys are text and stand once in a mapping; no merging of mappings."""


def _strict_mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        fault = None
        if not isinstance(key, str):
            fault = f"key {reprlib.repr(key)} is not text"
        elif key in mapping:
            fault = f"key {key!r} stands twice; keep one"
        if fault:
            raise yaml.constructor.ConstructorError(None, None, fault, key_node.start_mark)
        mapping[key] = loader.construct_object(value_node, deep=True)
    return mapping


_StrictLoader.add_constructor("tag:yaml.org,2002:map", _strict_mapping)


def _explained(error: ValidationError) -> str:
    """The first fault in one line: key path, what is wrong, what is allowed."""
    faults = error.errors(include_url=False)
    # A misspelt key is two faults, one missing and one unknown: the unknown one says more.
    fault = next((f for f in faults if f["type"] == "extra_forbidden"), faults[0])
    key, fields = _key_path(fault["loc"])
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "extra_forbidden":
        close = difflib.get_close_matches(key.rpartition(".")[2], fields, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        return f"{key}: unknown key; {hint}allowed: {', '.join(fields)}"
    if kind == "union_tag_not_found":
        return f"{key}.kind: missing; allowed: {', '.join(SHOCKS)}"
    if kind == "union_tag_invalid":
        return f"{key}.kind: {context['tag']!r} is not known; allowed: {', '.join(SHOCKS)}"
    if kind == "value_error":
        return f"{key}: {context['error']}"
    field = fields.get(key.rpartition(".")[2])
    meaning = f" ({field.description})" if field is not None and field.description else ""
    if kind == "missing":
        return f"{key}: missing{meaning}; add it"
    given = reprlib.repr(fault["input"])
    if kind == "literal_error":
        return f"{key}: {given} is not allowed; allowed: {context['expected']}"
    rule = fault["msg"].replace("Input should be", "must be").replace("String should", "must")
    if kind in ("tuple_type", "model_attributes_type"):
        rule = "must be a list" if kind == "tuple_type" else "must be a mapping"
    return f"{key}: {given} is not allowed; {rule}{meaning}"


def _key_path(location: tuple[int | str, ...]) -> tuple[str, dict[str, Any]]:
    """A pydantic location as `shocks[0].share`, and the fields of the mapping the key is in."""
    text, fields = "", dict[str, Any](Scenario.model_fields)
    after_index = False
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        elif after_index and part in SHOCKS:
            fields = dict(SHOCKS[part].model_fields)
        else:
            text += f".{part}" if text else part
        after_index = isinstance(part, int)
    return text, fields
