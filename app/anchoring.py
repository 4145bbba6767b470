"""Anchors of a checkpoint: fitted for assets of the catalogue, kept beside its weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from app.models import model_folder, resolve_device
from engine.anchoring import fit_anchor
from engine.runs.atomic import write_atomic
from model.anchors import FILE, Anchors
from model.catalogue import load_profile
from model.checkpoint import load_checkpoint


def anchor_model(
    model: str,
    assets: Sequence[str],
    *,
    device: str = "auto",
    seed: int = 1,
    step: Callable[[str], None] | None = None,
) -> tuple[Path, Anchors]:
    """Fit the anchors of a checkpoint to assets; those of other assets stay as they are.

    Raises
    ------
    FaultlineError
        Unknown model or asset, or an asset without a profile.
    """
    folder = model_folder(model)
    checkpoint = load_checkpoint(folder)
    sha256 = checkpoint.config.sha256
    profiles = [load_profile(asset) for asset in assets]
    path = folder / FILE
    kept = Anchors.of_weights(folder, sha256).assets
    found = {}
    for profile in profiles:
        if step is not None:
            step(profile.asset)
        found[profile.asset] = fit_anchor(
            checkpoint, profile, device=resolve_device(device), seed=seed
        )
    anchors = Anchors(sha256=sha256, assets=kept | found)
    write_atomic(path, anchors.text())
    return path, anchors
