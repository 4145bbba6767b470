"""Anchors of a checkpoint: fitted for assets of the catalogue, kept beside its weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from app.evaluate import prompts_between
from app.models import model_folder, resolve_device
from app.references import recording_with_quotes
from engine.anchoring import PATHS, fit_anchor, horizon_s
from engine.runs.atomic import write_atomic
from model.anchors import FILE, Anchors, AssetAnchors
from model.catalogue import find_asset, load_profile
from model.checkpoint import load_checkpoint
from model.events import NS_PER_S
from model.features import flow_features
from model.margins import shares


def anchor_model(
    model: str,
    assets: Sequence[str],
    data: Path | None = None,
    *,
    device: str = "auto",
    seed: int = 1,
    step: Callable[[str], None] | None = None,
) -> tuple[Path, Anchors]:
    """Fit the anchors of a checkpoint to assets; those of other assets stay as they are.

    Parameters
    ----------
    model : name or folder of the checkpoint, which the anchors are written to
    assets : of the catalogue
    data : folder of the recordings, for paths that begin with a history; without it, and for
        markets kept for zero-shot evaluation, such paths take the anchor of the profile

    Raises
    ------
    FaultlineError
        Unknown model or asset, an asset without a profile, or a recording that is missing.
    """
    folder = model_folder(model)
    checkpoint, device = load_checkpoint(folder), resolve_device(device)
    sha256 = checkpoint.config.sha256
    profiles = {asset: load_profile(asset) for asset in assets}
    found = dict(Anchors.of_weights(folder, sha256).assets)
    for asset, profile in profiles.items():
        if step is not None:
            step(asset)
        plain = fit_anchor(checkpoint, profile, device=device, seed=seed)
        history, entry = None, find_asset(asset)
        if data is not None and not entry.zero_shot:
            recording = recording_with_quotes(entry, data)
            horizon_ns = round(horizon_s(profile) * NS_PER_S)
            # The model knows the training split by heart: it drifts less there than elsewhere.
            starts = prompts_between(recording, asset, entry.splits.validation, PATHS, horizon_ns)
            features, _ = flow_features(recording.between(*entry.splits.validation), profile)
            history = fit_anchor(
                checkpoint, profile, seeds=starts.seeds, history=starts.history,
                wanted=shares(checkpoint.tokenizer.encode(features)[0]), device=device, seed=seed,
            )  # fmt: skip
        found[asset] = AssetAnchors(plain=plain, history=history)
    anchors = Anchors(sha256=sha256, assets=found)
    write_atomic(folder / FILE, anchors.text())
    return folder / FILE, anchors
