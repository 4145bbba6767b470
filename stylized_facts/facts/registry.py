"""All facts, in the order in which they are shown."""

from __future__ import annotations

from functools import partial

from stylized_facts.facts import (
    arch_lm,
    autocorrelation,
    decay,
    garch,
    hill,
    kurtosis,
    levels,
    ljung_box,
    order_sign,
)
from stylized_facts.facts.fact import AcfCurve, Fact
from stylized_facts.quantities import RETURN_HORIZONS_S

ACF_LAGS_S = (1, 5, 10, 30, 60)
_MIN_SECONDS = 120
_MIN_EVENTS = 100

FACTS: dict[str, Fact] = {
    fact.key: fact
    for fact in (
        *(
            Fact(
                f"kurtosis_{h}s", f"Excess kurtosis, {h} s", "",
                partial(kurtosis.kurtosis_of_returns, horizon_s=h),
                partial(kurtosis.count_returns, horizon_s=h), kurtosis.MIN_RETURNS,
            )
            for h in RETURN_HORIZONS_S
        ),
        Fact("hill_10s", "Hill index, 10 s, 5% tail", "", hill.hill_of_returns, hill.count_tail,
             hill.MIN_RETURNS),
        *(
            Fact(
                f"acf_abs_return_{lag}s", f"ACF of |return|, lag {lag} s", "",
                partial(autocorrelation.abs_return_acf_at, lag=lag),
                levels.count_seconds, autocorrelation.MIN_RETURNS,
            )
            for lag in ACF_LAGS_S
        ),
        Fact("decay_exponent", "Decay exponent of ACF of |return|", "", decay.decay_of_volatility,
             levels.count_seconds, autocorrelation.MIN_RETURNS),
        Fact("arch_lm", "ARCH-LM (10), mean over windows", "", arch_lm.mean_arch_lm,
             levels.count_seconds, _MIN_SECONDS),
        Fact("garch_residual_kurtosis", "Excess kurtosis of GARCH residuals, 10 s", "",
             garch.kurtosis_of_residuals, hill.count_tail, garch.MIN_RETURNS),
        Fact("acf_return_1s", "ACF of return, lag 1 s", "",
             partial(autocorrelation.return_acf_at, lag=1),
             levels.count_seconds, autocorrelation.MIN_RETURNS),
        Fact("ljung_box", "Ljung-Box Q(10), mean over windows", "", ljung_box.mean_ljung_box,
             levels.count_seconds, _MIN_SECONDS),
        Fact("zero_return_share", "Share of 1 s returns that are 0", "", levels.zero_return_share,
             levels.count_seconds, _MIN_SECONDS),
        Fact("order_sign_acf_1", "Correlation of successive order signs", "",
             order_sign.first_sign_correlation, order_sign.count_aggressive, order_sign.MIN_ORDERS),
        Fact("aggressive_share", "Share of new orders that cross", "", levels.aggressive_share,
             levels.count_events, _MIN_EVENTS),
        Fact("cancel_share", "Share of cancels", "", levels.cancel_share,
             levels.count_events, _MIN_EVENTS),
        Fact("mean_interarrival", "Mean interarrival time", "s", levels.mean_interarrival,
             levels.count_events, _MIN_EVENTS, "mean"),
        Fact("event_rate", "Events a second", "1/s", levels.event_rate,
             levels.count_events, _MIN_EVENTS, "mean"),
        Fact("mean_spread", "Mean spread", "ticks", levels.mean_spread,
             levels.count_seconds, _MIN_SECONDS, "mean"),
        Fact("mean_touch_volume", "Mean volume at the touch", "shares", levels.mean_touch_volume,
             levels.count_seconds, _MIN_SECONDS, "mean"),
        Fact("realised_volatility_10s", "Realised volatility, 10 s", "bp",
             levels.realised_volatility, levels.count_seconds, _MIN_SECONDS, "mean"),
    )
}  # fmt: skip

CURVES: tuple[AcfCurve, ...] = (
    AcfCurve("acf_abs_return", "ACF of |1 s return|, lags 1-60 s", autocorrelation.abs_return_acf,
             levels.count_seconds, autocorrelation.MIN_RETURNS),
    AcfCurve("acf_order_sign", "ACF of order signs, lags 1-20 trades", order_sign.order_sign_acf,
             order_sign.count_aggressive, order_sign.MIN_ORDERS),
)  # fmt: skip
