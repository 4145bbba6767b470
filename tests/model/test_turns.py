"""Work taken in turn by threads."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from numba import get_num_threads, njit, set_num_threads

from model.events import Int64
from model.turns import cut, in_turn, take

GROUPS = 50


@njit(nogil=True)
def count(counter: Int64, cuts: Int64, done: Int64, broken: int) -> None:
    group = take(counter)
    while group < len(cuts) - 1:
        done[group] += cuts[group + 1] - cuts[group]
        if group == broken:
            raise ValueError("broken")
        group = take(counter)


@pytest.fixture(autouse=True)
def _two_threads() -> Any:
    before = get_num_threads()
    set_num_threads(min(2, before))
    yield
    set_num_threads(before)


@pytest.mark.parametrize("paths", [1, 3, 7, 8, 9, 64, 100])
def test_groups_hold_all_paths(paths: int) -> None:
    sizes = np.diff(cut(paths))
    assert sizes.sum() == paths
    assert sizes.max() <= 8
    assert sizes.min() >= min(paths, 4)
    assert np.diff(cut(100, 1000)).tolist() == [100]


def test_every_group_is_taken_once() -> None:
    done = np.zeros(GROUPS, np.int64)
    in_turn(count, np.arange(GROUPS + 1) * 3, done, -1)
    assert done.tolist() == [3] * GROUPS


@pytest.mark.parametrize("broken", range(3))
def test_an_error_of_any_thread_is_raised(broken: int) -> None:
    done = np.zeros(GROUPS, np.int64)
    with pytest.raises(ValueError, match="broken"):
        in_turn(count, np.arange(GROUPS + 1), done, broken)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_has_threads_of_its_own() -> None:
    done = np.zeros(GROUPS, np.int64)
    in_turn(count, np.arange(GROUPS + 1), done, -1)
    child = os.fork()
    if child == 0:
        again = np.zeros(GROUPS, np.int64)
        in_turn(count, np.arange(GROUPS + 1), again, -1)
        os._exit(0 if again.all() else 1)
    assert os.waitpid(child, 0)[1] == 0
