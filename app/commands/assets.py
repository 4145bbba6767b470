"""`faultline assets`: what can be stress-tested."""

from __future__ import annotations


def assets() -> None:
    """List the assets that come with the program."""
    from rich.console import Console
    from rich.table import Table

    from app.models import BASELINES, baseline_path
    from model.catalogue import load_catalogue, load_profile

    table = Table(title="Assets", title_justify="left")
    for name in ("asset", "venue", "date", "tick"):
        table.add_column(name)
    for name in ("mid", "spread, ticks", "events/s", "volatility, bp in 10 s"):
        table.add_column(name, justify="right")
    table.add_column("baselines fitted")
    for entry in load_catalogue().values():
        profile = load_profile(entry.asset)
        fitted = [name for name in BASELINES if baseline_path(name, entry.asset).is_file()]
        table.add_row(
            entry.asset,
            entry.venue,
            entry.date,
            f"{entry.tick_size:g} {entry.currency}",
            f"{profile.price_ticks * profile.tick_size:,.2f}",
            f"{profile.spread_ticks:.1f}",
            f"{profile.events_per_s:.1f}",
            f"{profile.volatility_bps:.1f}",
            ", ".join(fitted) or "-",
        )
    Console().print(table)
