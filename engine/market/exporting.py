"""Series of the store as files of their own, named so that an import knows what they are."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet

from engine.files import replacing
from engine.market.store import FUNDING, MARK, CandleStore, StoredSeries

ENDINGS = {"csv": "csv", "parquet": "parquet", "feather": "feather"}


def export_series(store: CandleStore, series: StoredSeries, folder: Path, form: str) -> Path:
    """Write a series as ``<source>_<type>_<SYMBOL>_<series>.<form>``, whole or not at all. Raises StoreError."""
    name = series.series
    kind = f"mark_{name.removeprefix(MARK)}" if name.startswith(MARK) else name
    path = folder / f"{series.source}_{series.type}_{series.symbol}_{kind}.{ENDINGS[form]}"
    place = (series.source, series.type, series.symbol)
    if name == FUNDING:
        funding = store.read_funding(*place)
        table = pa.table({"ts": funding.ts, "funding_rate": funding.rate} if funding is not None else {})
    else:
        candles = store.read(*place, name)
        columns = ("ts", "open", "high", "low", "close", "volume")
        table = pa.table({column: getattr(candles, column) for column in columns})
    with replacing(path) as temporary:
        if form == "csv":
            pa.csv.write_csv(table, temporary)
        elif form == "parquet":
            pa.parquet.write_table(table, temporary, compression="zstd")
        else:
            pa.feather.write_feather(table, str(temporary))
    return path
