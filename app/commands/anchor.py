"""`faultline anchor`: hold a checkpoint's sizes and waits to each asset's own shares."""

from __future__ import annotations

from app.commands.options import Assets, Data, Device, ModelName, Seed, asset_names, data_folder


def anchor(
    data: Data = None,
    assets: Assets = "AMZN,GOOG,MSFT,SSE600961,BTCUSD",
    model: ModelName = "small",
    seed: Seed = 1,
    device: Device = "auto",
) -> None:
    """Let a checkpoint write, and shift its margins until its sizes and waits are the asset's own.

    Needs profiles; recordings (--data) for paths that go on from real states. Written beside the
    weights, used by every run from then on.
    """
    import typer

    from app.anchoring import anchor_model
    from app.commands.progress import steps_bar

    chosen = asset_names(assets)
    folder = None if data is None else data_folder(data)
    with steps_bar("anchoring", len(chosen)) as step:
        path, found = anchor_model(model, chosen, folder, device=device, seed=seed, step=step)
    for asset in chosen:
        own = found.assets[asset]
        for what, one in (("plain", own.plain), ("with a history", own.history)):
            if one is not None:
                before, after = one.drift
                typer.echo(f"{asset}, {what}: shares off by {before:.3f}, anchored {after:.3f}")
    typer.echo(str(path))
