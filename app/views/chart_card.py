"""Charts with title, caption, definition, table, CSV and SVG."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.charts import ChartSpec, to_plotly, to_svg
from app.views.session import is_dark, plain

PANEL_PX = 280
COLUMN_PX = 420
PLOTLY = {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d"]}


def chart_grid(charts: Sequence[ChartSpec], key: str) -> None:
    """Draw charts two in a row; one of several panels, or without a neighbour, has its own row.

    Parameters
    ----------
    charts : in reading order
    key : put before the names of the charts; unique on the page
    """
    grid = st.grid(2, min_column_width=COLUMN_PX, gap="small")
    place = 0
    while place < len(charts):
        pair = charts[place : place + 2]
        if len(pair) < 2 or any(len(chart.panels()) > 1 for chart in pair):
            pair = pair[:1]
        for chart in pair:
            cell = grid.cell(column_span="all") if len(pair) == 1 else grid
            with cell.container(border=True, height="stretch"):
                chart_card(chart, f"{key}-{chart.name}")
        place += len(pair)


@st.fragment
def chart_card(chart: ChartSpec, key: str, height: int = 340, panel_px: int = PANEL_PX) -> None:
    """Draw a chart; its table is made only when asked for, without a rerun of the page.

    Parameters
    ----------
    chart : ChartSpec
    key : str
        Unique on the page.
    height : int
        Pixels, of a single row of panels.
    panel_px : int
        Least width of a panel; where the page is narrower, the chart scrolls.
    """
    st.markdown(f"**{plain(chart.title)}**")
    figure = to_plotly(chart, dark=is_dark(), height=height, title=False)
    with st.grid(1, min_column_width=panel_px * chart.grid()[1], wrap=False):  # phones scroll
        st.plotly_chart(
            figure, theme=None, key=f"{key}-chart", config=PLOTLY, alt=chart.alt or chart.title
        )
    st.caption(plain(chart.caption))
    with st.container(horizontal=True, vertical_alignment="center"):
        as_table = st.toggle("Show as table", key=f"{key}-table")
        st.download_button(
            "CSV",
            chart.to_csv,
            f"{chart.name}.csv",
            "text/csv",
            key=f"{key}-csv",
            on_click="ignore",
            icon=":material/download:",
            help=f"The numbers behind “{chart.title}”",
        )
        st.download_button(
            "SVG",
            lambda: to_svg(chart, title=True),
            f"{chart.name}.svg",
            "image/svg+xml",
            key=f"{key}-svg",
            on_click="ignore",
            icon=":material/image:",
            help=f"“{chart.title}” for print; the tool bar of the chart saves a PNG",
        )
        if chart.definition:
            with st.popover("Definition", icon=":material/menu_book:"):
                st.markdown(plain(chart.definition))
    if as_table:
        st.dataframe(chart.data, hide_index=True, alt=f"Table of {chart.title}")
