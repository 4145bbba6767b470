"""The page *Method and limits*: what the numbers mean, what the model is, what is installed."""

import streamlit as st

from app.manifest import hardware, versions
from app.models import bundled_models
from app.report.texts import LIMITS, METHOD, NOT_FOR
from app.views.glossary import disk_use, glossary
from app.views.session import plain, shared_jobs
from model.catalogue import assets_dir

st.title("Method and limits")
st.caption("How the numbers come about, and what they must not be used for.")

method, words, card, machine = st.tabs(
    ["Method and limits", "Glossary", "Model card", "Installation"], on_change="rerun",
    key="method-tab",
)  # fmt: skip
if method.open:
    with method:
        st.header("Method")
        st.markdown("\n".join(f"1. **{plain(title)}.** {plain(text)}" for title, text in METHOD))
        st.header("What it must not be used for")
        st.warning("\n".join(f"- {plain(text)}" for text in NOT_FOR))
        st.header("Assumptions and limits")
        st.markdown("\n".join(f"- {plain(text)}" for text in LIMITS))
if words.open:
    with words:
        sought = st.text_input("Search", key="method-search", placeholder="such as VaR")
        for heading, entries in glossary().items():
            found = {k: v for k, v in entries.items() if sought.lower() in f"{k} {v}".lower()}
            if found:
                st.header(heading)
                st.markdown("\n".join(f"- **{plain(k)}**: {plain(v)}" for k, v in found.items()))
if card.open:
    with card:
        models = bundled_models()
        if models:
            name = models[0]
            if len(models) > 1:
                name = st.segmented_control("Model", models, default=name, key="card-model") or name
            path = assets_dir() / "models" / name / "card.md"
            if path.is_file():
                with st.container(border=True):
                    st.markdown(path.read_text())
            else:
                st.info(f"{plain(name)} comes without a model card.", icon=":material/info:")
        else:
            st.info(
                "No trained model is installed; runs can use the baselines. Train one with "
                "`faultline train`.",
                icon=":material/info:",
            )
if machine.open:
    with machine:
        st.header("Versions")
        st.table({plain(k): plain(v) for k, v in versions().items()}, border="horizontal")
        st.header("Machine")
        st.table({plain(k): plain(v) for k, v in hardware().items()}, border="horizontal")
        st.header("Settings and disk")
        st.table(
            {plain(k): plain(v) for k, v in disk_use(shared_jobs().store).items()},
            border="horizontal",
        )
        st.caption(
            "The folder of the runs is set with `faultline app --runs DIR` or `FAULTLINE_RUNS`, "
            "that of the recordings with `FAULTLINE_DATA`."
        )
