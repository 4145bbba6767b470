import streamlit as st

from app.charts.realism import realism_charts
from app.views.chart_card import chart_card
from app.views.evidence import evaluated_assets, evaluated_models, load_evidence
from app.views.scorecard_table import scorecard_view
from app.views.session import plain
from model.errors import FaultlineError

st.title("Realism")
st.caption(
    "Real and generated order flow side by side: the held-out end of a real session, and what each "
    "model writes from the same states of the book through the same simulator."
)

models = evaluated_models()
with st.container(horizontal=True, vertical_alignment="bottom"):
    model = st.selectbox(
        "Model", models, key="realism-model", width=260, placeholder="No evaluated model"
    )
    assets = evaluated_assets(model)
    asset = st.selectbox(
        "Asset", assets, key="realism-asset", width=200, placeholder="No evaluated asset"
    )
    if asset is None:
        raise FaultlineError(
            "no evaluation is installed; make one with faultline evaluate --data DIR"
        )
    evidence = load_evidence(model, asset)
    under_test, *baselines = list(evidence.models) or [""]
    chosen = st.pills(
        "Beside it",
        baselines,
        selection_mode="multi",
        default=[name for name in baselines if name == "Hawkes"],
        key="realism-baselines",
        help="Models to draw as well.",
    )
if model is None:
    st.info(
        "No model has been evaluated yet: only the real recording is shown.",
        icon=":material/info:",
    )
shown = [name for name in evidence.models if name == under_test or name in chosen]
real = evidence.real
st.markdown(
    f"**{plain(asset)}** · {real.windows} real windows of {real.window_s:g} s, "
    f"{real.events:,} events · "
    + " · ".join(
        f"{plain(name)} {sheet.windows} paths, {sheet.events:,} events"
        for name, sheet in evidence.models.items()
        if name in shown
    )
)

paths, *others = realism_charts(real, {name: evidence.models[name] for name in shown})
chart_card(paths, f"realism-{paths.name}")
for left in range(0, len(others), 2):
    with st.grid(2, min_column_width=420, gap="small"):
        for chart in others[left : left + 2]:
            chart_card(chart, f"realism-{chart.name}")

if evidence.scorecard is not None:
    st.header("Scorecard")
    scorecard_view(evidence.scorecard, shown)
