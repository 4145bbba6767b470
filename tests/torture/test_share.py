"""A small share of `make torture`, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_few_kills_and_faults_lose_nothing() -> None:
    chosen = "file_operation or bit"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/torture",
         "-k", chosen],
        cwd=ROOT, env=os.environ | {"FAULTLINE_KILLS": "2"}, capture_output=True, text=True,
        timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4_000:]
    assert "| run killed at a file operation | 2 |" in done.stdout
