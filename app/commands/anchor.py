"""`faultline anchor`: hold a checkpoint's sizes and waits to each asset's own shares."""

from __future__ import annotations

from app.commands.options import Assets, Device, ModelName, Seed, names


def anchor(
    assets: Assets = "AMZN,GOOG,MSFT,SSE600961,BTCUSD",
    model: ModelName = "small",
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """Let a checkpoint write, and shift its margins until its sizes and waits are the asset's own.

    Needs profiles, no recordings. Written beside the weights, used by every run from then on.
    """
    import typer

    from app.anchoring import anchor_model
    from app.commands.progress import steps_bar

    chosen = names(assets)
    with steps_bar("anchoring", len(chosen)) as step:
        path, found = anchor_model(model, chosen, device=device, seed=seed, step=step)
    for asset in chosen:
        before, after = found.assets[asset].drift
        typer.echo(f"{asset}: shares off by {before:.3f}, with the anchor {after:.3f}")
    typer.echo(str(path))
