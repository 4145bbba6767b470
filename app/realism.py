"""Everything that the model card says about realism, rebuilt from the recordings.

Each asset is evaluated with several seeds; the first, with every baseline and the full bootstrap,
is the published evaluation, the others show how far the headline moves with the seed. Long
rollouts, conditioning and impact follow. All of it is written as JSON into one folder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import Field

from app.conditioning import Conditioning, conditioning
from app.controls import Controls, measure_controls
from app.evaluate import evaluate_asset
from app.evidence import EvaluationSettings, Evidence, Scorecards
from app.horizon import LongRollout, long_rollout
from app.impact import injected_impact
from app.injected import InjectedImpact
from app.models import BASELINES, baseline_path, is_baseline
from model.catalogue import find_asset
from stylized_facts.sheet import Number, Record

QUICK_RESAMPLES = 20  # of the seeds after the first
SEEDS_FILE = "seeds.json"
SCORECARD_FILE = "scorecard.json"


class SeedHeadline(Record):
    """The headline numbers of one asset and one seed."""

    asset: str
    seed: int
    zero_shot: bool = Field(description="training never saw this market")
    ratio_to_hawkes: Number
    ratio_to_floor: dict[str, Number] = Field(description="by model label")
    means: dict[str, tuple[Number, Number]] = Field(description="by fact: real, model under test")


class SeedHeadlines(Record):
    """The headline numbers of every asset and seed."""

    paths: int
    headlines: list[SeedHeadline]


def measure_realism(
    data: Path,
    out: Path,
    *,
    model: str = "small",
    assets: Sequence[str] = ("AMZN", "GOOG", "MSFT", "SSE600961", "BTCUSD"),
    baselines: Sequence[str] = tuple(BASELINES),
    paths: int = 64,
    seeds: int = 5,
    horizon_s: float = 300.0,
    long_s: float = 3600.0,
    step: Callable[[str], None] | None = None,
) -> SeedHeadlines:
    """Measure and write a folder for each kind of evidence, `seeds.json` and `scorecard.json`.

    The scorecard is that of the markets that training saw, first seed.

    Raises
    ------
    FaultlineError
        Unknown asset, model or baseline, or a recording that is missing or too short.
    """
    for folder in ("evaluation", "controls", "horizon", "conditioning", "impact"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    headlines = []
    cards = {}
    for asset in assets:
        fitted = tuple(name for name in baselines if _is_wanted(name, asset))
        for seed in range(1, 1 + seeds):
            _tell(step, f"{asset}: seed {seed} of {seeds}")
            settings = EvaluationSettings.checked(
                model=model, baselines=fitted if seed == 1 else ("hawkes",),
                paths=paths, horizon_s=horizon_s, seed=seed,
                resamples=200 if seed == 1 else QUICK_RESAMPLES, learned=seed == 1,
            )  # fmt: skip
            evidence = evaluate_asset(asset, data, settings)
            if seed == 1:
                evidence.write(out / "evaluation" / f"{asset}.json")
                if not find_asset(asset).zero_shot:
                    cards[asset] = evidence.scorecard
            headlines.append(headline(evidence, find_asset(asset).zero_shot))
    found = SeedHeadlines(paths=paths, headlines=headlines)
    found.write(out / SEEDS_FILE)
    if cards:
        whole = Scorecards.of(cards)
        whole.model_copy(update={"assets": {}}).write(out / SCORECARD_FILE)  # see evaluation/
    for asset in assets:
        if not is_baseline(model):
            _tell(step, f"{asset}: controls")
            measure_controls(asset, data, model=model, paths=paths, horizon_s=horizon_s).write(
                out / "controls" / f"{asset}.json"
            )
        if not find_asset(asset).zero_shot:
            _tell(step, f"{asset}: an hour at a stretch")
            long_rollout(asset, data, model=model, horizon_s=long_s).write(
                out / "horizon" / f"{asset}.json"
            )
            _tell(step, f"{asset}: conditioning")
            conditioning(asset, data, model=model).write(out / "conditioning" / f"{asset}.json")
            _tell(step, f"{asset}: impact")
            injected_impact(asset, data, model=model).write(out / "impact" / f"{asset}.json")
    return found


def headline(evidence: Evidence, zero_shot: bool) -> SeedHeadline:
    """The headline numbers of one evaluation."""
    card = evidence.scorecard
    under_test = card.models[0]
    return SeedHeadline(
        asset=card.asset, seed=card.seed, zero_shot=zero_shot,
        ratio_to_hawkes=card.ratio_to_hawkes, ratio_to_floor=card.ratio_to_floor,
        means={
            row.quantity: (row.real, row.values[under_test])
            for row in card.rows
            if row.metric == "mean"
        },
    )  # fmt: skip


def read_horizons(folder: Path) -> list[LongRollout]:
    """The long rollouts below a folder that `measure_realism` wrote."""
    return [LongRollout.read(path) for path in sorted((folder / "horizon").glob("*.json"))]


def read_controls(folder: Path) -> list[Controls]:
    """The controls below a folder that `measure_realism` wrote."""
    return [Controls.read(path) for path in sorted((folder / "controls").glob("*.json"))]


def read_conditioning(folder: Path) -> list[Conditioning]:
    """The conditioning tables below a folder that `measure_realism` wrote."""
    return [Conditioning.read(path) for path in sorted((folder / "conditioning").glob("*.json"))]


def read_impact(folder: Path) -> list[InjectedImpact]:
    """The impact of injected metaorders below a folder that `measure_realism` wrote."""
    return [InjectedImpact.read(path) for path in sorted((folder / "impact").glob("*.json"))]


def read_seeds(folder: Path) -> SeedHeadlines | None:
    """The headlines by seed below a folder that `measure_realism` wrote."""
    path = folder / SEEDS_FILE
    return SeedHeadlines.read(path) if path.is_file() else None


def _is_wanted(name: str, asset: str) -> bool:
    """Whether a baseline belongs into the evaluation of an asset.

    Some fits do not converge on every market; for a zero-shot market what ships is enough.
    """
    if name in BASELINES and not BASELINES[name].ships:
        return not find_asset(asset).zero_shot
    return baseline_path(name, asset).is_file()


def _tell(step: Callable[[str], None] | None, text: str) -> None:
    if step is not None:
        step(text)
