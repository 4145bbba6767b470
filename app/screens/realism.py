"""The page *Realism*: real and generated markets side by side."""

import streamlit as st

from app.charts.realism import REAL, scorecard_map
from app.charts.realism_views import HORIZONS_S, VIEWS, impact, returns
from app.evaluations import evaluated_assets, evaluated_models, evaluation_path
from app.views.blind_test import blind_test
from app.views.chart_card import chart_card, chart_grid
from app.views.evidence import evaluation_of, impact_of
from app.views.scorecard_table import scorecard_view
from app.views.session import model_title, plain
from model.errors import FaultlineError
from stylized_facts.scorecard import BASELINE

MAP_PX, ROW_PX = 80, 30
BLIND, CARD = "Which one is real?", "Scorecard"

st.title("Realism")
st.caption(
    "Real and generated order flow side by side: the held-out end of a real session, and what each "
    "model writes from the same states of the book through the same simulator."
)

models = evaluated_models()
with st.container(horizontal=True, vertical_alignment="bottom"):
    model = st.selectbox(
        "Model",
        models,
        key="realism-model",
        format_func=model_title,
        width=260,
        placeholder="No evaluated model",
    )
    assets = evaluated_assets(model)
    asset = st.selectbox(
        "Asset", assets, key="realism-asset", width=200, placeholder="No evaluated asset"
    )
    if not assets:
        raise FaultlineError("no evaluation is installed; make one with `faultline evaluate`")
    evaluation = evaluation_of(evaluation_path(model, asset))
    under_test, *baselines = list(evaluation.models) or [""]
    beside: list[str] = []
    if baselines:
        beside = st.pills(
            "Beside it",
            baselines,
            selection_mode="multi",
            default=[name for name in baselines if name == BASELINE],
            key="realism-baselines",
            help="Baseline models to draw as well.",
        )
if not models:
    st.info(
        "No model has been evaluated yet: only the real recording is shown.",
        icon=":material/info:",
    )
real = evaluation.real
shown = {
    name: sheet for name, sheet in evaluation.models.items() if name == under_test or name in beside
}
sizes = [f"{real.windows} real windows of {real.window_s:g} s, {real.events:,} events"]
sizes += [
    f"{name}: {sheet.windows} paths, {sheet.events:,} events" for name, sheet in shown.items()
]
st.markdown(f"**{plain(asset)}** · {plain(' · '.join(sizes))}")

views = [*VIEWS, BLIND] if shown else list(VIEWS)
views += [CARD] if evaluation.scorecard else []
sheets = {REAL: real, **shown}
key = f"realism-{asset}"
for name, tab in zip(views, st.tabs(views, on_change="rerun", key="realism-view"), strict=True):
    if not tab.open:
        continue
    with tab:
        if name == BLIND:
            who = st.selectbox("Against", list(shown), key="realism-against", width=260)
            blind_test(real, shown[who], who)
        elif name == CARD and evaluation.scorecard is not None:
            overview = scorecard_map(evaluation.scorecard, list(shown))
            chart_card(overview, f"{key}-map", MAP_PX + ROW_PX * overview.data["row"].nunique())
            scorecard_view(evaluation.scorecard, list(shown))
        elif name == "Returns":
            horizon = st.segmented_control(
                "Horizon of the returns",
                HORIZONS_S,
                default=10,
                required=True,
                key="realism-horizon",
                format_func=lambda seconds: f"{seconds} s",
            )
            chart_grid(returns(sheets, horizon or 10), f"{key}-returns")
        else:
            charts = VIEWS[name](sheets)
            found = impact_of(model, asset) if name == "Book and impact" else None
            chart_grid([*charts, *([impact(found)] if found else [])], f"{key}-{name}")
            if name == "Book and impact" and models and found is None:
                st.caption("The impact of metaorders has not been measured for this asset.")
