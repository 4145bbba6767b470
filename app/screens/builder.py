"""The page *Scenario builder*: choose assets and shocks, see what they will do, run them."""

import streamlit as st

from app.models import RUNNABLE, bundled_models
from app.views.builder_tools import against_history, cost, files, in_words, load_sent, over_time
from app.views.runs import explain, submit
from app.views.scenario_form import KEPT, choose_scenario, hold
from app.views.scenarios import PATHS, SEED, fitting_horizon_s
from app.views.session import model_title
from model.catalogue import load_catalogue
from model.errors import FaultlineError

st.title("Scenario builder")
st.caption("Choose assets and shocks, see what they will do and how severe that is, and run them.")
load_sent()

left, right = st.columns(2, gap="large")
with left:
    st.subheader("What happens")
    catalogue = list(load_catalogue())
    assets = st.multiselect(
        "Assets",
        catalogue,
        key=hold("builder-assets", catalogue[:1]),
        help="One run is made for each asset.",
        **KEPT,
    )
    chosen = choose_scenario()

specs = []
with right:
    st.subheader("How it is run")
    models = [*bundled_models(), *RUNNABLE]
    if st.session_state.get("builder-model") not in models:
        st.session_state["builder-model"] = models[0]
    with st.grid(2, min_column_width=170, gap="small"):
        model = st.selectbox(
            "Model",
            models,
            format_func=model_title,
            key="builder-model",
            help="What writes the order flow. The baselines are there for comparison.",
            **KEPT,
        )
        seed = st.number_input(
            "Seed (0 or more)",
            0,
            2**53 - 1,
            key=hold("builder-seed", SEED),
            help="The same seed and settings give the same paths.",
            **KEPT,
        )
        paths = st.number_input(
            "Paths (1 to 4,096)",
            1,
            4096,
            key=hold("builder-paths", PATHS),
            help="Each is run twice, with and without the shock. More paths, narrower intervals.",
            **KEPT,
        )
        horizon_s = st.number_input(
            "Horizon, s (10 to 23,400)",
            10,
            23_400,
            step=30,
            key=hold(f"builder-horizon-{chosen.origin}", fitting_horizon_s(chosen.scenario)),
            help="Market time of each path. It has to hold all shocks, and what follows them.",
            **KEPT,
        )
    settings = {
        "intensity": chosen.intensity, "paths": int(paths), "horizon_s": float(horizon_s),
        "seed": int(seed), "model": model,
    }  # fmt: skip
    with st.container(border=True):
        asked = st.button(
            "Run stress test", type="primary", icon=":material/play_arrow:", key="builder-run"
        )
        try:
            if not assets:
                raise FaultlineError("assets: none is chosen; choose at least one")
            from app.stress import spec_of

            specs = [spec_of(asset, chosen.scenario, **settings) for asset in assets]
            st.caption(cost(specs))
            if asked:
                submit(specs)
        except FaultlineError as error:
            explain(error)
    files(chosen, chosen.shared.model_copy(update=settings | {"assets": tuple(assets)}))

if specs:
    st.subheader("What it will do")
    in_words(chosen, assets)
    try:
        over_time(chosen, assets[0], float(horizon_s))
    except FaultlineError as error:
        explain(error)
    st.subheader("Severity against history")
    against_history(chosen, assets[0])
