"""The tables of a report as data frames, numbers unrounded: what its CSV files hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from app.report.section import Section
from app.report.stress_report import StressReport

Frames = Callable[[Section], pd.DataFrame]


def frames_of(report: StressReport) -> dict[str, pd.DataFrame]:
    """Every table by the name of its file, without those that have no rows."""
    each: dict[str, Frames] = {
        "risk": lambda section: section.risk.to_frame(),
        "shocks": _shocks,
        "requested_achieved": _achieved,
        "worst_paths": lambda section: pd.DataFrame(
            one.model_dump() for one in section.worst_paths
        ),
        "losses": _losses,
        "events": _events,
        "realism": _scorecard,
        "facts_under_stress": _facts,
    }
    frames = {name: _stacked(report, frame) for name, frame in each.items()}
    frames["standings"] = _standings(report)
    frames["attribution"] = _attribution(report)
    return {name: frame for name, frame in frames.items() if len(frame)}


def _stacked(report: StressReport, frame_of: Frames) -> pd.DataFrame:
    """The frames of all sections below each other, with columns that say whose rows they are."""
    frames = []
    for position, section in enumerate(report.sections, 1):
        frame = frame_of(section)
        names = ("section", "run", "asset", "scenario", "intensity")
        spec = section.spec
        values = (position, section.run_id, spec.asset, spec.scenario.title, spec.intensity)
        for column, value in reversed(list(zip(names, values, strict=True))):
            if column not in frame.columns:
                frame.insert(0, column, value)
        if len(frame):
            frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _shocks(section: Section) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "shock": i,
            "kind": line.kind,
            "start_s": line.start_s,
            "end_s": line.end_s,
            "shock_intensity": line.intensity,
            "ramp_s": line.ramp_s,
            "setting": setting.name,
            "value": setting.value,
            "meaning": setting.meaning,
        }
        for i, line in enumerate(section.shocks)
        for setting in line.settings
    )


def _achieved(section: Section) -> pd.DataFrame:
    return pd.DataFrame(
        row.model_dump(exclude={"achieved"})
        | {
            "achieved": row.achieved.value,
            "lower": row.achieved.lower,
            "upper": row.achieved.upper,
        }
        for row in section.achieved
    )


def _losses(section: Section) -> pd.DataFrame:
    losses = {"unshocked_bp": section.unshocked_loss_bp, "shocked_bp": section.shocked_loss_bp}
    return pd.DataFrame(losses).rename_axis("path").reset_index()


def _events(section: Section) -> pd.DataFrame:
    arms = {"unshocked": section.unshocked_counters, "shocked": section.shocked_counters}
    return pd.DataFrame(arms).fillna(0).astype(int).rename_axis("what").reset_index()


def _scorecard(section: Section) -> pd.DataFrame:
    return pd.DataFrame() if section.scorecard is None else section.scorecard.to_frame()


def _facts(section: Section) -> pd.DataFrame:
    found = section.stress_realism
    return pd.DataFrame(
        fact.model_dump(exclude={"unshocked", "shocked"})
        | {
            f"{arm}_{part}": getattr(getattr(fact, arm), part)
            for arm in ("unshocked", "shocked")
            for part in ("value", "lower", "upper")
        }
        for fact in (found.facts if found else ())
    )


def _standings(report: StressReport) -> pd.DataFrame:
    def rows() -> Iterator[dict[str, object]]:
        for i, (section, one) in enumerate(zip(report.sections, report.standings, strict=True), 1):
            row: dict[str, object] = {
                "section": i, "test": section.title, "status": one.status,
                "limit_bp": report.loss_limit_bp,
            }  # fmt: skip
            for arm, share in (
                ("shocked", one.shocked_beyond),
                ("unshocked", one.unshocked_beyond),
            ):
                for part in ("value", "lower", "upper"):
                    row[f"{arm}_beyond_{part}"] = getattr(share, part, None)
            yield row

    return pd.DataFrame(rows())


def _attribution(report: StressReport) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "section": found.section + 1,
            "shock": one.shock,
            "kind": one.kind,
            "without_section": one.without + 1,
            "es_95_bp": one.es_95_bp.value,
            "lower": one.es_95_bp.lower,
            "upper": one.es_95_bp.upper,
        }
        for found in report.attributions
        for one in found.contributions
    )
