"""Scenarios: named lists of shocks, kept as YAML files."""

from __future__ import annotations

import difflib
import reprlib
import unicodedata
from collections.abc import Mapping
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from engine.scenario_text import filled_in, inherited, read_mapping
from engine.shocks import MAX_INTENSITY, SHOCKS, Shock, ShockPlan
from model.catalogue import load_catalogue
from model.errors import ScenarioError
from model.profile import AssetProfile

SUFFIXES = (".yaml", ".yml")


def _readable(text: str) -> str:
    if any(
        unicodedata.category(character) == "Cc" for character in text if character not in "\n\t"
    ):
        raise ValueError("holds a control character, which could steer a terminal; leave it out")
    return text


Words = Annotated[str, AfterValidator(_readable)]  # shown as they are, on terminals too


class Parameter(BaseModel):
    """A number of a scenario that may be set; shocks refer to it as `$name`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    default: float = Field(description="value if none is given")
    low: float = Field(description="least value")
    high: float = Field(description="greatest value")
    unit: Words = Field(default="", max_length=40, description="unit of the value")
    description: Words = Field(min_length=1, description="what it sets")
    value: float | None = Field(default=None, description="the value chosen, not for files")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low <= self.default <= self.high:
            raise ValueError(
                f"default {self.default:g} must lie between low {self.low:g} and high {self.high:g}"
            )
        return self


class Scenario(BaseModel):
    """A stress: what happens, when, and where the idea comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(
        pattern="^[a-z0-9_]+$", max_length=64, description="small letters, digits and underscores"
    )
    title: Words = Field(min_length=1, max_length=120, description="a few words, shown in lists")
    description: Words = Field(min_length=1, description="what happens, in a sentence or two")
    provenance: Words = Field(default="", description="where the idea and the numbers come from")
    notes: Words = Field(default="", description="limits and remarks")
    parameters: dict[str, Parameter] = Field(
        default_factory=dict, max_length=32, description="numbers that may be set"
    )
    shocks: tuple[Shock, ...] = Field(max_length=64, description="list of shocks")

    @model_validator(mode="after")
    def _exclusive_shocks_stand_alone(self) -> Self:
        for (i, one), (k, two) in combinations(enumerate(self.shocks), 2):
            if one.kind != two.kind or not one.exclusive:
                continue
            (start, end), (other_start, other_end) = one.window_s, two.window_s
            apart = one.assets and two.assets and not set(one.assets) & set(two.assets)
            if start < other_end and other_start < end and not apart:
                raise ValueError(
                    f"shocks[{i}] and shocks[{k}] ({one.kind}) overlap in time, of which only one"
                    " can be in force; move one of them"
                )
        return self

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
        limits = (shock.max_intensity / shock.intensity for shock in self.shocks)
        return min(MAX_INTENSITY, min(limits, default=MAX_INTENSITY))

    def acts_on(self, position: int, asset: str) -> bool:
        """Whether shock number `position` is meant for an asset."""
        return not self.shocks[position].assets or asset in self.shocks[position].assets

    def compile(self, intensity: float, profile: AssetProfile, horizon_s: float) -> ShockPlan:
        """The plan of all shocks together; the parent of a row is its shock's position in `shocks`.

        Raises
        ------
        ScenarioError
            Names the shock whose window or intensity does not fit.
        """
        plan = ShockPlan.empty()
        for position, shock in enumerate(self.shocks):
            if not self.acts_on(position, profile.asset):
                continue
            try:
                part = shock.compile(intensity, profile, horizon_s)
            except ScenarioError as error:
                where = f"scenario {self.name}: shocks[{position}] ({shock.kind})"
                raise ScenarioError(f"{where}: {error}") from None
            plan = plan.joined(part.of_parent(position))
        return plan

    def describe(self, intensity: float, profile: AssetProfile) -> list[str]:
        """A sentence for each shock."""
        return [
            shock.describe(intensity, profile)
            if self.acts_on(position, profile.asset)
            else f"Does nothing to {profile.asset} ({', '.join(shock.assets)} alone)."
            for position, shock in enumerate(self.shocks)
        ]


def list_scenarios() -> list[str]:
    """Names of the bundled scenarios, `none` first."""
    folder = files("assets") / "scenarios"
    names = (Path(entry.name) for entry in folder.iterdir())
    return ["none", *sorted(name.stem for name in names if name.suffix == ".yaml")]


def load_scenario(source: str | Path, values: Mapping[str, float] | None = None) -> Scenario:
    """A bundled scenario by name, or any scenario by the path of its YAML file.

    Parameters
    ----------
    source : a name of `list_scenarios`, or a path (a `Path`, or text that ends in .yaml or .yml)
    values : parameters that are not to have their defaults

    Raises
    ------
    ScenarioError
        The scenario is not known, or the file breaks the schema; one line that names the file,
        the key and what is allowed there.
    """
    if source == "none":
        if values:
            raise ScenarioError(f"scenario none: {next(iter(values))!r} is not a parameter; none")
        return Scenario.none()
    return parse_scenario(*_text_of(source), values)


def _text_of(source: str | Path) -> tuple[str, str]:
    """Text of a scenario, and what to call it."""
    if isinstance(source, Path) or source.endswith(SUFFIXES):
        path = Path(source)
        try:
            return path.read_text(encoding="utf-8"), str(path)
        except OSError as error:
            raise ScenarioError(
                f"{path}: scenario cannot be read ({error.strerror}); check the path"
            ) from None
        except UnicodeDecodeError:
            raise ScenarioError(f"{path}: not a text file in UTF-8") from None
    known = list_scenarios()
    if source not in known:
        raise ScenarioError(
            f"scenario {source!r} is not known; known: {', '.join(known)}, or the path of a"
            " .yaml file"
        )
    entry = files("assets") / "scenarios" / f"{source}.yaml"
    return entry.read_text(encoding="utf-8"), f"{source}.yaml"


def parse_scenario(text: str, where: str, values: Mapping[str, float] | None = None) -> Scenario:
    """A scenario from the text of a YAML file; errors name `where`. See `load_scenario`."""
    keys = ", ".join((*Scenario.model_fields, "extends", "more_shocks"))

    def parent(name: str) -> dict[str, Any]:
        if name == "none":  # the one without a file
            return Scenario.none().model_dump(mode="json", exclude_unset=True)
        beside = Path(where).parent / name
        source = beside if name.endswith(SUFFIXES) else name
        return read_mapping(*_text_of(source), keys)

    content = inherited(read_mapping(text, where, keys), where, parent)
    chosen = _chosen(content.get("parameters", {}), dict(values or {}), where)
    if chosen:
        content["parameters"] = chosen
        used = {name: p.default if p.value is None else p.value for name, p in chosen.items()}
        content["shocks"] = filled_in(content.get("shocks", []), used, where)
    try:
        scenario = Scenario.model_validate(content)
    except ValidationError as error:
        raise ScenarioError(f"{where}: {_explained(error, Scenario.model_fields)}") from None
    known = load_catalogue()
    for position, shock in enumerate(scenario.shocks):
        for asset in shock.assets:
            if asset not in known:
                raise ScenarioError(
                    f"{where}: shocks[{position}].assets: {asset!r} is not known; known:"
                    f" {', '.join(known)}"
                )
    return scenario


def _chosen(declared: Any, values: dict[str, float], where: str) -> dict[str, Parameter]:
    """The parameters with the values that were chosen for them."""
    if not isinstance(declared, dict):
        raise ScenarioError(f"{where}: parameters: must map names to default, low, high, ...")
    chosen = {}
    for name, fields in declared.items():
        try:
            parameter = Parameter.model_validate(fields)
        except ValidationError as error:
            reason = _explained(error, Parameter.model_fields)
            raise ScenarioError(f"{where}: parameters.{name}: {reason}") from None
        value = values.pop(name, None)
        if value is not None and not parameter.low <= value <= parameter.high:
            raise ScenarioError(
                f"{where}: {name}: {value:g} is out of range; choose {parameter.low:g} to"
                f" {parameter.high:g}"
            )
        chosen[name] = parameter.model_copy(update={"value": value})
    if values:
        known = ", ".join(declared) or "none"
        raise ScenarioError(f"{where}: {next(iter(values))} is not a parameter; known: {known}")
    return chosen


def _explained(error: ValidationError, known: Mapping[str, Any]) -> str:
    """The first fault in one line: key path, what is wrong, what is allowed."""
    faults = error.errors(include_url=False)
    # A misspelt key is two faults, one missing and one unknown: the unknown one says more.
    fault = next((f for f in faults if f["type"] == "extra_forbidden"), faults[0])
    key, fields = _key_path(fault["loc"], known)
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
        return f"{key}: {context['error']}" if key else str(context["error"])
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


def _key_path(
    location: tuple[int | str, ...], known: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """A pydantic location as `shocks[0].share`, and the fields of the mapping the key is in."""
    text, fields = "", dict[str, Any](known)
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
