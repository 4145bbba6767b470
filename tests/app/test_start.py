"""What a run loads before its first event: no more than its own model needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

RUN = """
import sys
from app.stress import run_stress
from engine.scenario import load_scenario
from engine.spec import RunSpec
for model in {models}:
    none = load_scenario("none")
    spec = RunSpec(asset="AMZN", scenario=none, model=model, paths=2, max_events=20)
    assert len(run_stress(spec).baseline.time_ns)
print(*(name for name in {heavy} if name in sys.modules))
"""


@pytest.mark.parametrize(
    ("model", "heavy"),
    [
        ("small", ("arch", "matplotlib", "scipy.stats", "statsmodels", "stylized_facts")),
        ("zero-intelligence", ("arch", "matplotlib", "torch")),
    ],
)
def test_a_run_loads_what_it_needs(model: str, heavy: tuple[str, ...]) -> None:
    """Kernels of both lie in the cache, as after a run of either."""
    loaded = []
    for models in (["small", "zero-intelligence"], [model]):
        code = RUN.format(models=models, heavy=heavy)
        done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True)
        assert done.returncode == 0, done.stderr
        loaded.append(done.stdout.split())
    assert loaded[0]
    assert loaded[1] == []
