"""How often 95% intervals hold the truth, and how often verdicts on one process are wrong.

`python -m benchmarks.coverage` draws GARCH(1,1) sessions, cuts them into windows of 300 s and asks
each kind of bootstrap for the interval of four numbers whose true values a long simulation gives.
`--verdicts PAIRS` scores pairs of samples of the same process against each other.
"""

from __future__ import annotations

import argparse
from collections import Counter

import numpy as np

from benchmarks.toy_market import garch_returns, session
from model.events import Float64
from stylized_facts import scorecard
from stylized_facts.bootstrap import block_length, interval, window_weights

WINDOW_S, RESAMPLES = 300, 200
PROCESSES = {"GARCH .15/.80": (0.15, 0.80), "GARCH .05/.945": (0.05, 0.945)}
STATISTICS = ("E|r|", "sd", "1% quantile", "kurtosis")


def statistics(rows: Float64) -> Float64:
    """The four numbers of each row of returns [R, n]: float64 [R, 4]."""
    square = (rows**2).mean(1)
    return np.stack(
        (
            np.abs(rows).mean(1),
            np.sqrt(square),
            np.quantile(rows, 0.01, axis=1),
            (rows**4).mean(1) / square**2 - 3,
        ),
        axis=1,
    )


def draws_of(returns: Float64, windows: int, seed: int) -> dict[str, tuple[Float64, int | None]]:
    """Statistics of the sample and of its resamples by method, and the windows to widen for."""
    from arch.bootstrap import StationaryBootstrap, optimal_block_length

    own = statistics(returns[None])
    rng = np.random.default_rng(seed)
    rows = rng.integers(len(returns), size=(RESAMPLES, len(returns)))
    length = float(optimal_block_length(np.abs(returns))["stationary"].iloc[0])
    runs = StationaryBootstrap(max(1.0, length), returns, seed=seed)
    found = {
        "rows, independent": (statistics(returns[rows]), None),
        "rows, stationary": (
            statistics(np.stack([data[0][0] for data in runs.bootstrap(RESAMPLES)])),
            None,
        ),
    }
    parts = returns.reshape(windows, -1)
    block = block_length(session(returns, "Real", WINDOW_S))
    for name, mean_run, widened in (
        ("windows, one by one", 1.0, False),
        ("windows, one by one, widened", 1.0, True),
        ("windows, as used", block, True),
    ):
        weights = window_weights(windows, RESAMPLES, seed, mean_run)[1:].astype(int)
        drawn = np.stack([np.repeat(np.arange(windows), times) for times in weights])
        rows_drawn = parts[drawn].reshape(RESAMPLES, -1)
        found[name] = (statistics(rows_drawn), windows if widened else None)
    return {name: (np.vstack((own, rest)), widen) for name, (rest, widen) in found.items()}


def coverage(trials: int, windows: int, alpha: float, beta: float) -> dict[str, Float64]:
    """Share of intervals that hold the truth, by method: float64 [4]."""
    truth = np.mean(
        [statistics(garch_returns(2_000_000, s, alpha, beta)[None])[0] for s in (96, 97)],
        axis=0,
    )
    held: dict[str, Float64] = {}
    for trial in range(trials):
        returns = garch_returns(windows * WINDOW_S, 1000 + trial, alpha, beta)
        for name, (draws, widen) in draws_of(returns, windows, trial).items():
            for i, true in enumerate(truth):
                low, high = interval(draws[:, i], windows=widen)
                held.setdefault(name, np.zeros(len(truth)))[i] += low <= true <= high
    return {name: count / trials for name, count in held.items()}


def verdicts(pairs: int) -> dict[str, Counter[str]]:
    """Verdicts by metric on the return rows of pairs of samples of one process, 18 against 64."""
    found: dict[str, Counter[str]] = {}
    for pair in range(pairs):
        real = session(garch_returns(18 * WINDOW_S, 2 * pair), "Real", WINDOW_S)
        model = session(garch_returns(64 * WINDOW_S, 2 * pair + 1), "Model", WINDOW_S)
        card = scorecard(real, {"Model": model}, floor_seed=pair, resamples=RESAMPLES)
        for row in card.rows:
            if row.family in ("returns", "volatility") and row.verdict["Model"] != (
                "too few samples"
            ):
                count = found.setdefault(row.metric, Counter())
                count[row.verdict["Model"]] += 1
                count["p < 0.05"] += row.p_value.get("Model", 1.0) < 0.05
                count["Holm p < 0.05"] += row.p_holm.get("Model", 1.0) < 0.05
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--windows", type=int, nargs="+", default=[18, 78])
    parser.add_argument("--verdicts", type=int, default=20, metavar="PAIRS")
    args = parser.parse_args()
    for name, (alpha, beta) in PROCESSES.items():
        for windows in args.windows:
            print(f"{name}, {windows} windows of {WINDOW_S} s, {args.trials} trials")
            print(f"{'':30}" + "".join(f"{s:>13}" for s in STATISTICS))
            for method, shares in coverage(args.trials, windows, alpha, beta).items():
                print(f"{method:30}" + "".join(f"{share:13.1%}" for share in shares), flush=True)
    if args.verdicts:
        print(f"verdicts on {args.verdicts} pairs of one process, 18 windows against 64")
        for metric, count in verdicts(args.verdicts).items():
            total = count["match"] + count["close"] + count["miss"]
            shares = ", ".join(f"{key} {n / total:.1%}" for key, n in sorted(count.items()))
            print(f"{metric:10} {total:5} rows: {shares}")


if __name__ == "__main__":
    main()
