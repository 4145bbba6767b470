"""`faultline assets`: what can be stress-tested."""

from __future__ import annotations


def assets() -> None:
    """List the assets that come with the program."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from app.models import SHIPPED, baseline_path
    from model.catalogue import load_catalogue, load_profile

    table = Table(title="Assets", title_justify="left", box=SIMPLE_HEAD)
    for name in ("asset", "venue"):
        table.add_column(name, no_wrap=True)
    for name in ("mid", "tick", "spread", "events/s", "vol."):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("baselines", no_wrap=True)
    for entry in load_catalogue().values():
        profile = load_profile(entry.asset)
        fitted = all(baseline_path(name, entry.asset).is_file() for name in SHIPPED)
        table.add_row(
            entry.asset,
            entry.venue,
            f"{profile.price_ticks * profile.tick_size:,.2f}",
            f"{entry.tick_size:g}",
            f"{profile.spread_ticks:.0f}",
            f"{profile.events_per_s:.1f}",
            f"{profile.volatility_bps:.1f}",
            "yes" if fitted else "no",
        )
    table.caption = "spread: median in ticks; vol.: of 10-second log returns, bp; baselines: fitted"
    table.caption_justify = "left"
    Console().print(table)
