"""What a new stress test is asked for."""

from __future__ import annotations

import math

import streamlit as st

from app.models import RUNNABLE, bundled_models
from app.views.session import model_title, plain, shared_jobs
from engine.scenario import Scenario, list_scenarios, load_scenario
from model.catalogue import load_catalogue, load_profile
from model.errors import FaultlineError
from model.profile import AssetProfile

# The default run answers within a minute on two cores.
SCENARIO, PATHS, HORIZON_S, SEED = "flash_crash", 64, 180, 1


@st.fragment
def run_form() -> None:
    """Ask for a run, queue it, and show it: one run for each asset that is chosen."""
    with st.container():
        first, second = st.columns(2, gap="medium")
        with first:
            catalogue = list(load_catalogue())
            assets = st.multiselect(
                "Assets",
                catalogue,
                default=catalogue[:1],
                key="form-assets",
                help="One run is made for each asset.",
            )
            scenarios = list_scenarios()[1:]  # not the first one, in which nothing happens
            scenario = load_scenario(
                st.selectbox(
                    "Scenario",
                    scenarios,
                    scenarios.index(SCENARIO),
                    format_func=lambda name: load_scenario(name).title,
                    key="form-scenario",
                )
            )
            intensity = st.slider(
                "Intensity",
                0.0,
                float(scenario.max_intensity),
                1.0,
                0.1,
                key="form-intensity",
                format="× %.1f",
                help=f"Multiplies the shocks: 1 as described, 0 none, at most "
                f"{scenario.max_intensity:g} for this scenario.",
            )
        with second:
            models = [*bundled_models(), *RUNNABLE]
            model = st.selectbox(
                "Model",
                models,
                format_func=model_title,
                key="form-model",
                help="What writes the order flow. The baselines are there for comparison.",
            )
            with st.container(horizontal=True):
                paths = st.number_input(
                    "Paths", 1, 4096, PATHS, key="form-paths", help="1 to 4,096; each run twice."
                )
                horizon_s = st.number_input(
                    "Horizon, s",
                    10,
                    23_400,
                    HORIZON_S,
                    30,
                    key="form-horizon",
                    help="Market time of each path, 10 to 23,400 seconds.",
                )
                seed = st.number_input(
                    "Seed",
                    0,
                    2**53 - 1,
                    SEED,
                    key="form-seed",
                    help="The same seed and settings give the same paths.",
                )
        _describe(scenario, intensity, assets)
        with st.container(horizontal=True, vertical_alignment="center"):
            asked = st.button(
                "Run stress test", type="primary", icon=":material/play_arrow:", key="form-run"
            )
            _estimate(assets, paths, horizon_s)
        if not asked:
            return
        from app.stress import build_spec, check_spec  # load the engine: not before it is needed

        try:
            if not assets:
                raise FaultlineError("assets: none is chosen; choose at least one")
            specs = [
                build_spec(
                    asset,
                    scenario.name,
                    intensity=intensity,
                    paths=int(paths),
                    horizon_s=float(horizon_s),
                    seed=int(seed),
                    model=model,
                )
                for asset in assets
            ]
            for spec in specs:  # all of them, before the first is queued
                check_spec(spec)
            run_ids = [shared_jobs().submit(spec) for spec in specs]
        except FaultlineError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
    st.query_params["run"] = run_ids[0]
    st.rerun()


def _describe(scenario: Scenario, intensity: float, assets: list[str]) -> None:
    st.markdown(f"**{plain(scenario.title)}.** {plain(scenario.description)}")
    profile = _profile(assets[0]) if assets else None
    if profile is None:
        return
    sentences = scenario.describe(intensity, profile)
    st.markdown("\n".join(f"- {plain(sentence)}" for sentence in sentences))
    if len(assets) > 1:
        st.caption(f"Sizes are those for {plain(assets[0])}; each asset gets its own.")


def _estimate(assets: list[str], paths: float, horizon_s: float) -> None:
    profiles = [_profile(asset) for asset in assets]
    events = sum(2 * paths * horizon_s * profile.events_per_s for profile in profiles if profile)
    if events:
        rounded = round(events, 1 - math.floor(math.log10(events)))
        st.caption(f"About {rounded:,.0f} events to simulate, with and without the shock.")


def _profile(asset: str) -> AssetProfile | None:
    try:
        return load_profile(asset)
    except FaultlineError:
        return None
