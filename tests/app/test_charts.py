"""Charts as data: what is drawn, in which look, by both renderers."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from pydantic import ValidationError

from app.charts import ChartSpec, Marker, Role, Span, to_plotly, to_svg
from app.charts.numbers import count, interval, number, percent
from app.charts.palette import LOOKS
from app.charts.realism import REAL, distribution, realism_charts, scorecard_map
from app.charts.spec import MAX_CELLS, MAX_POINTS, Axis
from app.charts.stress import bin_edges, shock_spans, stress_charts
from engine.risk import bands, risk_table
from engine.rollout import StressRun
from engine.scenario import Scenario, load_scenario
from stylized_facts import FactSheet, Scorecard
from stylized_facts.quantities import CROSSING_DEPTH

BOOK = {
    "series": ["Bids", "Bids", "Asks", "Asks", "Mid", "Mid", "Buys", "Sells"],
    "x": [0, 2, 0, 4, 0, 4, 1, 3], "y": [-2, -2, 1, 2, 0.0, 0.5, 1, -2],
    "value": [10, 40, 30, 5, np.nan, np.nan, 7, 28],
}  # fmt: skip
BOOK_ROLES = {
    "Bids": Role.BUY, "Asks": Role.SELL, "Mid": Role.UNSHOCKED, "Buys": Role.BUY,
    "Sells": Role.SELL,
}  # fmt: skip
TWO = {"Unshocked": Role.UNSHOCKED, "Shocked": Role.SHOCKED}


def spec(kind: str, data: dict[str, list[object]], **more: object) -> ChartSpec:
    fields = {
        "kind": kind, "name": "chart", "title": "T", "x": Axis(label="x, s"),
        "y": Axis(label="y, bp"), "roles": TWO, "data": pd.DataFrame(data),
    }  # fmt: skip
    return ChartSpec.model_validate(fields | more)


def examples() -> list[ChartSpec]:
    both = ["Unshocked"] * 2 + ["Shocked"] * 2
    bins = {"series": both, "left": [0, 1] * 2, "right": [1, 2] * 2, "y": [0.5, 0.5, 0.0, 1.0]}
    fan = {f"q{q:02d}": [q - 50.0, q - 40.0] * 2 for q in (5, 25, 50, 75, 95)}
    return [
        spec("fan", {"series": both, "x": [0, 1, 0, 1], **fan}),
        spec(
            "fan",
            {"panel": ["a", "a", "b", "b"], "series": both, "x": [0, 1, 0, 1], **fan},
            spans=(Span(start=0.2, end=0.5, label="burst"),),
        ),
        spec("lines", {"series": both, "x": [1, 2, 1, 2], "y": [1.0, 2.0, 3.0, 4.0]}),
        spec(
            "lines",
            {"series": both, "x": [1, 2, 1, 2], "y": [1, 2, 3, 4], "low": [0] * 4, "high": [9] * 4},
            x=Axis(label="lag", log=True, ticks=(1, 2)),
        ),
        spec(
            "histogram",
            bins,
            markers=(Marker(value=1.5, label="VaR 95%", role=Role.SHOCKED),),
        ),
        spec(
            "histogram",
            bins,
            y=Axis(label="density", log=True),
        ),
        spec("qq", {"series": both, "x": [-1, 1, -1, 1], "y": [-2, 2, -3, 3]}),
        spec(
            "bar",
            {"series": both, "category": ["a", "b"] * 2, "y": [1, 2, 3, 4], "low": [0, 1, 2, 3],
             "high": [2, 3, 4, 5]},
        ),
        spec(
            "heatmap",
            {"row": ["a", "b"], "column": ["m", "m"], "value": [0.0, np.nan], "text": ["ok", "–"]},
            roles={},
        ),
        spec("depth", BOOK, roles=BOOK_ROLES),
        spec("depth", {"panel": ["a"] * 4 + ["b"] * 4, **BOOK}, roles=BOOK_ROLES),
        spec("ladder", {"series": ["Bids", "Asks"], "x": [100, 20], "y": [-1, 2]},
             roles=BOOK_ROLES),
    ]  # fmt: skip


def traces(figure: go.Figure, name: str) -> list[go.Scatter]:
    return [trace for trace in figure.data if trace.name == name]


@pytest.mark.parametrize("example", examples(), ids=lambda one: one.kind)
def test_both_renderers_draw_every_kind(example: ChartSpec) -> None:
    assert len(to_plotly(example).data) > 0
    assert len(to_plotly(example, dark=True, title=False).data) > 0
    svg = to_svg(example)
    root = ET.fromstring(svg)
    assert root.tag.endswith("svg")
    assert len(root.findall(".//{*}path")) > 4
    assert svg == to_svg(example), "the same spec must give the same bytes"


def test_fan_draws_bands_from_wide_to_narrow_and_the_median_last() -> None:
    fan = examples()[0]
    assert fan.bands() == [("q05", "q95"), ("q25", "q75")]
    figure = to_plotly(fan)
    unshocked = [trace for trace in figure.data if trace.name.startswith("Unshocked")]
    assert [trace.name for trace in unshocked[1::2]] == [
        "Unshocked 90% high", "Unshocked 50% high"
    ]  # fmt: skip
    assert unshocked[0].y.tolist() == [-45.0, -35.0]
    assert unshocked[1].y.tolist() == [45.0, 55.0]
    assert unshocked[-1].y.tolist() == [0.0, 10.0]
    assert unshocked[-1].y.dtype == np.float32
    assert [trace.showlegend for trace in traces(figure, "Shocked")] == [True]


def test_a_series_without_bands_is_a_line_only() -> None:
    data = {"series": ["Shocked"] * 2, "x": [0, 1], "q05": [np.nan] * 2, "q50": [1, 2],
            "q95": [np.nan] * 2}  # fmt: skip
    assert [trace.name for trace in to_plotly(spec("fan", data)).data] == ["Shocked"]


def test_looks_never_differ_by_colour_alone() -> None:
    assert LOOKS[Role.UNSHOCKED].dash != LOOKS[Role.SHOCKED].dash
    rivals = [Role.REAL, Role.UNSHOCKED, Role.HAWKES, Role.ZERO_INTELLIGENCE]
    for known in ({LOOKS[role].dash for role in rivals}, {LOOKS[role].light for role in rivals}):
        assert len(known) == len(rivals)


@pytest.mark.parametrize("dark", [False, True])
def test_colours_stand_out_from_the_ground(dark: bool) -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    ground = luminance("#0e1117" if dark else "#ffffff")
    for look in LOOKS.values():
        high, low = sorted((luminance(look.colour(dark)), ground), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 3.0


def test_labels_are_shown_as_they_are() -> None:
    hostile = "<b>x</b> & $y$ <script>"
    one = spec(
        "lines", {"series": [hostile] * 2, "x": [0, 1], "y": [0, 1]}, roles={hostile: Role.OTHER},
        title=hostile, x=Axis(label=hostile),
    )  # fmt: skip
    figure = to_plotly(one)
    shown = "&lt;b&gt;x&lt;/b&gt; &amp; $y$ &lt;script&gt;"
    assert figure.layout.title.text == shown
    assert figure.layout.xaxis.title.text == shown
    assert figure.data[0].name == shown
    assert "<script" not in to_svg(one, title=True)


def test_spec_refuses_what_cannot_be_drawn() -> None:
    with pytest.raises(ValidationError, match="needs the column q50"):
        spec("fan", {"series": ["Shocked"], "x": [0]})
    with pytest.raises(ValidationError, match="series Hawkes has no role"):
        spec("lines", {"series": ["Hawkes"], "x": [0], "y": [0]})
    with pytest.raises(ValidationError, match="only letters"):
        spec("lines", {"series": ["Shocked"], "x": [0], "y": [0]}, name="a/b")
    long = list(range(MAX_POINTS + 1))
    with pytest.raises(ValidationError, match="more than 2000 points"):
        spec("lines", {"series": ["Shocked"] * len(long), "x": long, "y": long})
    broken = [np.nan if i == 1000 else float(i) for i in long]
    spec("lines", {"series": ["Shocked"] * len(long), "x": long, "y": broken})


def test_spec_survives_json() -> None:
    for example in examples():
        assert ChartSpec.model_validate_json(example.model_dump_json()) == example
    ragged = spec("lines", {"series": ["Shocked"] * 3, "x": [0, 1, 2], "y": [0.1, np.nan, 1 / 3]})
    again = ChartSpec.model_validate_json(ragged.model_dump_json())
    assert again == ragged
    assert again.data["y"].isna().tolist() == [False, True, False]


def test_csv_holds_the_data_and_no_formula() -> None:
    one = spec("bar", {"series": ["Shocked"], "category": ["=1+1"], "y": [2.5]})
    assert one.to_csv().splitlines() == ["series,category,y", "Shocked,'=1+1,2.5"]


def test_numbers_are_written_with_three_digits() -> None:
    assert [number(v) for v in (0.0, 12.34, -1234.5, 0.04567, 9.996, 99.96, 999.6, 1e-9)] == [
        "0", "12.3", "−1,234", "0.0457", "10.0", "100", "1,000", "0"
    ]  # fmt: skip
    assert number(None) == number(float("nan")) == number(float("inf")) == "–"
    assert number(2.5, signed=True) == "+2.50"
    assert interval(-1.5, 2.0, signed=True) == "−1.50 to +2.00"
    assert interval(None, None) == "–"
    assert interval(1.0, None) == "1.00 to –"
    assert percent(0.125) == "12.5%"
    assert count(1_234_567) == "1,234,567"


def test_stress_charts_show_the_numbers_of_the_run(run: StressRun) -> None:
    summary, table = bands(run), risk_table(run, 50)
    fan, loss, spread, depth, twins = stress_charts(
        summary, table, run.spec.scenario, run.spec.asset
    )
    left, right = (frame for _, frame in fan.panels())
    assert set(left["series"]) == {"Unshocked"}
    shocked = right[right["series"] == "Shocked"]
    moves = np.quantile(-np.array(summary.shocked.loss_bp), [0.05, 0.5, 0.95])
    np.testing.assert_allclose(shocked[["q05", "q50", "q95"]].iloc[-1], moves, rtol=1e-5)
    reference = right[right["series"] == "Unshocked"]
    assert reference["q05"].isna().all()
    np.testing.assert_array_equal(reference["q50"], left["q50"])

    assert {m.label.split(":")[0]: pytest.approx(m.value) for m in loss.markers} == {
        "VaR 95% unshocked": table["var_95_bp"].unshocked.value,
        "VaR 95% shocked": table["var_95_bp"].shocked.value,
        "ES 95% unshocked": table["es_95_bp"].unshocked.value,
        "ES 95% shocked": table["es_95_bp"].shocked.value,
    }
    assert loss.data.groupby("series")["y"].sum().tolist() == pytest.approx([1.0, 1.0])
    for chart, column in ((spread, "spread_ticks"), (depth, "touch_depth")):
        own = chart.data[chart.data["series"] == "Shocked"]
        np.testing.assert_allclose(own["q50"], getattr(summary.shocked, column)[3], rtol=1e-6)
    assert len(twins.panels()) == 3
    for chart in (fan, loss, spread, depth, twins):
        assert chart.alt
        assert chart.caption
        assert chart.x.label
        to_plotly(chart)


@pytest.mark.parametrize("count", [1, 64, 4096])
@pytest.mark.parametrize("spread", [0.0, 1e-6, 17.0, 1000.0])
@pytest.mark.parametrize("apart", [0.0, 95.5, 1000.0])
def test_bins_fit_the_narrowest_sample(count: int, spread: float, apart: float) -> None:
    rng = np.random.default_rng(1)
    samples = [rng.normal(0, spread, count), rng.normal(apart, 2 * spread, count)]
    edges = bin_edges(samples)
    values = np.concatenate(samples)
    assert edges[0] <= values.min()
    assert values.max() <= edges[-1]
    assert 2 <= len(edges) <= 60
    assert sum(np.histogram(each, edges)[0].sum() for each in samples) == 2 * count
    if np.ptp(values) > 0:
        assert len(edges) >= 10


def test_long_runs_are_thinned(run: StressRun) -> None:
    summary = bands(run)
    stretched = {"time_s": summary.time_s * 10}
    for arm in ("unshocked", "shocked"):
        rows = {
            name: tuple(row * 10 for row in value)
            for name, value in getattr(summary, arm)
            if name != "loss_bp"
        }
        stretched[arm] = getattr(summary, arm).model_copy(update=rows)
    long = summary.model_copy(update=stretched)
    fan = stress_charts(long, risk_table(run, 20), run.spec.scenario, "AMZN")[0]
    assert fan.data.groupby(["panel", "series"]).size().max() <= 600


def test_shocks_that_overlap_share_a_span(scenario: Scenario) -> None:
    assert shock_spans(scenario) == (Span(start=60, end=120, label="2 shocks"),)
    assert [span.label for span in shock_spans(load_scenario("liquidation"))] == ["liquidation"]
    assert shock_spans(Scenario.none()) == ()


def test_realism_charts_set_real_beside_synthetic(sheets: dict[str, FactSheet]) -> None:
    models = {label: sheet for label, sheet in sheets.items() if label != REAL}
    charts = {chart.name: chart for chart in realism_charts(sheets[REAL], models)}
    assert list(charts) == [
        "price_paths", "histogram_log_return_10s", "qq_log_return_10s", "acf_return",
        "acf_abs_return", "kurtosis", "histogram_spread", "histogram_interarrival",
    ]  # fmt: skip
    paths = charts["price_paths"]
    assert [title for title, _ in paths.panels()] == list(sheets)
    assert paths.data.groupby("panel", sort=False)["y"].first().tolist() == [0.0] * 4
    returns = charts["histogram_log_return_10s"]
    assert returns.y.log
    one = returns.data[returns.data["series"] == "Hawkes"]
    inside = float((one["y"] * (one["right"] - one["left"])).sum())
    distribution = sheets["Hawkes"].distributions["log_return_10s"]
    assert inside == pytest.approx(1 - distribution.below - distribution.above, abs=1e-4)
    quantiles = charts["qq_log_return_10s"].data
    assert set(quantiles["series"]) == set(models)
    real = sheets[REAL].distributions["log_return_10s"].quantiles
    np.testing.assert_allclose(
        quantiles[quantiles["series"] == "TradeFM"]["x"], real[1:-1], rtol=1e-6
    )
    assert charts["histogram_interarrival"].x.log
    assert (charts["histogram_interarrival"].data["left"] > 0).all()
    acf = to_plotly(charts["acf_abs_return"])
    looks = {trace.name: trace.line.dash for trace in acf.data if trace.line.width != 0}
    assert looks == {label: LOOKS[paths.roles[label]].dash for label in sheets}
    for chart in charts.values():
        assert re.search(r"<svg", to_svg(chart, 3.4))


def test_scorecard_map_says_every_verdict_in_words(card: Scorecard) -> None:
    cells = scorecard_map(card, card.models).data
    assert len(cells) == len(card.rows) * len(card.models)
    close = cells[(cells["row"] == "Spread") & (cells["column"] == "TradeFM")]
    assert close[["value", "text"]].to_numpy().tolist() == [[1.0, "5.86 · close"]]
    few = cells[cells["text"].str.endswith("too few samples")]
    assert few["value"].isna().all()


def test_a_book_is_cells_a_line_and_triangles_of_their_size() -> None:
    figure = to_plotly(spec("depth", BOOK, roles=BOOK_ROLES))
    cells = {trace.name: trace for trace in figure.data if trace.type == "heatmap"}
    bids = cells["Bids"]
    assert (bids.x0, bids.dx, bids.y0, bids.dy) == (0.0, 2.0, -2.0, 1.0)
    np.testing.assert_array_equal(
        bids.customdata, [[10, 40, np.nan], [np.nan] * 3, [np.nan] * 3, [np.nan] * 3, [np.nan] * 3]
    )
    assert bids.z[0][0] < bids.z[0][1] == 1.0
    assert cells["Asks"].customdata[4][2] == 5  # on the same grid
    (buys,), (sells,) = traces(figure, "Buys"), traces(figure, "Sells")
    assert buys.marker.symbol != sells.marker.symbol
    assert buys.marker.size[0] < sells.marker.size[0]
    assert [t.mode for t in traces(figure, "Mid")] == ["lines"]


def test_a_book_of_too_many_cells_is_refused() -> None:
    many = MAX_CELLS + 20
    data = {"series": ["Bids"] * many, "x": np.arange(many), "y": [0.0] * many, "value": [1] * many}
    with pytest.raises(ValidationError, match="thin it out"):
        spec("depth", data, roles=BOOK_ROLES)


def test_a_ladder_is_bars_to_the_right() -> None:
    data = {"series": ["Bids", "Asks"], "x": [100, 20], "y": [-1, 2]}
    bars = to_plotly(spec("ladder", data, roles=BOOK_ROLES)).data
    assert [(bar.orientation, bar.x[0], bar.y[0]) for bar in bars] == [("h", 100, -1), ("h", 20, 2)]


def test_the_largest_value_does_not_get_a_bin_of_its_own(sheets: dict[str, FactSheet]) -> None:
    chart = distribution(sheets, "touch_volume")
    for label, rows in chart.series(chart.data):
        widths = np.diff(np.log10(np.append(rows["left"], rows["right"].iloc[-1])))
        assert widths[-1] > 0.5 * widths[-2]
        one = sheets[label].distributions["touch_volume"]
        assert (rows["y"] * widths).sum() == pytest.approx(1 - one.below - one.above, rel=1e-5)


def test_depth_is_drawn_without_what_crosses(sheets: dict[str, FactSheet]) -> None:
    chart = distribution(sheets, "depth")
    assert chart.data["left"].min() > CROSSING_DEPTH
    assert "orders that cross (Real" in chart.caption
