"""One series of the store on disk: columns in an uncompressed Arrow file, its figures in an index beside it.

The file's own metadata says where its rows come from (``origin``) and for which ranges of time the exchange has given
all that it has (``answered``). They are replaced together with the rows, so a kill never leaves one without the other.

The index (``index.json``, one a folder) is written after the data and trusted only while size and time of the file
still fit: after a kill between the two, or a file changed by hand, the figures are computed afresh.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engine.files import replacing, write_text
from engine.market.ranges import Range, Ranges, common
from engine.market.timeframes import Gap, gaps_of
from engine.problem import Problem

FORMAT = 1
INDEX = "index.json"
FIGURES = {"rows", "first_ms", "last_ms", "gaps", "missing", "unasked", "answered", "origin", "sha256"}

Columns = dict[str, npt.NDArray[Any]]
"""A table by column: ``ts`` (int64, sorted, no repeats) first, then float64 columns of the same length."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a series comes from: "" for imported files, else the exchange's address; and what it has answered.

    Inside ``answered`` an absent candle is one that the exchange does not have; outside it was never asked for.
    """

    origin: str = ""
    answered: Ranges = ()


IMPORTED = Provenance()
"""Of rows whose exchange is not known."""


class StoreError(Exception):
    """A file of the store that cannot be read; ``problem`` says which and how to mend it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def load_columns(path: Path, names: tuple[str, ...], mapped: bool = True) -> Columns:
    """The columns of a series file: read-only views of the mapped file, or copies when not ``mapped``.

    Raises StoreError when the file is damaged, of another format, or without one of the columns.
    """
    return load_series(path, names, mapped)[0]


def load_series(path: Path, names: tuple[str, ...], mapped: bool = True) -> tuple[Columns, Provenance]:
    """The columns of a series file and where they come from; raises as ``load_columns`` does."""
    try:
        with pa.memory_map(str(path)) if mapped else pa.OSFile(str(path), "rb") as source:
            table = pa.ipc.open_file(source).read_all()
        metadata = table.schema.metadata or {}
        form = int(metadata.get(b"signalproof", b"0"))
        columns = {name: _whole(table.column(name)) for name in names}
        answered = tuple(Range(*pair) for pair in json.loads(metadata.get(b"answered", b"[]")))
        provenance = Provenance(metadata.get(b"origin", b"").decode(), answered)
    except (OSError, pa.ArrowInvalid, KeyError, ValueError, TypeError) as error:
        hint = "delete it and import its candles again"
        raise StoreError(Problem(f"not a readable file of the candle store ({error})", str(path), hint=hint)) from None
    if form != FORMAT:
        text = f"a file of the candle store in format {form}, this program knows format {FORMAT}"
        raise StoreError(Problem(text, str(path), hint="delete it and import its candles again"))
    return columns, provenance


def _whole(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    """A column as one array; one that is written in one piece stays a view of the file.

    Arrow's own ``to_numpy`` would import pandas, which takes longer than to read a year of minutes.
    """
    whole = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    array: npt.NDArray[Any] = np.from_dlpack(whole)
    return array


def save_columns(path: Path, columns: Columns, timeframe_ms: int | None, provenance: Provenance = IMPORTED) -> None:
    """Replace a series file, then note its figures in the index. ``timeframe_ms`` None: a series without a grid."""
    arrays = [pa.array(values) for values in columns.values()]
    fields = [pa.field(name, array.type) for name, array in zip(columns, arrays, strict=True)]
    schema = pa.schema(fields, metadata=_metadata(provenance))
    with replacing(path) as temporary, pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        writer.write_batch(pa.record_batch(arrays, schema=schema))
    series = {**_read_index(path.parent), path.stem: {**_stamp(path), **_figures(columns, timeframe_ms, provenance)}}
    index = {"format": FORMAT, "series": dict(sorted(series.items()))}
    write_text(path.parent / INDEX, json.dumps(index, indent=1) + "\n")


def figures_of(path: Path, names: tuple[str, ...], timeframe_ms: int | None) -> Mapping[str, Any]:
    """What the index says of a series: rows, first_ms, last_ms, gaps, missing, unasked, answered, origin, sha256.

    Raises StoreError like ``load_columns``.
    """
    entry = _read_index(path.parent).get(path.stem)
    if isinstance(entry, dict) and entry.keys() >= FIGURES and entry.items() >= _stamp(path).items():
        return entry
    columns, provenance = load_series(path, names)
    return _figures(columns, timeframe_ms, provenance)


def unasked(gaps: Sequence[Gap], timeframe_ms: int, answered: Ranges) -> int:
    """How many of the absent bars the exchange was never asked for, or never gave a whole answer about."""
    holes = [Range(gap.start_ms, gap.start_ms + gap.bars * timeframe_ms) for gap in gaps]
    had_none = common(holes, answered) if answered else ()
    return sum(gap.bars for gap in gaps) - sum(one.length_ms for one in had_none) // timeframe_ms


def _figures(columns: Columns, timeframe_ms: int | None, provenance: Provenance) -> dict[str, Any]:
    """See ``figures_of``."""
    ts = columns["ts"]
    gaps = gaps_of(ts, timeframe_ms) if timeframe_ms else ()
    digest = hashlib.sha256()
    for name, values in columns.items():
        digest.update(name.encode() + b"\0")
        digest.update(values.astype(values.dtype.newbyteorder("<")).tobytes())
    return {
        "rows": len(ts),
        "first_ms": int(ts[0]) if len(ts) else 0,
        "last_ms": int(ts[-1]) if len(ts) else 0,
        "gaps": len(gaps),
        "missing": sum(gap.bars for gap in gaps),
        "unasked": unasked(gaps, timeframe_ms, provenance.answered) if timeframe_ms else 0,
        "answered": [list(one) for one in provenance.answered],
        "origin": provenance.origin,
        "sha256": digest.hexdigest(),
    }


def _metadata(provenance: Provenance) -> dict[str, str]:
    """The metadata of a file; what says nothing is left out."""
    metadata = {"signalproof": str(FORMAT)}
    if provenance.origin:
        metadata["origin"] = provenance.origin
    if provenance.answered:
        metadata["answered"] = json.dumps(provenance.answered, separators=(",", ":"))
    return metadata


def _stamp(path: Path) -> dict[str, int]:
    """What tells whether a file is still the one that the index speaks of."""
    state = path.stat()
    return {"bytes": state.st_size, "mtime_ns": state.st_mtime_ns}


def _read_index(folder: Path) -> dict[str, Any]:
    """The index of a folder by series; empty when there is none that can be read, because it can be made again."""
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    known = isinstance(index, dict) and index.get("format") == FORMAT and isinstance(index.get("series"), dict)
    return dict(index["series"]) if known else {}
