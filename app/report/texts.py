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

LIMITATIONS = (  # limit, effect on the numbers, what to do about it
    (
        "The paths are scenarios, not a forecast.",
        "Frequencies across paths are not probabilities of market events.",
        "Read every number as conditional on the scenario; set it beside other evidence.",
    ),
    (
        "The model has learnt from few recorded sessions.",
        "What did not occur in them, such as halts, auctions, news, or days of a different "
        "regime, it does not know.",
        "Look at the realism scorecard of this asset; retrain on recordings of the regime in "
        "question.",
    ),
    (
        "A strong shock drives the market outside of what the model has seen.",
        "The further outside, the less the reaction of the flow can be trusted.",
        "Compare intensities; read requested against achieved before the losses.",
    ),
    (
        "One asset at a time.",
        "No other asset, no other venue, no hedging and no arbitrage react: contagion and relief "
        "from elsewhere are both missing.",
        "Do not add up losses of several assets as if they were a portfolio.",
    ),
    (
        "A few dozen or hundred paths say little about tails beyond their number.",
        "VaR at 99% of 100 paths rests on one path; its interval is wide and may be too narrow.",
        "Take more paths where a row says that few lie beyond its level.",
    ),
    (
        "Fees, latency of the participants and hidden liquidity are not modelled.",
        "Costs of execution are lower bounds; displayed depth may understate what would trade.",
        "Add own fees; leave a margin for what is not displayed.",
    ),
)

LIMITS = tuple(f"{limit} {effect}" for limit, effect, _ in LIMITATIONS)

PURPOSE = (
    (
        "Purpose",
        "To show what a named shock does to price, liquidity and cost of execution of one asset "
        "within minutes or hours, set against the same market without the shock.",
    ),
    (
        "Materiality",
        "Decision support beside other evidence; no number of this report is meant to decide "
        "alone. The tier is for the institution that uses the report to set.",
    ),
    (
        "Framework",
        "Documented along the lines of SR 26-2 (which replaced SR 11-7). Whether an order-flow "
        "generator counts as generative AI, which that guidance leaves out, is open. Nobody "
        "independent has validated the model or this report.",
    ),
)

ASSUMPTIONS = (
    "The flow of the recorded sessions stands for how participants of this asset act.",
    "Participants see the displayed book alone, and react to a shock as they react to the same "
    "sight without one.",
    "The venue matches by price and time, without interruption unless the scenario halts it.",
    "Shocks act at the set times, whatever the market does, unless a shock says otherwise.",
    "The book at the start is drawn from what usually rests in the recorded sessions, and runs "
    "warm before time is counted.",
)

FIT_FOR = (
    "Comparing scenarios, assets and intensities with each other on equal terms.",
    "Finding out which part of the market gives way first: price, spread, depth, or execution.",
    "Rehearsing a plan of execution against a market that reacts to it.",
    "Material for the discussion of limits, beside historical and expert scenarios.",
)

NOT_FOR = (
    "Regulatory capital, margin or limits, on its own.",
    "Best-execution evidence.",
    "Predictions of price, volatility or liquidity.",
    "Setting or automating trades.",
    "A claim that any rule or guidance is met.",
)

DETERMINISM = (
    "Every random draw is a hash of seed, path, event and purpose, the same for both arms, for any "
    "number of paths and for any split over machines. The same command on the same versions and "
    "kind of device gives the same paths, bit for bit; other versions or devices may round "
    "differently."
)
