"""The page *Realism*: real and generated markets side by side."""

import streamlit as st

from app.charts.realism import realism_charts, scorecard_map
from app.evaluations import evaluated_assets, evaluated_models, evaluation_path, read_evaluation
from app.views.chart_card import chart_card, chart_grid
from app.views.scorecard_table import scorecard_view
from app.views.session import model_title, plain
from model.errors import FaultlineError
from stylized_facts.scorecard import BASELINE

MAP_PX, ROW_PX = 80, 30

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
    evaluation = read_evaluation(evaluation_path(model, asset))
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

chart_grid(realism_charts(real, shown), f"realism-{asset}")
if evaluation.scorecard is not None:
    st.header("Scorecard")
    overview = scorecard_map(evaluation.scorecard, list(shown))
    chart_card(overview, f"realism-{asset}-map", MAP_PX + ROW_PX * overview.data["row"].nunique())
    scorecard_view(evaluation.scorecard, list(shown))
