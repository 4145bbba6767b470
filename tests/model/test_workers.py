"""Training in several processes gives what training in one gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from model.checkpoint import load_checkpoint
from model.errors import SpecError
from model.events import EVENT_COLUMNS, Recording
from model.profile import AssetProfile
from model.workers import Workers

TRAIN = """
import sys
from pathlib import Path
import numpy as np
from model.events import Events, EventsMeta, Quotes, Recording
from model.features import flow_features
from model.presets import PRESETS
from model.profile import AssetProfile
from model.training import TrainingSettings, train

folder, out = Path(sys.argv[1]), Path(sys.argv[2])
with np.load(folder / "flow.npz") as f:
    events = Events(**{k[2:]: f[k] for k in f if k.startswith("e_")}, meta=EventsMeta("TOY"))
    flow = Recording(events, Quotes(**{k[2:]: f[k] for k in f if k.startswith("q_")}))
features, _ = flow_features(flow, AssetProfile.read(folder / "profile.json"))
cut = int(features.time_ns[3000])
model = PRESETS["tiny"].model_copy(update={"window": 16, "dropout": 0.0})
settings = TrainingSettings(steps=12, batch=8, length=32, evaluate_every=4, warm_up=4, patience=9)
train([features.between(0, cut)], [features.between(cut, 10**18)], model, settings, out, name="a")
"""


def test_two_processes_train_what_one_trains(
    flow: Recording, profile: AssetProfile, tmp_path: Path
) -> None:
    assert flow.quotes is not None
    events = {f"e_{name}": getattr(flow.events, name) for name in EVENT_COLUMNS}
    np.savez(tmp_path / "flow.npz", **events, **{f"q_{k}": v for k, v in vars(flow.quotes).items()})
    profile.write(tmp_path / "profile.json")
    script = tmp_path / "script.py"
    script.write_text(TRAIN)
    root = Path(__file__).parents[2]
    alone = [sys.executable, str(script)]
    together = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        str(script),
    ]  # fmt: skip
    for name, command in (("one", alone), ("two", together)):
        subprocess.run(
            [*command, str(tmp_path), str(tmp_path / name)], cwd=root, check=True, timeout=300,
            capture_output=True, env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
    one, two = (load_checkpoint(tmp_path / name) for name in ("one", "two"))
    losses = [[row["total"] for row in c.config.training["history"]] for c in (one, two)]
    assert losses[0][-1] < losses[0][0]
    assert losses[1] == pytest.approx(losses[0], abs=0.01)
    assert not (tmp_path / "two" / "state").exists()


def test_a_batch_that_cannot_be_divided_is_refused() -> None:
    with pytest.raises(SpecError, match=r"batch 7: not a multiple of the 2 processes"):
        Workers(0, 2).share(torch.zeros(7, 3))
    assert Workers(1, 2).share(torch.arange(4)).tolist() == [1, 3]
