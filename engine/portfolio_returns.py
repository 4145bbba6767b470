"""The user's table of past returns, from which the dependence of assets is estimated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from model.errors import SpecError
from model.events import Float64

LEAST_ROWS = 30
MOST_BYTES = 256 << 20


def read_returns(path: Path, assets: Sequence[str]) -> Float64:
    """Returns of some assets, float64 [n, k], rows with a gap left out.

    A CSV or Parquet file with a column for each asset, named as in the catalogue; other columns,
    such as a date, are not looked at. The unit does not matter: only ranks are used.

    Raises
    ------
    SpecError
        The file cannot be read, an asset has no column, a column is not numeric or constant, or
        fewer than `LEAST_ROWS` rows are complete.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise SpecError(f"{path}: more than {MOST_BYTES:,} bytes; keep the columns needed")
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path)
        else:  # never unpacked: a small file can be made to unpack to gigabytes
            frame = pd.read_csv(path, compression=None)
    except (OSError, ValueError, pa.ArrowException, pd.errors.ParserError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise SpecError(f"{path}: table of returns cannot be read ({reason})") from error
    columns = {str(name).strip().upper(): name for name in frame.columns}
    values = []
    for asset in assets:
        if asset.upper() not in columns:
            raise SpecError(
                f"{path}: no column {asset}; a table of returns has one for each position:"
                f" {', '.join(assets)}"
            )
        column = pd.to_numeric(frame[columns[asset.upper()]], errors="coerce")
        if column.isna().all():
            raise SpecError(f"{path}: column {asset} holds no numbers")
        values.append(column.to_numpy(np.float64))
    table = np.stack(values, axis=1)
    table = table[np.isfinite(table).all(axis=1)]
    if len(table) < LEAST_ROWS:
        raise SpecError(
            f"{path}: {len(table)} complete rows of returns are too few; give at least {LEAST_ROWS}"
        )
    for asset, column in zip(assets, table.T, strict=True):
        if column.min() == column.max():
            raise SpecError(f"{path}: column {asset} never changes; it has no ranks")
    return np.asarray(table, np.float64)
