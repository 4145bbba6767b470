"""The blind test of the page Realism: a guess, the answer, a tally."""

from __future__ import annotations

import secrets

import streamlit as st

from app.charts.blind_test import LETTERS, blind_round, chance_of
from app.charts.numbers import percent
from app.views.chart_card import chart_card
from app.views.session import plain
from stylized_facts.sheet import FactSheet

NARROW_PX = 150  # of a window: a phone shows all four


@st.fragment
def blind_test(real: FactSheet, model: FactSheet, label: str) -> None:
    """Ask which of four windows is real, and keep count of the answers of this visitor."""
    name = f"blind-{real.asset}-{label}"
    state = st.session_state.setdefault(
        name, {"seed": secrets.randbelow(2**32), "guess": None, "right": 0, "rounds": 0}
    )
    found = blind_round(real, model, state["seed"])
    if found is None:
        st.info("This evaluation holds too few windows for a test.", icon=":material/info:")
        return
    with st.container(border=True):
        chart_card(found.chart, f"{name}-{state['seed']}", 260, NARROW_PX)
    with st.container(horizontal=True, vertical_alignment="center"):
        for letter in LETTERS:
            st.button(
                f"{letter} is real",
                key=f"{name}-{letter}",
                disabled=state["guess"] is not None,
                on_click=_guess,
                args=(name, letter, found.answer),
            )
        if state["guess"] is not None:
            st.button(
                "Next four",
                key=f"{name}-next",
                type="primary",
                icon=":material/arrow_forward:",
                on_click=_next,
                args=(name,),
            )
    if state["guess"] is not None:
        clock = f"{int(found.start_s // 3600):02d}:{int(found.start_s // 60) % 60:02d}"
        truth = f"{found.answer} is real, from {clock}; the others were written by {plain(label)}."
        if state["guess"] == found.answer:
            st.success(f"Right: {truth}", icon=":material/check:")
        else:
            st.error(f"Not {state['guess']}: {truth}", icon=":material/close:")
    if state["rounds"]:
        chance = chance_of(state["right"], state["rounds"])
        st.markdown(
            f"**{state['right']} of {state['rounds']} right.** Guessing gets one of four; so many "
            f"or more come by luck with probability {percent(chance)}."
        )


def _guess(name: str, letter: str, answer: str) -> None:
    state = st.session_state[name]
    state["guess"] = letter
    state["rounds"] += 1
    state["right"] += letter == answer


def _next(name: str) -> None:
    st.session_state[name] |= {"seed": secrets.randbelow(2**32), "guess": None}
