"""Files that survive a kill: atomic replacement, synced appends, safe CSV cells, hashes."""

from __future__ import annotations

import csv
import glob
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import NoneType, SimpleNamespace
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Column: TypeAlias = "Sequence[object] | NDArray[np.float64]"


@contextmanager
def replacing(path: Path, mode: int | None = None) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place, synced, when the block ends without an error.

    Whatever happens, ``path`` is either the old file or the whole new one. ``mode`` are its rights (None: those that
    new files get here).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask() if mode is None else mode)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def remove_left(path: Path) -> None:
    """Remove what killed writers of ``replacing`` have left; for who knows that none is at work."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp*"):
        left.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Replace a text file atomically (UTF-8, line ends as given)."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def append_synced(path: Path, lines: Iterable[str]) -> None:
    """Append whole lines (without their line ends) to a log of record and sync it before returning."""
    data = "".join(f"{line}\n" for line in lines).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("ab") as log:
        log.write(data)
        log.flush()
        os.fsync(log.fileno())
    if new:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename or a new name in a folder durable (a no-op where folders cannot be opened, as on Windows)."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet runs begins with one of these
CRLF = "\r\n"
QUOTED = frozenset(',"\n\r')  # a cell with one of these stands in quotes
_BEGINNINGS = ["\0" + begins for begins in FORMULAS]


def safe_cell(value: object) -> object:
    """A CSV cell that no spreadsheet runs: text that starts like a formula gets an apostrophe in front."""
    if isinstance(value, str) and value[:1] in FORMULAS:
        return "'" + value
    return "" if value is None else value


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A CSV file's text; every cell is made safe, floats are written so that they read back equal."""
    lines: list[str] = []
    into = SimpleNamespace(write=lambda line: lines.append(line[: -len(CRLF)]))
    writer = csv.writer(into, lineterminator=CRLF)  # else Python before 3.13 leaves a lone "\r" in a cell unquoted
    writer.writerow(columns)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return "\n".join([*lines, ""])


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Replace a CSV file atomically by ``csv_text``."""
    write_text(path, csv_text(columns, rows))


def csv_of_columns(columns: Mapping[str, Column]) -> str:
    """As ``csv_text``, for long tables of two or more columns that are at hand by column.

    An empty cell is None, in an array of figures NaN.
    """
    told = {id(column): column for column in columns.values()}  # some may be the same
    cells = {which: _cells(column) for which, column in told.items()}
    lines = map(",".join, zip(*[cells[id(column)] for column in columns.values()], strict=True))
    return "\n".join([",".join(_cells([*columns])), *lines, ""])


def _cells(values: Column) -> Sequence[str]:
    """A column as cells: figures all at once, texts as they stand where no cell needs an apostrophe or quotes."""
    import numpy as np

    if isinstance(values, np.ndarray):
        return _figures(values)
    kinds = set(map(type, values))
    if kinds and kinds <= {float, NoneType}:
        return _figures(np.array(values, np.float64))
    if kinds <= {str}:
        words: Sequence[str] = values  # type: ignore[assignment]  # as the line before says
        whole = "\0" + "\0".join(words)  # a search in one long text takes a hundredth of one in each cell
        if not any(found in whole for found in (*QUOTED, *_BEGINNINGS)):
            return words
    return [_cell(value) for value in values]


def _cell(value: object) -> str:
    """A safe cell as it stands in the file."""
    text = str(safe_cell(value))
    return '"' + text.replace('"', '""') + '"' if isinstance(value, str) and not QUOTED.isdisjoint(text) else text


def _figures(values: NDArray[np.float64]) -> list[str]:
    """Figures as ``repr`` writes them, four times as quickly; "" for what is not finite."""
    import numpy as np
    import orjson

    text = orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY).decode()
    cells = text[1:-1].replace("null", "").split(",") if len(values) else []
    size = np.abs(values)
    for i in np.flatnonzero((size >= 1e16) & (size < np.inf) | (size < 1e-4) & (size > 0)).tolist():
        cells[i] = repr(float(values[i]))  # with an exponent, which orjson writes otherwise
    return cells


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, as hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _umask() -> int:
    """The process's umask (it can only be read by setting it)."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
