"""Counter-based random numbers: uniform, independent over coordinates, always the same."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from model.events import Float64
from model.randomness import uniform, uniforms

MASK = 2**64 - 1
N = 40_000


def twin_mix(z: int) -> int:
    """The finaliser of SplitMix64 on Python integers."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def twin_uniform(seed: int, path: int, event: int, purpose: int) -> float:
    """`uniform` in plain Python."""
    z = twin_mix((seed + 0x9E3779B97F4A7C15) & MASK)
    z = twin_mix(z ^ ((path + 0xD1B54A32D192ED03) & MASK))
    z = twin_mix(z ^ ((event + 0x8CB92BA72F3D8DD7) & MASK))
    z = twin_mix(z ^ ((purpose + 0xABC98388FB8FAC03) & MASK))
    return ((z >> 11) + 0.5) / 2**53


def along(coordinate: str, n: int = N, start: int = 0) -> Float64:
    """n draws along one coordinate, the others fixed."""
    fixed = {"seed": 7, "path": 3, "event": 11, "purpose": 2}
    steps = range(start, start + n)
    return np.array([uniform(**(fixed | {coordinate: step})) for step in steps])


@pytest.mark.parametrize(
    "coordinates",
    [(0, 0, 0, 0), (1, 2, 3, 4), (2**63, 10**6, 2**40, 1000), (7, 2**31, 0, 65535)],
)
def test_agrees_with_the_python_twin(coordinates: tuple[int, int, int, int]) -> None:
    assert uniform(*(np.uint64(value) for value in coordinates)) == twin_uniform(*coordinates)


def test_batch_equals_one_by_one() -> None:
    rng = np.random.default_rng(0)
    paths, events = rng.integers(0, 10**6, (2, 50))
    purposes = np.array([0, 1, 900, 1000])
    batch = uniforms(5, paths, events, purposes)
    assert batch.shape == (50, 4)
    alone = [
        [twin_uniform(5, int(p), int(e), int(q)) for q in purposes]
        for p, e in zip(paths, events, strict=True)
    ]
    assert np.array_equal(batch, alone)
    assert np.array_equal(batch, uniforms(5, paths, events, purposes))
    order = rng.permutation(50)
    assert np.array_equal(uniforms(5, paths[order], events[order], purposes), batch[order])


@pytest.mark.parametrize("coordinate", ["seed", "path", "event", "purpose"])
def test_uniform_along_every_coordinate(coordinate: str) -> None:
    draws = along(coordinate)
    assert draws.min() > 0.0
    assert draws.max() < 1.0
    assert len(np.unique(draws)) == N
    assert stats.kstest(draws, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("coordinate", ["seed", "path", "event", "purpose"])
def test_neighbours_are_independent(coordinate: str) -> None:
    draws = along(coordinate)
    for lag in (1, 2, 3, 16, 256):
        first, second = draws[:-lag], draws[lag:]
        assert abs(np.corrcoef(first, second)[0, 1]) < 4.5 / np.sqrt(N)
        counts = np.histogram2d(first, second, bins=8, range=[[0, 1], [0, 1]])[0]
        assert stats.chisquare(counts.ravel()).pvalue > 1e-4


@pytest.mark.parametrize("pair", [("seed", "path"), ("path", "event"), ("event", "purpose")])
def test_coordinates_do_not_stand_in_for_each_other(pair: tuple[str, str]) -> None:
    """Swapping two coordinates, or shifting one against the other, gives another draw."""
    first, second = pair
    fixed = {"seed": 7, "path": 3, "event": 11, "purpose": 2}
    rng = np.random.default_rng(1)
    values = rng.integers(0, 1000, (4000, 2))
    values = values[values[:, 0] != values[:, 1]]
    there = [uniform(**(fixed | {first: a, second: b})) for a, b in values]
    back = [uniform(**(fixed | {first: b, second: a})) for a, b in values]
    diagonal = [uniform(**(fixed | {first: a + 1, second: b - 1})) for a, b in values]
    for other in (back, diagonal):
        assert abs(np.corrcoef(there, other)[0, 1]) < 4.5 / np.sqrt(len(values))
        assert not np.equal(there, other).any()
