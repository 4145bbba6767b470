"""Controls for the settings of a shock, made from its schema."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import streamlit as st

from app.views.scenarios import bundled
from app.views.session import plain
from engine.shocks import SHOCKS
from model.catalogue import load_catalogue

Content = dict[str, Any]
FIRST = {"start_s": 60.0, "duration_s": 30.0}  # of a shock that no bundled scenario shows
TEXTS = {"from_clock": "10:30:00"}


def shock_controls(shock: Content, key: str) -> Content:
    """A control for each field of a shock; the shock with what they hold.

    A control forgets what was typed when the value that it starts from changes.

    Parameters
    ----------
    shock : every field of the shock, its `kind` among them
    key : unique on the page
    """
    fields = _fields(shock["kind"])
    chosen: Content = {"kind": shock["kind"]}
    with st.grid(3, min_column_width=200, gap="small"):
        for name, field in fields.items():
            chosen[name] = _control(name, field, shock[name], f"{key}-{name}-{shock[name]}")
    return chosen


def example_shock(kind: str) -> Content:
    """A shock of a kind to start from: the first of the bundled ones, else its least settings."""
    for scenario in bundled().values():
        for shock in scenario.shocks:
            if shock.kind == kind:
                return shock.model_dump(mode="json")
    content: Content = {"kind": kind} | FIRST
    for name, field in SHOCKS[kind].model_fields.items():
        if field.is_required() and name not in content:
            content[name] = TEXTS.get(name, next(iter(load_catalogue())))
    return SHOCKS[kind].model_validate(content).model_dump(mode="json")


@cache
def _fields(kind: str) -> dict[str, Content]:
    """Properties of a kind's schema; those of its own come before the time and the intensity."""
    known = SHOCKS[kind].model_json_schema()["properties"]
    common = ("start_s", "duration_s", "ramp_s", "intensity", "assets")
    names = [name for name in known if name not in ("kind", *common)]
    return {name: known[name] for name in (*names, *(name for name in common if name in known))}


def _control(name: str, field: Content, value: Any, key: str) -> Any:
    description = plain(field.get("description", name))
    label = plain(name.replace("_", " "))
    shared: dict[str, Any] = {"key": key, "persist_state": "session"}
    if "enum" in field:
        options = field["enum"]
        return st.selectbox(label, options, options.index(value), help=description, **shared)
    optional = next((part for part in field.get("anyOf", ()) if part["type"] != "null"), None)
    if (optional or field)["type"] in ("number", "integer"):
        return _number(label, description, optional or field, value, shared)
    if name == "assets":
        known = list(load_catalogue())
        return st.multiselect(
            label, known, value, help=description, placeholder="all assets", **shared
        )
    if field["type"] == "array":
        text = ", ".join(f"{part:.12g}" for part in value)
        return _numbers(
            st.text_input(label, text, help=f"{description}, comma-separated", **shared)
        )
    return st.text_input(label, value, help=description, **shared)


def _numbers(text: str) -> list[Any]:
    """The numbers of a comma-separated text; what is none stays text, for the schema to refuse."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    try:
        return [float(part) for part in parts]
    except ValueError:
        return parts


def _number(label: str, description: str, field: Content, value: Any, shared: Content) -> Any:
    low = field["minimum" if "minimum" in field else "exclusiveMinimum"]
    high = field["maximum" if "maximum" in field else "exclusiveMaximum"]
    shared = shared | {"help": description, "placeholder": "none"}
    label = f"{label} ({low:g} to {high:g})"
    if field["type"] == "integer":
        return st.number_input(label, int(low), int(high), int(value), **shared)
    start = None if value is None else float(value)
    return st.number_input(
        label, float(low), float(high), start, step_of(value), format="%g", **shared
    )


def step_of(value: float | None) -> float:
    """A step for a control that holds `value`: a tenth of its leading digit."""
    if not value:
        return 0.1
    return float(10.0 ** (math.floor(math.log10(abs(value))) - 1))
