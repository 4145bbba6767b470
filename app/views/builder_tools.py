"""What goes with a scenario in the builder: preview, severity, files, link, cost."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from app.charts.scenario import intensity_chart
from app.scenario_files import SharedTest, read_sent_scenario, scenario_yaml
from app.views.chart_card import chart_card
from app.views.runs import clock, explain, finished_runs, summary_of
from app.views.scenario_form import OWN, Chosen, origin_of
from app.views.session import plain, shared_jobs
from app.views.severity_table import deepest_fall_bp, real_facts, severity_table, usual_move_bp
from engine.runs import StoredRun
from engine.scenario import Scenario
from engine.spec import RunSpec
from model.catalogue import load_profile
from model.errors import FaultlineError

PREVIEW_PX = 220


def in_words(chosen: Chosen, assets: Sequence[str]) -> None:
    """What the shocks do to the first asset, a sentence each."""
    sentences = chosen.scenario.describe(chosen.intensity, load_profile(assets[0]))
    st.markdown("\n".join(f"- {plain(sentence)}" for sentence in sentences))
    if len(assets) > 1:
        st.caption(f"Sizes are those for {plain(assets[0])}; each asset gets its own.")


def over_time(chosen: Chosen, asset: str, horizon_s: float) -> None:
    """When the shocks act and how strongly; `FaultlineError` where one does not fit."""
    profile = load_profile(asset)
    chart = intensity_chart(chosen.scenario, chosen.intensity, profile, horizon_s)
    if chart is not None:
        with st.container(border=True):
            chart_card(chart, "builder-preview", PREVIEW_PX)


def against_history(chosen: Chosen, asset: str) -> None:
    """How often a move was seen in the asset's recording; the visitor chooses how large."""
    facts = real_facts(asset)
    if facts is None:
        st.info(f"No facts of {plain(asset)} are installed: run `faultline fit`.")
        return
    earlier = _earlier(chosen.scenario, asset)
    move, source = usual_move_bp(facts, chosen.scenario, chosen.intensity), ""
    if earlier is not None:
        fall = deepest_fall_bp(summary_of(earlier))
        if fall > 0.0:
            move = max(0.1, float(f"{fall:.2g}"))
            source = "It starts from the deepest fall of the median path in the last run."
    move = st.number_input(
        "A move of, bp (0.1 to 5000)",
        0.1,
        5000.0,
        move,
        1.0,
        format="%g",
        key=f"builder-move-{asset}-{move}",
        help=f"Before the run nobody knows how far the price will go; ask about any move. {source}",
        width=260,
    )
    severity_table(facts, asset, float(move))


def files(chosen: Chosen, shared: SharedTest) -> None:
    """Save the scenario, read one, share the whole test by link."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Save as YAML",
            scenario_yaml(chosen.scenario),
            f"{chosen.scenario.name}.yaml",
            "application/yaml",
            key="builder-save",
            on_click="ignore",
            icon=":material/download:",
            help="The scenario as a file, for the command line and for other people.",
        )
        with st.popover("Open a YAML file", icon=":material/upload_file:"):
            sent = st.file_uploader(
                "Scenario in YAML", type=["yaml", "yml"], key="builder-file", max_upload_size=1
            )
            if sent is not None and st.session_state.get("builder-sent") != sent.file_id:
                st.session_state["builder-sent"] = sent.file_id
                try:
                    text = sent.getvalue().decode()
                    read_sent_scenario(text, sent.name)
                    st.session_state["builder-pending"] = SharedTest(own=text)
                    st.rerun()
                except UnicodeDecodeError:
                    explain(FaultlineError(f"{sent.name}: not a text file in UTF-8"))
                except FaultlineError as error:
                    explain(error)
        with st.popover("Share by link", icon=":material/link:"):
            st.markdown("Whoever opens this address in a dashboard of theirs gets this test.")
            st.code(f"{_address()}?test={shared.token()}", language=None, wrap_lines=True)


def _address() -> str:
    return (st.context.url or "").partition("?")[0]


def _earlier(scenario: Scenario, asset: str) -> StoredRun | None:
    for run in finished_runs().values():
        if (run.spec.asset, run.spec.scenario.name) == (asset, scenario.name):
            return run
    return None


def cost(specs: Sequence[RunSpec]) -> str:
    """What runs will take, in a sentence: events, memory, disk, time; see `app.limits.estimate`."""
    from app.limits import estimate

    store = shared_jobs().store
    needs = [estimate(spec, store) for spec in specs]
    seconds = sum(need.seconds for need in needs)
    return (
        f"At most about {_rounded(sum(need.events for need in needs)):,.0f} events, with and "
        f"without the shock; {_rounded(max(need.memory_bytes for need in needs) / 1e9):g} GB of "
        f"memory, {_rounded(sum(need.disk_bytes for need in needs) / 1e6):,.0f} MB of disk; "
        f"{clock(_rounded(seconds))} min."
    )


def _rounded(value: float) -> float:
    return round(value, 1 - math.floor(math.log10(max(value, 1e-9))))


def load_sent() -> None:
    """Take over, once, what was uploaded or what the address carries.

    The address: `?scenario=NAME` or `?test=TOKEN`.
    """
    state = st.session_state
    if "builder-pending" in state:
        take_over(state.pop("builder-pending"))
    token, name = st.query_params.get("test", ""), st.query_params.get("scenario", "")
    if not (token or name) or state.get("builder-link") == (token, name):
        return
    state["builder-link"] = (token, name)
    try:
        shared = SharedTest.of_token(token) if token else SharedTest(scenario=name)
        take_over(shared)
    except (FaultlineError, ValueError) as error:
        explain(error)


def take_over(shared: SharedTest) -> None:
    """Set the controls of the builder to a shared test; `FaultlineError` where it is broken."""
    scenario = shared.load()
    state = st.session_state
    if shared.own:
        state["builder-own"] = shared.own
    state["builder-template"] = OWN if shared.own else shared.scenario
    origin = origin_of(shared.scenario, shared.own)
    for key in ("added", "removed"):
        state.pop(f"builder-{key}-{origin}", None)
    for parameter, value in shared.values.items():
        state[f"builder-{origin}-parameter-{parameter}"] = value
    most = scenario.max_intensity
    state[f"builder-intensity-{origin}-{most:g}"] = min(max(0.0, shared.intensity), most)
    if shared.assets:
        state["builder-assets"] = list(shared.assets)
        state["builder-paths"], state["builder-seed"] = shared.paths, shared.seed
        state[f"builder-horizon-{origin}"] = round(shared.horizon_s)
        state["builder-model"] = shared.model
