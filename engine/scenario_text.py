"""The text of a scenario file: strict YAML, inheritance, and parameters put in their places."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from typing import Any

from model.errors import ScenarioError
from model.yaml_text import parse_yaml

DEEPEST = 8  # scenarios that build on one another
Content = dict[str, Any]


def read_mapping(text: str, where: str, keys: str) -> Content:
    """The mapping that a YAML text holds; errors name `where`, and `keys` what is expected."""
    content = parse_yaml(text, where, ScenarioError)
    if not isinstance(content, dict):
        raise ScenarioError(f"{where}: a scenario is a mapping with the keys {keys}")
    return content


def inherited(content: Content, where: str, read: Callable[[str], Content]) -> Content:
    """`content` on top of the scenario that its `extends` names, which `read` reads.

    Keys replace those of the parent; parameters are merged key by key; `more_shocks` come after the
    parent's.

    Raises
    ------
    ScenarioError
        Scenarios extend one another in a circle, or too deeply, or `more_shocks` without a parent.
    """
    chain = [content]
    while "extends" in chain[-1]:
        parent = chain[-1]["extends"]
        if not isinstance(parent, str):
            raise ScenarioError(f"{where}: extends: {reprlib.repr(parent)} is not a name")
        if len(chain) > DEEPEST:
            raise ScenarioError(
                f"{where}: extends: more than {DEEPEST} scenarios build on one another, or they"
                " form a circle"
            )
        chain.append(read(parent))
    merged: Content = {}
    for level, part in enumerate(reversed(chain)):
        own = {key: value for key, value in part.items() if key not in ("extends", "more_shocks")}
        if "more_shocks" in part:
            if level == 0 or "shocks" in part:
                raise ScenarioError(
                    f"{where}: more_shocks adds to those of a scenario that is extended;"
                    " write shocks"
                )
            more = part["more_shocks"]
            if not isinstance(more, list) or not isinstance(merged.get("shocks"), list):
                raise ScenarioError(f"{where}: more_shocks: must be a list of shocks")
            own["shocks"] = merged["shocks"] + more
        parameters = _merged(merged.get("parameters", {}), own.get("parameters", {}))
        merged |= own
        if parameters:
            merged["parameters"] = parameters
    return merged


def _merged(parent: Any, own: Any) -> Any:
    if not isinstance(parent, dict) or not isinstance(own, dict):
        return own or parent
    both = dict(parent)
    for name, fields in own.items():
        old = parent.get(name)
        both[name] = old | fields if isinstance(old, dict) and isinstance(fields, dict) else fields
    return both


def filled_in(shocks: Any, values: Mapping[str, float], where: str) -> Any:
    """`shocks` with every text `$name` replaced by the value of that parameter.

    Raises
    ------
    ScenarioError
        A name that is no parameter, or a parameter that is nowhere used.
    """
    used: set[str] = set()

    def fill(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: fill(value) for key, value in part.items()}
        if isinstance(part, list):
            return [fill(value) for value in part]
        if not isinstance(part, str) or not part.startswith("$"):
            return part
        name = part[1:]
        if name not in values:
            known = ", ".join(values) or "none"
            raise ScenarioError(f"{where}: ${name} is not a parameter; parameters: {known}")
        used.add(name)
        value = values[name]
        return int(value) if float(value).is_integer() else value

    filled = fill(shocks)
    idle = [name for name in values if name not in used]
    if idle:
        raise ScenarioError(
            f"{where}: parameters.{idle[0]}: no shock uses it; write ${idle[0]} as a value"
        )
    return filled
