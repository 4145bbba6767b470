"""Router of the dashboard: what every page has, and which page it is.

The folder of the pages is not called `pages`: Streamlit runs the scripts of a folder of that name
beside this file by its older rules, without this router. Pages have no icons of their own: the
browser would fetch them from outside.
"""

from importlib import resources

import streamlit as st

from app.views.session import follow_ground, plain
from model.errors import FaultlineError

page = st.navigation(
    [
        st.Page(
            "screens/stress.py",
            title="Stress",
            url_path="stress",
            default=True,
            help="Choose assets and a shock, run it, and read what it does to price and liquidity.",
        ),
        st.Page(
            "screens/assets.py",
            title="Assets and data",
            url_path="assets",
            help="What is known of each asset, the recordings at hand, and how to add your own.",
        ),
        st.Page(
            "screens/realism.py",
            title="Realism",
            url_path="realism",
            help="Real and generated markets side by side, with baselines: what to believe.",
        ),
        st.Page(
            "screens/method.py",
            title="Method and limits",
            url_path="method",
            help="How the numbers come about, what the model is, and what it must not be used for.",
        ),
    ],
    position="top",
)
st.set_page_config(
    page_title=f"{page.title} · Faultline",
    page_icon=str(resources.files("assets") / "icon.png"),
    layout="wide",
)
follow_ground()
try:
    page.run()
except FaultlineError as error:
    st.error(plain(str(error)), icon=":material/error:")
st.caption("Faultline · synthetic scenarios; not a forecast.")
