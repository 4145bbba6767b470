"""What every page of the dashboard shares: the run store, the queue, the look."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import streamlit as st

from app.jobs import JobRunner
from app.models import is_baseline
from engine.runs import RunStore, default_root


def shared_jobs() -> JobRunner:
    """The queue of the store that the dashboard was started with, one for all visitors."""
    return _jobs(default_root())


@cache
def _jobs(root: Path) -> JobRunner:
    jobs = JobRunner(RunStore(root))
    jobs.start()
    return jobs


def model_title(model: str) -> str:
    """What people call a model: `TradeFM small`, `Hawkes`, `Zero intelligence`."""
    if is_baseline(model):
        return model.replace("-", " ").capitalize()
    return f"TradeFM {Path(model).name}"


def is_dark() -> bool:
    """Whether the page is shown on a dark ground.

    Who changes between light and dark sees it in charts with the next click: Streamlit does not
    tell the script before, and a page that asks again and again loses what is drawn meanwhile.
    """
    return st.context.theme.type == "dark"


def plain(text: str) -> str:
    """`text` so that Streamlit, which reads Markdown almost everywhere, shows it as it is."""
    text = " ".join(text.split())
    return re.sub(r"([\\`*_\[\]#|~$<>&]|:(?=\w)|^[-+]|^\d+[.)](?=\s|$))", _escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return f"{found[0][:-1]}\\{found[0][-1]}"
