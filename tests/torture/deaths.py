"""Processes that are killed with SIGKILL: at a moment, or at one of their file operations."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# What changes names or makes files last; a kill before and after each of them is what matters.
OPERATIONS = ("replace", "rename", "unlink", "mkdir", "rmdir", "fsync", "link")
ENDLESS = 1 << 40


def run_killed(
    work: Callable[[], int],
    *,
    after_s: float | None = None,
    operation: int | None = None,
    log: str = os.devnull,
) -> int | None:
    """Do `work` in a forked process.

    Parameters
    ----------
    work : returns the exit code
    after_s : kill it after so long
    operation : kill it at this file operation, 0, 1, 2, ...: before the first, after it, before the
        second, ...
    log : where its output goes

    Returns
    -------
    int or None
        The exit code; None where it was killed.
    """
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            os.setsid()
            with open(log, "a") as out:
                os.dup2(out.fileno(), sys.__stdout__.fileno())
                os.dup2(out.fileno(), sys.__stderr__.fileno())
                sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
            if operation is not None:
                _arm(operation)
            code = work()
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)
    if after_s is not None:
        until = time.monotonic() + after_s
        while time.monotonic() < until:
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                break
            time.sleep(0.005)
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else None


def count_operations(work: Callable[[], int], scratch: Path) -> int:
    """How many numbers of operations `run_killed` can be given for some work."""

    def counted() -> int:
        left = _arm(ENDLESS)
        code = work()
        scratch.write_text(str(ENDLESS - left()))
        return code

    code = run_killed(counted)
    if code != 0:
        raise RuntimeError(f"the work ends with {code} although nobody kills it")
    return int(scratch.read_text())


def _arm(operation: int) -> Callable[[], int]:
    """Make this process kill itself at a file operation; returns what tells how many are left."""
    left = operation

    def deadly(do: Callable[..., Any]) -> Callable[..., Any]:
        def done(*given: Any, **named: Any) -> Any:
            nonlocal left
            for act in (False, True):  # before it, and after
                if act:
                    result = do(*given, **named)
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left -= 1
            return result

        return done

    for name in OPERATIONS:
        setattr(os, name, deadly(getattr(os, name)))
    return lambda: left
