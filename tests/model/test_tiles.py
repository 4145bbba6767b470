"""Products by tiles equal sums written out, and a row does not depend on the rows beside it."""

from __future__ import annotations

import numpy as np
import pytest

from model.tiles import PANEL, Ahead, Float32, multiply, pack_panels, panels


def written_out(x: Float32, weights: Float32) -> Float32:
    """The plain twin: each sum in double precision, which float32 rounds once."""
    out = np.zeros((len(x), weights.shape[1]), np.float32)
    for r, row in enumerate(x.astype(np.float64)):
        for c, column in enumerate(weights.T.astype(np.float64)):
            out[r, c] = sum(a * b for a, b in zip(row, column, strict=True))
    return out


def product(x: Float32, weights: Float32, n: int, starts: list[int]) -> tuple[Float32, int]:
    packed = pack_panels(weights)
    out = np.full((len(x), panels(weights.shape[2]) * PANEL), np.nan, np.float32)
    ahead = Ahead(np.zeros((3, 4000), np.float32), np.array(starts, np.int64), 4000)
    return out, multiply(len(x), x, packed, n, out, ahead, 100)


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 8, 21])
@pytest.mark.parametrize(("inner", "columns"), [(1, 1), (5, 32), (24, 70)])
def test_a_product_equals_its_sums(rows: int, inner: int, columns: int) -> None:
    rng = np.random.default_rng(rows)
    x = rng.normal(size=(rows, inner)).astype(np.float32)
    weights = rng.normal(size=(3, inner, columns)).astype(np.float32)
    out, _ = product(x, weights, 1, [])
    np.testing.assert_allclose(out[:, :columns], written_out(x, weights[1]), rtol=1e-4, atol=1e-5)
    assert (out[:, columns:] == 0).all()


def test_a_row_is_the_same_alone_and_whatever_is_fetched_meanwhile() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(15, 344)).astype(np.float32)
    weights = rng.normal(size=(2, 344, 128)).astype(np.float32)
    together, fetched = product(x, weights, 1, [0, 4000, 8000])
    assert fetched == 100 + 2 * panels(128) * 344 * 16  # two tiles a panel, a line a step
    for r in range(15):
        np.testing.assert_array_equal(product(x[r : r + 1], weights, 1, [])[0][0], together[r])
