"""Router of the dashboard: what every page has, and which page it is.

The folder of the pages is not called `pages`: Streamlit runs the scripts of a folder of that name
beside this file by its older rules, without this router. Pages have no icons of their own: the
browser would fetch them from outside.
"""

from importlib import resources

import streamlit as st

from app.views.login import require_login
from app.views.session import plain
from model.errors import FaultlineError

# Section, file in `screens` and part of the address, title, what the page is for.
PAGES = (
    ("", "overview", "Overview", "Ask a question, see the last runs, start from a template."),
    ("Stress test", "builder", "Scenario builder", "Choose assets and shocks, and run them."),
    ("Stress test", "monitor", "Run monitor", "Runs that wait or are at work; cancel or repeat."),
    ("Stress test", "results", "Results", "What a shock does to price and liquidity."),
    ("Stress test", "compare", "Compare", "Two to four runs over each other, with differences."),
    (
        "Stress test",
        "sensitivity",
        "Sensitivity",
        "Sweeps, reverse stress, portfolios.",
    ),
    (
        "Evidence",
        "assets",
        "Assets and data",
        "What is known of each asset; your own data.",
    ),
    ("Evidence", "realism", "Realism", "Real and generated markets side by side: what to believe."),
    ("Take away", "reports", "Reports and export", "Reports and data of your runs as files."),
    ("Take away", "method", "Method and limits", "How the numbers come about; what not to use."),
)

sections: dict[str, list[st.Page]] = {}
for section, name, title, purpose in PAGES:
    sections.setdefault(section, []).append(
        st.Page(
            f"screens/{name}.py",
            title=title,
            url_path=name,
            default=name == "overview",
            help=purpose,
        )
    )
page = st.navigation(sections, expanded=True)
st.set_page_config(
    page_title=f"{page.title} · Faultline",
    page_icon=str(resources.files("assets") / "icon.png"),
    layout="wide",
)
st.logo(str(resources.files("assets") / "icon.png"), size="large")
require_login()
try:
    page.run()
except FaultlineError as error:
    st.error(plain(str(error)), icon=":material/error:")
st.caption("Faultline · synthetic scenarios; not a forecast.")
