"""What was tested: assets, settings, and the shocks of each scenario."""

from __future__ import annotations

from app.charts.numbers import count, number
from app.report.blocks import Basis, Block, Cell, Column, Paragraph, Table, cells, key_values
from app.report.section import Section, ShockLine
from app.report.stress_report import StressReport
from engine.scenario import Parameter
from model.profile import AssetProfile

IN_OTHER_COLUMNS = ("start_s", "duration_s", "intensity", "ramp_s", "assets")


def label_of(report: StressReport, position: int) -> str:
    """`S1`, `S2`, ...: what a section is called in tables and figures; its title where alone."""
    return f"S{position + 1}" if len(report.sections) > 1 else report.sections[0].title


def heading_of(report: StressReport, position: int) -> str:
    """Label and title of a section."""
    title = report.sections[position].title
    return f"{label_of(report, position)} {title}" if len(report.sections) > 1 else title


def portfolio(report: StressReport) -> Table:
    """What is held, over what time, against what limit."""
    specs = [section.spec for section in report.sections]
    assets = list(dict.fromkeys(spec.asset for spec in specs))
    horizons = dict.fromkeys(f"{section.risk.horizon_s:g} s" for section in report.sections)
    models = dict.fromkeys(spec.model for spec in specs)
    dates = dict.fromkeys(
        f"{section.spec.asset} {_origin(section.profile)}" for section in report.sections
    )
    limit = report.loss_limit_bp
    return key_values(
        "Scope",
        [
            ("Position", f"long one unit of {', '.join(assets)}, each for itself, held over the "
             "horizon; losses are falls of the mid price in bp of its start"),
            ("Reference session", "; ".join(dates)),
            ("Horizon", f"{', '.join(horizons)} of market time"),
            ("Limit", f"ES 95% of no more than {number(limit)} bp" if limit else "none given: the "
             "verdict says whether the shock moves ES 95%, not whether that is too much"),
            ("Order flow", f"written by the model {', '.join(models)}"),
            ("Paths", f"{count(sum(spec.paths for spec in specs))} pairs in all, each with and "
             "without the shock from the same random numbers"),
        ],
        source="run specification and asset profile",
    )  # fmt: skip


def market_table(report: StressReport) -> Table:
    """The reference market of each asset."""
    profiles = {section.spec.asset: section.profile for section in report.sections}
    columns = (
        Column("Asset", share=0.2), Column("Price", "right", 0.12), Column("Tick", "right", 0.1),
        Column("Spread, ticks", "right", 0.13), Column("Events/s", "right", 0.13),
        Column("Traded/s", "right", 0.16), Column("Volatility, bp in 10 s", "right", 0.16),
    )  # fmt: skip
    rows = tuple(
        (
            Cell(asset, profile.venue),
            Cell(number(profile.price_ticks * profile.tick_size)),
            Cell(f"{profile.tick_size:g}"),
            Cell(number(profile.spread_ticks)),
            Cell(number(profile.events_per_s)),
            Cell(f"{number(profile.volume_per_s)} {profile.size_unit}"),
            Cell(number(profile.volatility_bps)),
        )
        for asset, profile in profiles.items()
    )
    currencies = ", ".join(dict.fromkeys(p.currency for p in profiles.values() if p.currency))
    dates = ", ".join(dict.fromkeys(p.date for p in profiles.values() if p.date))
    return Table(
        "Reference markets", columns, rows,
        Basis(
            units=f"price and tick in {currencies or 'the currency of the recording'}; others as "
            "headed",
            sample=f"training split of the recorded session{f' of {dates}' if dates else ''}",
            intervals="none, reference values", source="asset profile",
        ),
    )  # fmt: skip


def _origin(profile: AssetProfile) -> str:
    parts = ", ".join(part for part in (profile.venue, profile.date) if part)
    return f"({parts})" if parts else "(not named)"


def scenario_blocks(section: Section) -> list[Block]:
    """What a scenario does, shock by shock, why, and where it comes from."""
    scenario = section.spec.scenario
    blocks: list[Block] = [Paragraph(scenario.description)]
    if section.shocks:
        columns = (
            Column("Shock", share=0.17), Column("From – to, s", "right", 0.12),
            Column("Ramp, s", "right", 0.1), Column("Intensity", "right", 0.1),
            Column("What it does", share=0.51),
        )  # fmt: skip
        basis = Basis(
            units="seconds of market time; intensity 1 is the shock as written",
            sample="settings, the same on every path", intervals="none, settings",
            source=f"scenario {scenario.name}",
        )  # fmt: skip
        rows = tuple(_shock(line) for line in section.shocks)
        blocks.append(Table(f"Shocks of {section.title}", columns, rows, basis))
    if scenario.parameters:
        blocks.append(_parameters(section))
    for name, text in (("Provenance", scenario.provenance), ("Notes", scenario.notes)):
        if text:
            blocks.append(Paragraph(f"{name}: {text}", small=True))
    return blocks


def _shock(line: ShockLine) -> tuple[Cell, ...]:
    settings = "; ".join(
        f"{one.name} {one.value}" for one in line.settings if one.name not in IN_OTHER_COLUMNS
    )
    return (
        Cell(line.kind.replace("_", " ")),
        Cell(f"{line.start_s:g} – {line.end_s:g}"),
        Cell(number(line.ramp_s) if line.ramp_s else "none"),
        Cell(f"{line.intensity:g}"),
        Cell(line.sentence, settings),
    )


def _chosen(parameter: Parameter) -> str:
    value = parameter.default if parameter.value is None else parameter.value
    return f"{value:g} {parameter.unit}".strip()


def _parameters(section: Section) -> Table:
    columns = (
        Column("Parameter", share=0.17), Column("Value", "right", 0.12),
        Column("Default", "right", 0.1), Column("Range", "right", 0.16),
        Column("Meaning", share=0.45),
    )  # fmt: skip
    rows = tuple(
        cells(
            name.replace("_", " "), _chosen(p),
            f"{p.default:g}", f"{p.low:g} to {p.high:g}", p.description,
        )
        for name, p in section.spec.scenario.parameters.items()
    )  # fmt: skip
    basis = Basis(
        units="as written beside the value", sample="settings", intervals="none, settings",
        source=f"scenario {section.spec.scenario.name}",
    )  # fmt: skip
    return Table(f"Parameters of {section.title}", columns, rows, basis)
