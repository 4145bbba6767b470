"""The page *Overview*: ask a question, see what was asked before, start from a template."""

import streamlit as st

from app.models import RUNNABLE, bundled_models
from app.views.overview_cards import headline_cards, last_runs
from app.views.runs import BUILDER, MONITOR, explain, open_runs, submit
from app.views.scenarios import PATHS, SCENARIO, SEED, bundled, fitting_horizon_s, title_of
from app.views.session import model_title, plain
from model.catalogue import load_catalogue
from model.errors import FaultlineError

TEMPLATES = (
    "flash_crash", "liquidation", "liquidity_withdrawal", "volatility_spike", "news_gap",
    "stop_loss_cascade",
)  # fmt: skip

st.title("Faultline")
st.markdown(
    "Stress-test a market before the market does: generated order flow meets a shock in a simulated"
    " order book, beside the same paths without it. Pick an asset and a shock; the answer comes"
    " with intervals, charts and a report to take away."
)

with st.container(border=True):
    with st.container(horizontal=True, vertical_alignment="bottom"):
        asset = st.selectbox(
            "Is this asset safe", list(load_catalogue()), key="ask-asset", width=220
        )
        names = list(bundled())
        scenario = st.selectbox(
            "against this shock?",
            names,
            names.index(SCENARIO),
            format_func=title_of,
            key="ask-scenario",
            width=320,
        )
        asked = st.button("Find out", type="primary", icon=":material/play_arrow:", key="ask-run")
    st.markdown(plain(bundled()[scenario].description))
    model = [*bundled_models(), *RUNNABLE][0]
    horizon_s = fitting_horizon_s(bundled()[scenario])
    st.caption(
        f"{PATHS} paths of {horizon_s} s, each with and without the shock, by {model_title(model)};"
        " a minute or so. The results offer the report as PDF."
    )
    if asked:
        from app.stress import build_spec

        try:
            spec = build_spec(
                asset, scenario, paths=PATHS, horizon_s=horizon_s, seed=SEED, model=model
            )
            submit([spec])
        except FaultlineError as error:
            explain(error)

waiting = len(open_runs())
if waiting:
    st.page_link(
        MONITOR,
        label=f"{waiting} run{'s' * (waiting > 1)} at work or waiting",
        icon=":material/progress_activity:",
    )
headline_cards()

st.header("Last runs")
last_runs()

st.header("Start from a template")
with st.grid(3, min_column_width=280, gap="small"):
    for name in (name for name in TEMPLATES if name in bundled()):
        template = bundled()[name]
        with st.container(border=True, height="stretch"):
            st.markdown(f"**{plain(template.title)}**")
            st.caption(plain(template.description))
            st.page_link(
                BUILDER,
                label="Open in the scenario builder",
                icon=":material/tune:",
                query_params={"scenario": name},
            )
