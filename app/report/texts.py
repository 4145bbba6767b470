"""The parts of a report that do not depend on its results."""

from __future__ import annotations

STAMP = "Synthetic scenarios; not a forecast"

METHOD = (
    (
        "Order flow",
        "A model of order flow writes one event at a time: its action, side, price, size and the "
        "time since the event before it. It sees only what the simulated market shows. It has "
        "learnt from recorded sessions; the realism section says how near its flow comes to them.",
    ),
    (
        "Matching",
        "A limit-order book with price-time priority matches every event: queues, partial fills, "
        "orders that cross. The market that results is fed back to the model, so that the flow "
        "reacts to the shock and the shock to the flow.",
    ),
    (
        "Shocks",
        "A scenario tilts the flow, sends orders of its own or takes resting orders away, at set "
        "times. It changes nothing else.",
    ),
    (
        "Pairs",
        "Every path is computed twice, with and without the shock, from the same random numbers. "
        "Differences are taken path by path, which removes much of the noise that both share.",
    ),
    (
        "Intervals",
        "95% bootstrap intervals over whole paths, pairs kept together, unless a note says "
        "otherwise. They cover the randomness of a finite number of paths, not the error of the "
        "model: for that, see the realism section. If the interval of a change includes zero, "
        "this run cannot tell the effect from none.",
    ),
    (
        "Losses",
        "The loss of a path is the fall of the mid price from the start to the end of the "
        "horizon, in basis points of the starting mid: what a holder of the asset loses.",
    ),
    (
        "Realism",
        "Rollouts without a shock are set against held-out real data. K-S is the largest distance "
        "between two cumulative distributions. The floor is the distance between two parts of "
        "the real data: a model cannot be expected to come nearer. Baseline models write their "
        "flow through the same book.",
    ),
)

LIMITS = (
    "The paths are scenarios. Frequencies across them are not probabilities of market events, "
    "and the report is no forecast and no advice to trade.",
    "The model has learnt from few recorded sessions. What did not occur in them, such as halts, "
    "auctions, news, or days of a different regime, it does not know.",
    "A strong shock drives the market outside of what the model has seen. The further outside, "
    "the less the reaction of the flow can be trusted.",
    "One asset at a time: no other asset, no other venue, no hedging and no arbitrage react.",
    "The risk measures of a few dozen or hundred paths say little about tails beyond their "
    "number: VaR at 99% of 100 paths rests on one path.",
    "Fees, latency of the participants and hidden liquidity are not modelled.",
)

NOT_FOR = (
    "Regulatory capital, margin or limits, on its own.",
    "Best-execution evidence.",
    "Predictions of price, volatility or liquidity.",
    "Setting or automating trades.",
    "A claim of compliance. Nobody independent has validated the results. The documentation is "
    "meant to support a review along the lines of SR 26-2 (which replaced SR 11-7); whether an "
    "order-flow generator counts as generative AI under it is open.",
)
