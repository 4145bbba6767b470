"""Sections of the model card that come from more than one rollout length or seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.conditioning import Conditioning
from app.controls import Controls
from app.horizon import LongRollout
from app.impact import impact_lines
from app.injected import InjectedImpact
from app.realism import SeedHeadline, SeedHeadlines
from model.anchors import Anchors


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table."""
    return ["| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *rows)]


def digits(value: float | None) -> str:
    """Three significant digits; a dash for what is not known."""
    return "-" if value is None or np.isnan(value) else f"{value:.3g}"


def seeds_section(found: SeedHeadlines | None) -> list[str]:
    """Headline numbers over seeds, an asset a line."""
    if found is None:
        return []
    rows = []
    for asset in dict.fromkeys(h.asset for h in found.headlines):
        own = [h for h in found.headlines if h.asset == asset]
        under_test = next(iter(own[0].ratio_to_floor))
        hawkes = np.array([h.ratio_to_hawkes for h in own])
        floor = np.array([h.ratio_to_floor[under_test] for h in own])
        other = np.array([h.ratio_to_floor.get("Hawkes", np.nan) for h in own])

        rows.append((
            asset + (" (zero-shot)" if own[0].zero_shot else ""), str(len(own)),
            *(f"{v.mean():.2f} ± {v.std(ddof=1) if len(v) > 1 else 0:.2f}"
              for v in (hawkes, floor, other)),
            *(_share(own, key) for key in ("event_rate", "realised_volatility_10s", "mean_spread")),
        ))  # fmt: skip
    return [
        "## Over seeds", "",
        f"{found.paths} rollouts of each model a seed; mean and standard deviation over seeds. The "
        "last columns are TradeFM over real, means.", "",
        *table(
            ("asset", "seeds", "TradeFM / Hawkes", "TradeFM / floor", "Hawkes / floor",
             "events a second", "volatility, 10 s", "spread"),
            rows,
        ), "",
    ]  # fmt: skip


def _share(headlines: Sequence[SeedHeadline], key: str) -> str:
    pairs = [h.means[key] for h in headlines if key in h.means]
    return digits(float(np.mean([value / real for real, value in pairs]))) if pairs else "-"


def anchors_section(anchors: Anchors) -> list[str]:
    """How far generated sizes and waits drift from the asset's own shares, and what is left."""
    if not anchors.assets:
        return []
    return [
        "## Anchors", "",
        "Fed its own events, a model drifts. `faultline anchor` lets it write, from the profile "
        "alone and from real states of the validation split, and shifts its margins until sizes "
        "and waits occur as often as they should. Largest total variation of generated from wanted "
        "shares:", "",
        *table(
            ("asset", "paths", "without", "with its anchor"),
            [(asset, what, *(f"{value:.3f}" for value in one.drift))
             for asset, own in anchors.assets.items()
             for what, one in (("of the profile", own.plain), ("with a history", own.history))
             if one is not None],
        ), "",
    ]  # fmt: skip


def controls_section(found: Sequence[Controls]) -> list[str]:
    """What tokens and simulator alone cost, and how well the next event is foreseen."""
    if not found:
        return []
    names = [quantity.label for quantity in found[0].quantities]
    by_name = [{q.label: q.ratio_to_floor for q in one.quantities} for one in found]
    assets = [one.asset + (" (zero-shot)" if one.zero_shot else "") for one in found]
    heads = [name for name in found[0].nats if name != "total"]
    return [
        "## Controls", "",
        "**Real tokens through the simulator**: the recorded events of the split as the tokenizer "
        "sees them, drawn inside their bins, placed in the book and matched; no model. Distance "
        "over the floor. What was recorded does not answer to a book that has drifted, generated "
        "flow does: where a model is closer than its own tokens, that is why.", "",
        *table(
            ("quantity", *assets),
            [(name, *(digits(by.get(name)) for by in by_name)) for name in names]
            + [("geometric mean", *(digits(one.ratio_to_floor) for one in found))],
        ), "",
        "**Likelihood of the next event**, nats (perplexity): the model, which is told the past, "
        "beside the frequencies of sub-tokens in the very split that is scored.", "",
        *table(
            ("asset", "events", *heads, "together", "frequencies alone", "gain"),
            [
                (asset, f"{one.events:,}", *(digits(one.nats[h]) for h in heads),
                 f"{one.nats['total']:.3f} ({one.perplexity:,.0f})",
                 f"{one.nats_unconditional['total']:.3f}",
                 f"{one.nats_unconditional['total'] - one.nats['total']:.3f}")
                for asset, one in zip(assets, found, strict=True)
            ],
        ), "",
    ]  # fmt: skip


def horizon_section(found: Sequence[LongRollout]) -> list[str]:
    """Drift over a long horizon."""
    if not found:
        return []
    rows = [
        (one.asset, f"{level.label} ({level.unit})", digits(level.real),
         f"{digits(level.real_band[0])} to {digits(level.real_band[1])}",
         digits(level.mean[0]), digits(level.mean[len(level.mean) // 2]), digits(level.mean[-1]),
         f"{level.inside:.0%}")
        for one in found for level in one.levels
    ]  # fmt: skip
    longest = [
        f"{one.asset}: {one.paths} paths of {one.horizon_s / 60:.0f} minutes, median "
        f"{one.events[len(one.events) // 2]:,} events, {one.cut_paths} cut at the limit; a side "
        f"was empty after {one.counters.get('empty_side', 0):,} of "
        f"{one.counters['executed']:,} events."
        for one in found
    ]
    return [
        "## Long rollouts", "",
        f"Chunks ({', '.join(f'{one.asset} {one.chunk_s:.0f} s' for one in found)}) beside all "
        "such windows of the recorded session; "
        "`inside` is the share of chunks whose mean lies in the band of 95% of the real windows. "
        "An empty side keeps its last price, and the next order of that side is placed from it.",
        "", *(f"- {line}" for line in longest), "",
        *table(
            ("asset", "level", "real mean", "real band", "first chunk", "middle", "last", "inside"),
            rows,
        ), "",
    ]  # fmt: skip


def conditioning_section(found: Sequence[Conditioning]) -> list[str]:
    """What was asked for by slow contexts, what came, what is real."""
    if not found:
        return []
    rows = [
        (one.asset, f"`{row.context}`", f"{row.label} ({row.unit})" if row.unit else row.label,
         " / ".join(digits(v) for v in row.real), " / ".join(digits(v) for v in row.got),
         digits(row.rank_correlation))
        for one in found for row in one.rows
    ]  # fmt: skip
    return [
        "## Conditioning", "",
        "Slow contexts moved through their five tiers, lowest first, with the others at what is "
        "usual there: mean over the window that followed ("
        f"{', '.join(f'{one.asset} {one.window_s:.0f} s' for one in found)}) in the training "
        "recording, and in rollouts from states of the validation split that were told the tier.",
        "",
        *table(
            ("asset", "context", "moves", "real by tier", "TradeFM by tier", "rank corr."), rows
        ),
        "",
    ]  # fmt: skip


def impact_section(found: Sequence[InjectedImpact]) -> list[str]:
    """Cost of injected metaorders."""
    if not found:
        return []
    exponents = [
        f"{one.asset}: exponent {digits(one.exponent)} "
        f"({digits(one.exponent_band[0])} to {digits(one.exponent_band[1])})"
        for one in found
    ]
    return [
        "## Impact of a metaorder", "",
        f"{found[0].pairs} paths from real states, each with and without a metaorder, from the "
        "same random numbers. Exponent of size in the impact at the end (square-root law: 0.5): "
        f"{'; '.join(exponents)}.", "",
        *(f"- {line}" for line in impact_lines(found)), "",
    ]  # fmt: skip
