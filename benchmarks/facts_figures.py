"""Draw the figures of docs/stylized_facts.md: each fact on real recordings, as small SVG files.

AMZN and GOOG of 21 June 2012 (whole sessions in windows of 300 s) with 95% bands, and daily closes
of the S&P 500 where an intraday session is too short. Prints the typical values that the page
quotes. Needs the recordings (FAULTLINE_DATA, or --data).

Run: python -m benchmarks.facts_figures [--out docs/facts]
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
from arch.data import sp500
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from app.references import recording_with_quotes
from model.catalogue import DATA_VARIABLE, find_asset
from model.events import NS_PER_S
from stylized_facts import MarketSample
from stylized_facts.bootstrap import interval, intervals, window_weights
from stylized_facts.facts import CURVES, FACTS, leverage
from stylized_facts.facts.autocorrelation import autocorrelation
from stylized_facts.facts.dfa import SCALES, fluctuations
from stylized_facts.facts.epps import epps_curve
from stylized_facts.facts.event_mix import STATES, transitions
from stylized_facts.facts.garch import gjr_garch
from stylized_facts.facts.hill import hill_index, one_sign
from stylized_facts.facts.kurtosis import HORIZONS_S
from stylized_facts.facts.order_flow_imbalance import mean_depth, ofi_bins
from stylized_facts.facts.volume_volatility import trade_bins
from stylized_facts.facts.zumbach import zumbach
from stylized_facts.quantities import Values, depth_ticks, interarrival_s, log_returns, order_signs

ASSETS = {"AMZN": "#1f5fa8", "GOOG": "#c8641b"}
DAILY = "#4a4a4a"
WINDOW_S = 300
CURVE = {curve.key: curve for curve in CURVES}
Samples = dict[str, MarketSample]
Draw = Callable[[Axes, Samples], None]


def main() -> None:
    """Draw all figures and print the values."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=os.environ.get(DATA_VARIABLE))
    parser.add_argument("--out", type=Path, default=Path("docs/facts"))
    given = parser.parse_args()
    if given.data is None:
        parser.error(f"no recordings: give --data or set {DATA_VARIABLE}")
    matplotlib.rcParams |= {
        "font.size": 7, "axes.spines.top": False, "axes.spines.right": False,
        "svg.hashsalt": "facts", "lines.linewidth": 1.0, "svg.fonttype": "none",
    }  # fmt: skip
    samples = {name: session(name, given.data) for name in ASSETS}
    given.out.mkdir(parents=True, exist_ok=True)
    for name, draw in FIGURES.items():
        figure = Figure(figsize=(3.2, 2.1), layout="constrained")
        draw(figure.subplots(), samples)
        figure.savefig(given.out / f"{name}.svg", metadata={"Date": None, "Creator": None})
    for key, fact in FACTS.items():
        found = []
        for sample in samples.values():
            draws = fact.draws(sample, window_weights(len(sample), 200, 0))
            low, high = interval(draws)
            found.append(f"{draws[0]:.3g} ({low:.3g} to {high:.3g})")
        print(f"{fact.code:4}{key:28}{'; '.join(found)} {fact.unit}")


def session(name: str, data: Path) -> MarketSample:
    """A whole session in windows of 300 s."""
    recording = recording_with_quotes(find_asset(name), data)
    meta = recording.events.meta
    whole = MarketSample.from_session(recording, name, meta.session_start_ns, meta.session_end_ns)
    return whole.windows(WINDOW_S * NS_PER_S)


def label(ax: Axes, x: str, y: str, scale: str = "") -> None:
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    if "x" in scale:
        ax.set_xscale("log")
    if "y" in scale:
        ax.set_yscale("log")
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False, fontsize=6)


def curves(*keys: str, y: str, scale: str = "", level: float | None = None) -> Draw:
    """Curves of the registry with their bands, the second and later ones dashed."""

    def draw(ax: Axes, samples: Samples) -> None:
        for name, sample in samples.items():
            weights = window_weights(len(sample), 100, 0)
            for j, key in enumerate(keys):
                curve = CURVE[key]
                found = curve.estimate(sample).draws(weights)
                low, high = intervals(found)
                x = np.array(curve.x, float)
                title = name if len(keys) == 1 else f"{name}, {key.replace('_', ' ')}"
                style = ("-", "--", ":")[j % 3]
                ax.plot(x, found[0], style, color=ASSETS[name], label=title)
                ax.fill_between(x, low, high, color=ASSETS[name], alpha=0.15, linewidth=0)
        if level is not None:
            ax.axhline(level, color="0.6", linewidth=0.6)
        label(ax, CURVE[keys[0]].x_unit, y, scale)

    return draw


def daily() -> np.ndarray:
    """Daily log returns of the S&P 500 in percent."""
    return 100 * np.diff(np.log(sp500.load()["Adj Close"].to_numpy()))


def single(x: np.ndarray) -> Values:
    return Values(x, np.array([0, len(x)]))


def hill(ax: Axes, samples: Samples) -> None:
    shares = np.geomspace(0.005, 0.2, 30)
    for name, sample in samples.items():
        returns = log_returns(sample, 10).values
        ax.plot(100 * shares, [hill_index(returns, s) for s in shares], color=ASSETS[name],
                label=f"{name}, 10 s")  # fmt: skip
    ax.plot(100 * shares, [hill_index(daily(), s) for s in shares], color=DAILY,
            label="S&P 500, day")  # fmt: skip
    ax.axhline(3, color="0.6", linewidth=0.6)
    label(ax, "tail, % of the sample", "Hill index", "x")


def kurtosis(ax: Axes, samples: Samples) -> None:
    for name, sample in samples.items():
        weights = window_weights(len(sample), 100, 0)
        draws = np.stack([FACTS[f"kurtosis_{h}s"].draws(sample, weights) for h in HORIZONS_S], 1)
        low, high = intervals(draws)
        ax.plot(HORIZONS_S, draws[0], ".-", color=ASSETS[name], label=name)
        ax.fill_between(HORIZONS_S, np.maximum(low, 0.1), high, color=ASSETS[name], alpha=0.15)
    ax.plot(HORIZONS_S, 30 / np.array(HORIZONS_S), "--", color="0.6", label="independent returns")
    label(ax, "horizon, s", "excess kurtosis", "xy")


def quantiles(ax: Axes, samples: Samples) -> None:
    levels = np.linspace(0.005, 0.995, 100)
    normal = stats.norm.ppf(levels)
    for horizon, style in ((10, "-"), (60, "--"), (300, ":")):
        for name, sample in samples.items():
            r = log_returns(sample, horizon).values
            ax.plot(normal, np.quantile((r - r.mean()) / r.std(), levels), style,
                    color=ASSETS[name], label=f"{name}, {horizon} s")  # fmt: skip
    ax.plot(normal, normal, color="0.6", linewidth=0.6)
    label(ax, "normal quantile", "quantile of returns, sd")


def slow_decay(ax: Axes, samples: Samples) -> None:
    lags = np.unique(np.geomspace(1, 250, 40).astype(int))
    memory = autocorrelation(single(np.abs(daily())), lags).draws(np.ones((1, 1)))[0]
    ax.plot(lags, memory, ".-", color=DAILY, label="S&P 500, days")
    for name, sample in samples.items():
        found = CURVE["acf_abs_return"].estimate(sample).draws(np.ones((1, len(sample))))[0]
        ax.plot(np.arange(1, 61), np.where(found > 0, found, np.nan), ".", color=ASSETS[name],
                label=f"{name}, s")  # fmt: skip
    label(ax, "lag", "ACF of |return|", "xy")


def losses_first(ax: Axes, samples: Samples) -> None:
    found = leverage.leverage(single(daily())).draws(np.ones((1, 1)))[0]
    ax.plot(leverage.LAGS, found, color=DAILY, label="S&P 500, days")
    name, sample = next(iter(samples.items()))
    curve = leverage.leverage_curve(sample).draws(np.ones((1, len(sample))))[0]
    ax.plot(leverage.LAGS, curve, color=ASSETS[name], label=f"{name}, s")
    ax.axhline(0, color="0.6", linewidth=0.6)
    label(ax, "lag", "corr(r, later r$^2$)")


def both_tails(ax: Axes, samples: Samples) -> None:
    for name, sample in samples.items():
        for sign, style in ((1, "-"), (-1, "--")):
            size = np.sort(one_sign(log_returns(sample, 10), sign).values * sign)
            share = 1 - np.arange(len(size)) / len(size)
            kept = np.unique(np.geomspace(1, len(size), 60).astype(int)) - 1
            ax.plot(size[::-1][kept], share[::-1][kept], style, color=ASSETS[name],
                    label=f"{name}, {'gains' if sign > 0 else 'losses'}")  # fmt: skip
    label(ax, "|10 s return|, bp", "share above", "xy")


def volume_and_moves(ax: Axes, samples: Samples) -> None:
    for name, sample in samples.items():
        volume, _, _ = trade_bins(sample)
        size = np.abs(log_returns(sample, 10, 10).values)
        parts = np.array_split(np.argsort(volume, kind="stable"), 10)
        ax.plot(range(1, 11), [size[part].mean() for part in parts], ".-", color=ASSETS[name],
                label=name)  # fmt: skip
    label(ax, "decile of volume in 10 s", "mean |return|, bp")


def conditional_tails(ax: Axes, samples: Samples) -> None:
    residuals, _, _ = gjr_garch(daily())
    shares = np.geomspace(0.005, 0.2, 30)
    for name, x, style in (("returns", daily(), "-"), ("GJR-GARCH residuals", residuals, "--")):
        ax.plot(100 * shares, [hill_index(x, s) for s in shares], style, color=DAILY,
                label=f"S&P 500, {name}")  # fmt: skip
    label(ax, "tail, % of the sample", "Hill index", "x")


def time_scales(ax: Axes, samples: Samples) -> None:
    names, forward, backward = [], [], []
    values = {f"{n}, 10 s in 1 s": log_returns(s, 1) for n, s in samples.items()}
    for name, own in (values | {"S&P 500, 10 days": single(daily())}).items():
        ahead, behind = zumbach(own)
        ones = np.ones((1, len(own.offsets) - 1))
        names.append(name)
        forward.append(ahead.draws(ones)[0, 0])
        backward.append(behind.draws(ones)[0, 0])
    at = np.arange(len(names))
    ax.bar(at - 0.2, forward, 0.4, color="#1f5fa8", label="coarse, then fine")
    ax.bar(at + 0.2, backward, 0.4, color="#b9cde4", label="fine, then coarse")
    ax.set_xticks(at, names, fontsize=5)
    label(ax, "", "correlation of volatilities")


def scaling(ax: Axes, samples: Samples) -> None:
    for name, sample in samples.items():
        ones = np.ones((1, len(sample)))
        moves = fluctuations(log_returns(sample, 1)).draws(ones)[0]
        signs = fluctuations(order_signs(sample), about_zero=True).draws(ones)[0]
        for found, style, what in ((moves, "-", "returns"), (signs, "--", "signs of trades")):
            ax.plot(SCALES, np.sqrt(found / found[0]), style, color=ASSETS[name],
                    label=f"{name}, {what}")  # fmt: skip
    ax.plot(SCALES, np.sqrt(np.array(SCALES) / SCALES[0]), color="0.6", linewidth=0.6)
    label(ax, "box, s or trades", "F(s) / F(8)", "xy")


def asynchronous(ax: Axes, samples: Samples) -> None:
    """Two copies of one path, the second five seconds late."""
    whole = samples["AMZN"]
    late = np.minimum(whole.events.time_ns + 5 * NS_PER_S, whole.end_ns[whole.window])
    second = replace(whole, events=replace(whole.events, time_ns=late), label="late")
    horizons = (1, 2, 5, 10, 20, 30, 60, 120)
    ax.plot(horizons, epps_curve(whole, second, horizons), ".-", color=ASSETS["AMZN"],
            label="AMZN and itself 5 s late")  # fmt: skip
    label(ax, "horizon, s", "correlation", "x")


def waiting(ax: Axes, samples: Samples) -> None:
    edges = np.logspace(-6, 2, 60)
    for name, sample in samples.items():
        times = interarrival_s(sample).values + 1e-6
        share, _ = np.histogram(times, edges)
        ax.stairs(share / len(times), edges, color=ASSETS[name], label=name)
    mean = interarrival_s(samples["AMZN"]).values.mean()
    ax.stairs(np.diff(1 - np.exp(-edges / mean)), edges, color="0.6", label="exponential")
    label(ax, "time between events, s", "share", "x")


def placement(ax: Axes, samples: Samples) -> None:
    for name, sample in samples.items():
        depth = depth_ticks(sample).values
        behind = np.sort(depth[depth > 0])
        kept = np.unique(np.geomspace(1, len(behind), 80).astype(int)) - 1
        ax.plot(behind[::-1][kept], (kept + 1) / len(behind), color=ASSETS[name], label=name)
    label(ax, "ticks behind the touch", "share farther away", "xy")


def matrix(ax: Axes, samples: Samples) -> None:
    sample = samples["AMZN"]
    found = transitions(sample).draws(np.ones((1, len(sample))))[0].reshape(len(STATES), -1)
    image = ax.imshow(found, cmap="Blues", vmin=0)
    short = [state.replace("limit", "lim").replace("cancel", "can") for state in STATES]
    ax.set_xticks(range(len(STATES)), short, rotation=90, fontsize=4)
    ax.set_yticks(range(len(STATES)), short, fontsize=4)
    ax.figure.colorbar(image, ax=ax)


def imbalance(ax: Axes, samples: Samples) -> None:
    for name, sample in samples.items():
        move, flow, _ = ofi_bins(sample)
        flow = flow / mean_depth(sample).mean()
        parts = np.array_split(np.argsort(flow, kind="stable"), 25)
        ax.plot([flow[part].mean() for part in parts], [move[part].mean() for part in parts], ".",
                color=ASSETS[name], label=name)  # fmt: skip
    label(ax, "order-flow imbalance in 10 s / depth", "move, ticks")


def responses(ax: Axes, samples: Samples) -> None:
    name, sample = next(iter(samples.items()))
    shades = ("#1f5fa8", "#c8641b", "#3b8a4d")
    for j, kind in enumerate(("mo_0", "mo_1", "lo_0", "lo_1", "ca_0", "ca_1")):
        curve = CURVE[f"response_curve_{kind}"]
        found = curve.estimate(sample).draws(np.ones((1, len(sample))))[0]
        ax.plot(np.array(curve.x, float), found, "--" if kind.endswith("0") else "-",
                color=shades[j // 2], label=kind.upper().replace("_", "$_") + "$")  # fmt: skip
    label(ax, f"events later ({name})", "response, ticks", "x")


FIGURES: dict[str, Draw] = {
    "R1": hill,
    "R2": kurtosis,
    "R3": quantiles,
    "R4": curves("acf_return", y="ACF of return", level=0),
    "R5": curves("acf_abs_return", "acf_abs_return_level", y="ACF of |return|", level=0),
    "R6": slow_decay,
    "R7": losses_first,
    "R8": both_tails,
    "R9": volume_and_moves,
    "R10": conditional_tails,
    "R11": curves("fano_curve", y="Var N / E N", scale="xy", level=1),
    "R12": time_scales,
    "R13": scaling,
    "R14": curves("signature", y="realised variance / that at 60 s", scale="x", level=1),
    "R15": asynchronous,
    "L1": curves("spread_in_time", y="share of time"),
    "L2": curves("book_profile", y="share of depth"),
    "L3": waiting,
    "L4": curves("size_atoms", y="share of new orders", scale="x"),
    "L5": placement,
    "L6": curves("survival_cancel", "survival_fill", y="still resting", scale="x"),
    "L7": matrix,
    "L8": curves("acf_order_sign_long", y="ACF of trade signs", scale="xy"),
    "L9": imbalance,
    "L10": responses,
    "L11": curves("trade_impact", y="impact, ticks", scale="xy"),
    "L12": curves("metaorder_impact", y="impact / volatility", scale="xy"),
    "L12-path": curves("metaorder_path", y="impact / peak"),
    "L13": curves("day_events", "day_volume", y="rate / mean of the day", scale="y", level=1),
    "L14": curves("resilience_spread", y="spread / mean", level=1),
}


if __name__ == "__main__":
    main()
