"""Charts: neutral specifications, drawn by Plotly for the screen and by Matplotlib for print."""

from app.charts.mpl_renderer import to_svg
from app.charts.palette import Role
from app.charts.plotly_renderer import to_plotly
from app.charts.spec import ChartSpec, Marker, Span

__all__ = ["ChartSpec", "Marker", "Role", "Span", "to_plotly", "to_svg"]
