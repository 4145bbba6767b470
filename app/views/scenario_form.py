"""Which scenario: a template or one of the visitor's own, its parameters, and its shocks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import streamlit as st
from pydantic import ValidationError

from app.scenario_files import SharedTest, read_sent_scenario, scenario_yaml
from app.views.scenarios import SCENARIO, bundled, title_of
from app.views.session import plain
from app.views.shock_fields import example_shock, shock_controls, step_of
from engine.scenario import Scenario, load_scenario
from engine.shocks import SHOCKS
from model.errors import ScenarioError

OWN = "your own"
KEPT: dict[str, Any] = {"persist_state": "session"}  # while the visitor is on other pages


@dataclass(frozen=True)
class Chosen:
    """A scenario as the visitor made it.

    `origin` names where it started, for the keys of controls that belong to it; `shared` is what a
    link has to say of it.
    """

    scenario: Scenario
    intensity: float
    origin: str
    shared: SharedTest


def choose_scenario() -> Chosen:
    """Controls for template, parameters and intensity, and, folded away, for every shock.

    Raises
    ------
    ScenarioError
        The text of the visitor's own scenario, or what was made of its shocks, breaks the schema.
    """
    own = st.session_state.get("builder-own", "")
    options = [*([OWN] if own else []), *bundled()]
    if st.session_state.get("builder-template") not in (None, *options):
        del st.session_state["builder-template"]
    template = st.selectbox(
        "Scenario",
        options,
        format_func=lambda name: "Your own scenario" if name == OWN else title_of(name),
        key=hold("builder-template", SCENARIO),
        help="What happens to the market. Start from a template; everything can be changed.",
        **KEPT,
    )
    own = own if template == OWN else ""
    origin = origin_of(template, own)
    loaded = _loaded(template, own, {})
    st.markdown(f"**{plain(loaded.title)}.** {plain(loaded.description)}")
    values = _parameters(loaded, origin)
    if values:
        loaded = _loaded(template, own, values)
    scenario = _edited(loaded, origin)
    intensity = st.slider(
        "Intensity",
        0.0,
        float(scenario.max_intensity),
        step=0.1,
        key=hold(f"builder-intensity-{origin}-{scenario.max_intensity:g}", 1.0),
        format="× %.1f",
        help=f"Multiplies the shocks: 1 as described, 0 none, at most "
        f"{scenario.max_intensity:g} for this scenario.",
        **KEPT,
    )
    if scenario is loaded and not own:
        shared = SharedTest(scenario=template, values=values)
    elif scenario is loaded:
        shared = SharedTest(own=own, values=values)
    else:
        shared = SharedTest(own=scenario_yaml(scenario))
    return Chosen(scenario, intensity, origin, shared)


def origin_of(template: str, own: str) -> str:
    """What tells the controls of one scenario from those of another."""
    return hashlib.sha256(own.encode()).hexdigest()[:8] if own else template


def hold(key: str, value: Any) -> str:
    """Give a control its first value; the key, for controls that must be able to be set."""
    st.session_state.setdefault(key, value)
    return key


def _loaded(template: str, own: str, values: dict[str, float]) -> Scenario:
    if own:
        return read_sent_scenario(own, "your scenario", values)
    return load_scenario(template, values) if values else bundled()[template]


def _parameters(scenario: Scenario, origin: str) -> dict[str, float]:
    """A control for each parameter; those that do not have their default."""
    values: dict[str, float] = {}
    if not scenario.parameters:
        return values
    with st.grid(2, min_column_width=240, gap="small"):
        for name, parameter in scenario.parameters.items():
            unit = f" {plain(parameter.unit)}" if parameter.unit else ""
            value = st.number_input(
                f"{plain(name.replace('_', ' ').capitalize())} "
                f"({parameter.low:g} to {parameter.high:g}{unit})",
                parameter.low,
                parameter.high,
                step=step_of(parameter.default),
                format="%g",
                key=hold(f"builder-{origin}-parameter-{name}", parameter.default),
                help=f"{plain(parameter.description)}; {parameter.default:g} in the template.",
                **KEPT,
            )
            if value != parameter.default:
                values[name] = float(value)
    return values


def _edited(loaded: Scenario, origin: str) -> Scenario:
    """The scenario with its shocks as the visitor set them; the same object where none differs."""
    original = [shock.model_dump(mode="json") for shock in loaded.shocks]
    added = st.session_state.setdefault(f"builder-added-{origin}", {})
    removed = st.session_state.setdefault(f"builder-removed-{origin}", set())
    listed = {str(i): shock for i, shock in enumerate(original)} | added
    kept = {key: shock for key, shock in listed.items() if key not in removed}
    shocks = []
    with st.expander(f"Shocks ({len(kept)})", icon=":material/tune:"):
        st.caption("Every setting of every shock. A change makes the scenario your own.")
        for place, (key, shock) in enumerate(kept.items(), 1):
            with st.container(border=True):
                with st.container(horizontal=True, vertical_alignment="center"):
                    st.markdown(f"**{place}. {plain(shock['kind'].replace('_', ' '))}**")
                    if st.button(
                        "Remove",
                        key=f"builder-remove-{origin}-{key}",
                        icon=":material/delete:",
                        type="tertiary",
                        help=f"Take shock {place} out of the scenario",
                    ):
                        removed.add(key)
                        st.rerun()
                shocks.append(shock_controls(shock, f"builder-{origin}-{key}"))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            kind = st.selectbox(
                "Add a shock",
                sorted(SHOCKS),
                format_func=lambda name: name.replace("_", " "),
                key="builder-kind",
                help="It starts with the settings of an example.",
                width=260,
            )
            if st.button("Add", key="builder-add", icon=":material/add:"):
                added[f"a{len(added)}"] = example_shock(kind)
                st.rerun()
    if shocks == original:
        return loaded
    return _own(loaded, shocks)


def _own(loaded: Scenario, shocks: list[dict[str, Any]]) -> Scenario:
    """The scenario with other shocks, under a name and title of its own."""
    name = loaded.name if loaded.name.endswith("_edited") else f"{loaded.name[:57]}_edited"
    title = loaded.title if loaded.title.endswith(", edited") else f"{loaded.title[:111]}, edited"
    content = loaded.model_dump(mode="json", exclude={"parameters", "shocks"})
    try:
        return Scenario.model_validate(content | {"name": name, "title": title, "shocks": shocks})
    except ValidationError as error:
        raise ScenarioError(_problem(error)) from None


def _problem(error: ValidationError) -> str:
    """The first thing that is wrong with the shocks, in the words of the page."""
    first = error.errors()[0]
    where = [str(part).replace("_", " ") for part in first["loc"]]
    if where[0] == "shocks" and len(where) > 1:
        where = [f"shock {int(where[1]) + 1}", *where[2:]]
    return f"{', '.join(where) or 'shocks'}: {first['msg'].removeprefix('Value error, ')}"
