"""The model card: what a checkpoint was trained on, how it did, and what it is not for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.card_sections import (
    anchors_section,
    conditioning_section,
    controls_section,
    digits,
    horizon_section,
    impact_section,
    seeds_section,
    table,
)
from app.evidence import Evidence
from app.realism import read_conditioning, read_controls, read_horizons, read_impact, read_seeds
from engine.runs.atomic import write_atomic
from model.anchors import Anchors
from model.checkpoint import Checkpoint, load_checkpoint
from stylized_facts.score_row import ScoreRow

LIMITS = """\
- Trained on parts of one day (2012-06-21) of three NASDAQ stocks. It knows no crash, no
  news day, no auction, no halt and no other decade.
- Order flow of one visible book. Hidden orders, other venues and other assets are not there.
- What happens under a shock lies outside the training data: a scenario, never a probability
  or a forecast.
- Not for trading, for margin or capital figures, or as the only evidence for any decision.
"""


def write_card(folder: Path, evidence: Path | None = None) -> Path:
    """Write `card.md` from a checkpoint's config and the evidence about it.

    Parameters
    ----------
    folder : of the checkpoint
    evidence : folder that `app.realism.measure_realism` wrote, and where the card goes; by default
        the checkpoint's own

    Raises
    ------
    FaultlineError
        The checkpoint or one of its evaluations is missing or broken.
    """
    checkpoint, evidence = load_checkpoint(folder), evidence or folder
    evaluations = [Evidence.read(path) for path in sorted((evidence / "evaluation").glob("*.json"))]
    anchors = Anchors.of_weights(folder, checkpoint.config.sha256)
    more = [
        *anchors_section(anchors),
        *seeds_section(read_seeds(evidence)),
        *controls_section(read_controls(evidence)),
        *horizon_section(read_horizons(evidence)),
        *conditioning_section(read_conditioning(evidence)),
        *impact_section(read_impact(evidence)),
    ]
    path = evidence / "card.md"
    write_atomic(path, model_card(checkpoint, evaluations, more))
    return path


def model_card(
    checkpoint: Checkpoint, evaluations: Sequence[Evidence], more: Sequence[str] = ()
) -> str:
    """The card as Markdown; every number comes from the checkpoint or its evidence.

    `more` are the lines of further sections, see `app.card_sections`.
    """
    config, record = checkpoint.config, checkpoint.config.training
    settings = config.settings
    count = sum(weight.numel() for weight in checkpoint.weights.values())
    best: dict[str, float] = next(
        (row for row in record["history"] if row["step"] == record["best_step"]), {}
    )
    nats = ", ".join(f"{key} {best[key]:.3f}" for key in best if key not in ("step", "training"))
    lines = [
        f"# TradeFM {config.name}",
        "",
        f"A decoder-only transformer over order-flow events after TradeFM (arXiv 2602.23784): "
        f"{count / 1e6:.2f}M parameters, {settings.layers} layers, width {settings.d_model}, "
        f"{settings.heads} query and {settings.kv_heads} key-value heads, window "
        f"{settings.window} events, tokens `{settings.tokens}`, head `{settings.head}`, margins "
        f"`{settings.margins}` (`docs/model.md`).",
        "",
        "## Data",
        "",
        *table(
            ("asset", "recording", "SHA-256", "training events", "validation events"),
            [
                (s["asset"], s["file"], f"`{s['sha256'][:16]}...`",
                 f"{record['events'][s['asset']]:,}",
                 f"{record['validation_events'][s['asset']]:,}")
                for s in record.get("recordings", [])
            ],
        ),
        "",
        "Splits by time of day are in `assets/assets.yaml`. Bin edges, in-bin values and weights "
        "come from the training splits; early stopping looked at the validation splits. Nothing "
        "was fitted on the test splits. The design was chosen on the validation splits, save for "
        "the rules of an earlier round on cancels and remainders, which were settled with a view "
        "of closed-loop results on the test splits (`docs/log.md`). Training flow is also shown "
        "mirrored (buy and sell exchanged).",
        "",
        "## Training",
        "",
        f"    {record.get('command', '')}",
        "",
        f"Best at step {record['best_step']} of {record['history'][-1]['step']}: "
        f"{record['best_validation_nats']:.3f} nats an event on validation ({nats}). "
        f"Hardware: {_join(record.get('hardware', {}))}. "
        f"Versions: {_join(record.get('versions', {}))}.",
        "",
        "## Evaluation on the test splits",
        "",
        *_evaluation(evaluations),
        "",
        *more,
        "## Limits",
        "",
        LIMITS,
    ]  # fmt: skip
    return "\n".join(lines)


def _evaluation(evaluations: Sequence[Evidence]) -> list[str]:
    if not evaluations:
        return ["Not evaluated yet: `faultline evaluate`."]
    models = list(dict.fromkeys(m for one in evaluations for m in one.scorecard.models))
    lines = [
        "Closed-loop rollouts from real states, every model through the same simulator. Distances "
        "are K-S statistics against the real test split; `floor` is the same between two halves "
        "of it. Ratios are geometric means over the scored quantities, smaller is better.",
        "",
        *table(
            ("asset", "TradeFM / Hawkes", "95% interval", *(f"{m} / floor" for m in models)),
            [_headline(evidence, models) for evidence in evaluations],
        ),
    ]  # fmt: skip
    for evidence in evaluations:
        card, made = evidence.scorecard, evidence.provenance
        lines += ["", f"### {card.asset}", "", f"    {made.settings.command(card.asset)}", ""]
        lines += table(
            ("quantity", "floor", *(f"{model}" for model in card.models)),
            [_distances(row, card.models) for row in card.rows if row.metric == "K-S"],
        )
        lines += ["", *table(
            ("mean", "real", *(f"{model}" for model in card.models)),
            [(f"{row.label} ({row.unit})", digits(row.real),
              *(digits(row.values[model]) for model in card.models))
             for row in card.rows if row.metric == "mean"],
        )]  # fmt: skip
        own = made.counters[card.models[0]]
        refused = sum(own[key] for key in ("cancel_empty_side", "repaired", "out_of_range"))
        lines += [
            "",
            f"Refused or repaired orders of {card.models[0]}: {refused / own['proposed']:.2%} of "
            f"{own['proposed']:,} ({_join({k: v for k, v in own.items() if v})}).",
        ]
    return lines


def _headline(evidence: Evidence, models: Sequence[str]) -> tuple[str, ...]:
    card = evidence.scorecard
    low, high = card.ratio_to_hawkes_interval
    ratios = [digits(card.ratio_to_floor.get(model)) for model in models]
    return (card.asset, digits(card.ratio_to_hawkes), f"{low:.2f} to {high:.2f}", *ratios)


def _distances(row: ScoreRow, models: Sequence[str]) -> tuple[str, ...]:
    return (row.label, digits(row.floor), *(digits(row.distance[model]) for model in models))


def _join(facts: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in facts.items())
