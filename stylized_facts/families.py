"""Families: how the rows of a scorecard are grouped, from one number down to a single fact."""

from __future__ import annotations

import re

Family = str
RETURNS, VOLATILITY, BOOK, FLOW, IMPACT, LEARNED = (
    "returns", "volatility", "book", "order flow", "impact", "learned checks"
)  # fmt: skip
FAMILIES: tuple[Family, ...] = (RETURNS, VOLATILITY, BOOK, FLOW, IMPACT, LEARNED)
OF_RETURNS = (RETURNS, VOLATILITY)  # all that a model of returns alone can be judged by

_PREFIXES: tuple[tuple[str, Family], ...] = (  # the first that fits
    *((name, LEARNED) for name in ("discriminator", "predictive", "memorisation")),
    *((name, FLOW) for name in ("acf_order_sign", "acf_interarrival", "hurst_signs")),
    *((name, FLOW) for name in ("hill_limit", "hill_trade", "hill_placement", "fano_events")),
    *((name, IMPACT) for name in ("ofi", "response", "metaorder", "trade_impact")),
    *((name, RETURNS) for name in ("log_return", "kurtosis", "robust_kurtosis", "hill", "pareto")),
    *((name, RETURNS) for name in ("distance_to_normal", "acf_return", "ljung", "robust_ljung")),
    *((name, RETURNS) for name in ("variance_ratio", "zero_return", "skew", "medcouple")),
    *((name, RETURNS) for name in ("tail_difference", "hurst_returns")),
    *((name, VOLATILITY) for name in ("acf_abs", "acf_squared", "decay", "memory", "arch")),
    *(
        (name, VOLATILITY)
        for name in ("garch", "gjr", "leverage", "intermittency", "fano_extremes")
    ),
    *((name, VOLATILITY) for name in ("scaling", "zumbach", "roughness", "signature")),
    ("realised_volatility", VOLATILITY),
    *((name, BOOK) for name in ("spread", "touch", "imbalance", "mean_spread", "mean_touch")),
    *((name, BOOK) for name in ("one_tick", "book", "resilience", "day_spread")),
)


_OF_BARS = re.compile(
    r"(?:log_return|kurtosis|hill|pareto_shape|distance_to_normal|skew|medcouple|tail_difference"
    r"|realised_volatility)\w*?_(\d+)s(?:_[\w.]+)?"
)
_GARCH_S = 10.0  # horizon of the returns behind the facts whose key says `garch` or `gjr`


def bars_suffice(key: str, bar_s: float) -> bool:
    """Whether returns over bars of `bar_s` seconds are all that a row needs.

    What is measured on another horizon than its key names, such as an autocorrelation of 1-second
    returns, needs bars of a second.
    """
    if family_of(key) not in OF_RETURNS:
        return False
    named = _OF_BARS.fullmatch(key)
    horizon = float(named[1]) if named else _GARCH_S if key.startswith(("garch", "gjr")) else 1.0
    return horizon % bar_s == 0


def family_of(key: str) -> Family:
    """The family of a quantity or fact by its key; what is not known by name is order flow."""
    return next((family for prefix, family in _PREFIXES if key.startswith(prefix)), FLOW)
