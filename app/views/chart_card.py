"""A chart with its title, caption, table and CSV."""

from __future__ import annotations

import streamlit as st

from app.charts import ChartSpec, to_plotly
from app.views.session import is_dark, plain

PLOTLY = {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d"]}


@st.fragment
def chart_card(spec: ChartSpec, key: str, height: int = 340) -> None:
    """Draw a chart; its table is made only when asked for, without a rerun of the page.

    Parameters
    ----------
    spec : ChartSpec
    key : str
        Unique on the page.
    height : int
        Pixels, of a single row of panels.
    """
    with st.container(border=True):
        st.markdown(f"**{plain(spec.title)}**")
        figure = to_plotly(spec, dark=is_dark(), height=height, title=False)
        st.plotly_chart(
            figure, theme=None, key=f"{key}-chart", config=PLOTLY, alt=spec.alt or spec.title
        )
        st.caption(plain(spec.caption))
        with st.container(horizontal=True, vertical_alignment="center"):
            as_table = st.toggle("Show as table", key=f"{key}-table")
            st.download_button(
                "CSV",
                spec.to_csv,
                f"{spec.name}.csv",
                "text/csv",
                key=f"{key}-csv",
                on_click="ignore",
                icon=":material/download:",
                help=f"The numbers behind “{spec.title}”",
            )
        if as_table:
            st.dataframe(spec.data, hide_index=True, alt=f"Table of {spec.title}")
