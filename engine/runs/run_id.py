"""Ids of runs: readable, sorted by the time of their making, and never taken as a path."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from engine.spec import RunSpec

RUN_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-(?:[a-z0-9]{1,24}-){0,8}[0-9a-f]{6}")
WORDS_CHARACTERS = 40


def new_id(spec: RunSpec) -> str:
    """An id such as `20260102T030405Z-amzn-flash-crash-0a1b2c`."""
    words = re.findall(r"[a-z0-9]{1,24}", f"{spec.asset} {spec.scenario.name}".lower())[:8]
    while len("-".join(words)) > WORDS_CHARACTERS:
        words.pop()
    return stamped(words)


def stamped(words: Sequence[str] = ()) -> str:
    """Words between the time in seconds and six digits: its microseconds and a random digit."""
    now = datetime.now(UTC)
    tail = f"{now.microsecond:05x}{secrets.randbelow(16):x}"
    return "-".join([f"{now:%Y%m%dT%H%M%SZ}", *words, tail])


def made(run_id: str) -> str:
    """What sorts ids by the time of their making."""
    return run_id[:16] + run_id[-6:]
