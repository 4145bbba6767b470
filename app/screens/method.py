"""The page *Method and limits*."""

import streamlit as st

from app.models import bundled_models
from app.report.texts import LIMITS, METHOD, NOT_FOR
from app.views.session import plain
from model.catalogue import assets_dir

st.title("Method and limits")
st.caption("How the numbers come about, and what they must not be used for.")

st.header("Method")
st.markdown("\n".join(f"1. **{plain(title)}.** {plain(text)}" for title, text in METHOD))

st.header("What it must not be used for")
st.warning("\n".join(f"- {plain(text)}" for text in NOT_FOR))

st.header("Limits")
st.markdown("\n".join(f"- {plain(text)}" for text in LIMITS))

st.header("Model card")
models = bundled_models()
if models:
    name = models[0]
    if len(models) > 1:
        name = st.segmented_control("Model", models, default=name, key="card-model") or name
    card = assets_dir() / "models" / name / "card.md"
    if card.is_file():
        with st.container(border=True):
            st.markdown(card.read_text())
    else:
        st.info(f"{plain(name)} comes without a model card.", icon=":material/info:")
else:
    st.info(
        "No trained model is installed; runs can use the baselines. Train one with "
        "`faultline train`.",
        icon=":material/info:",
    )
