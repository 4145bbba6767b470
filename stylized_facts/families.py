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
    ("discriminator", LEARNED), ("predictive", LEARNED), ("memorisation", LEARNED),
    ("acf_abs", VOLATILITY), ("acf_sq", VOLATILITY), ("acf_order_sign", FLOW),
    ("acf_interarrival", FLOW), ("decay", VOLATILITY), ("arch", VOLATILITY),
    ("garch", VOLATILITY), ("realised_vol", VOLATILITY), ("leverage", VOLATILITY),
    ("intermittency", VOLATILITY), ("fano_return", VOLATILITY), ("zumbach", VOLATILITY),
    ("time_scale", VOLATILITY), ("roughness", VOLATILITY), ("hurst_vol", VOLATILITY),
    ("signature", VOLATILITY), ("structure", VOLATILITY), ("memory_of_vol", VOLATILITY),
    ("log_return", RETURNS), ("kurtosis", RETURNS), ("robust_kurt", RETURNS), ("hill", RETURNS),
    ("tail", RETURNS), ("gpd", RETURNS), ("aggregational", RETURNS), ("gaussian", RETURNS),
    ("acf_return", RETURNS), ("ljung", RETURNS), ("variance_ratio", RETURNS),
    ("zero_return", RETURNS), ("skew", RETURNS), ("medcouple", RETURNS), ("gain_loss", RETURNS),
    ("hurst", RETURNS), ("epps", RETURNS),
    ("ofi", IMPACT), ("response", IMPACT), ("impact", IMPACT), ("metaorder", IMPACT),
    ("kyle", IMPACT), ("resilience", BOOK), ("half_life", BOOK),
    ("spread", BOOK), ("touch", BOOK), ("imbalance", BOOK), ("mean_spread", BOOK),
    ("mean_touch", BOOK), ("queue", BOOK), ("book", BOOK), ("one_tick", BOOK),
)  # fmt: skip


_OF_BARS = re.compile(r"(?:log_return|kurtosis|hill|realised_volatility)_(\d+)s(?:_\w+)?")
_GARCH_S = 10.0  # horizon of the returns behind the facts whose key says `garch`


def bars_suffice(key: str, bar_s: float) -> bool:
    """Whether returns over bars of `bar_s` seconds are all that a row needs.

    What is measured on another horizon than its key names, such as an autocorrelation of 1-second
    returns, needs bars of a second.
    """
    if family_of(key) not in OF_RETURNS:
        return False
    named = _OF_BARS.fullmatch(key)
    horizon = float(named[1]) if named else _GARCH_S if key.startswith("garch") else 1.0
    return horizon % bar_s == 0


def family_of(key: str) -> Family:
    """The family of a quantity or fact by its key; what is not known by name is order flow."""
    return next((family for prefix, family in _PREFIXES if key.startswith(prefix)), FLOW)
