"""Paths and what follows from them alone, kept by the hash of everything that went in.

A change of rules, of money or of a channel's name changes no path: then only the walk through the account runs again.
Whatever can change a figure is part of its key: the plans as columns, the candles and fair prices they go through, the
terms, the funding, and the source of the code that computed it. What is found under a key is therefore what would be
computed anew; there is nothing to invalidate.

The files are numpy's ``.npz`` below ``data/cache/paths``, each replaced whole and checked by its checksums when read.
One that cannot be read is computed again. The folder is bounded (the files longest unused go first) and safe to delete.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engine import __version__
from engine.market.candles import Funding
from engine.simulate.prepared import Prepared
from engine.simulate.pyramid import Bars
from engine.simulate.table import PathTable
from engine.simulate.terms import Terms

LOG = logging.getLogger(__name__)
ENGINE = Path(__file__).parent.parent
COMPUTES = (*(f"{room}/**/*.py" for room in ("domain", "market", "simulate", "verdict")), "pipeline/stress.py",
            "pipeline/judging.py")  # fmt: skip
MOST_BYTES = 512 << 20
BARS = ("ts", "length_ms", "own_ends", "open", "high", "low", "close")

Arrays = dict[str, np.ndarray[Any, np.dtype[Any]]]


@dataclass
class PathCache:
    """The files of a folder (None: nothing is kept), at most ``most_bytes`` together, and how often one was found.

    ``series`` gives the hashes of all stored series that a symbol's candles were read from, so that the candles need
    not be gone through again (None: they are hashed themselves).
    """

    folder: Path | None = None
    series: Callable[[str], bytes] | None = None
    most_bytes: int = MOST_BYTES
    hits: int = 0
    misses: int = 0
    _last: tuple[Prepared, bytes] | None = None  # what was hashed last: the next reading asks for the same

    def arrays(self, what: str, inputs: Iterable[bytes], make: Callable[[], Arrays]) -> Arrays:
        """The arrays that ``make`` would give; ``inputs`` is everything they depend on, ``what`` names them."""
        if self.folder is None:
            return make()
        key = hashlib.sha256(code_digest())
        for part in (what.encode(), *inputs):
            key.update(len(part).to_bytes(8, "big") + part)
        path = self.folder / f"{what}-{key.hexdigest()[:40]}.npz"
        found = _read(path)
        if found is not None:
            self.hits += 1
            return found
        self.misses += 1
        made = make()
        self._write(path, made)
        return made

    def run(self, prepared: Prepared, terms: Terms) -> PathTable:
        """The paths of plans that are laid out, under terms."""
        inputs = (self.digest(prepared), repr(terms).encode())
        found = self.arrays("paths", inputs, lambda: _columns(prepared.run(terms)))
        return PathTable(prepared.plans, prepared.planned, **found)

    def digest(self, prepared: Prepared) -> bytes:
        """The hash of plans that are laid out, and of all candles that they go through."""
        if self.folder is None:
            return b""
        if self._last is None or self._last[0] is not prepared:
            self._last = prepared, self._digest_of(prepared)
        return self._last[1]

    def _digest_of(self, prepared: Prepared) -> bytes:
        digest, planned = hashlib.sha256(), prepared.planned
        for one in fields(planned):
            _feed(digest, one.name, getattr(planned, one.name))
        for columns, bars in prepared.groups:
            for one in fields(columns):
                _feed(digest, one.name, getattr(columns, one.name))
            if self.series is None:
                _feed_bars(digest, bars)
            else:
                symbol = planned.names[int(planned.symbol[columns.at[0]])]
                _feed(digest, symbol, (self.series(symbol), _stretch(bars)))
        return digest.digest()

    def _write(self, path: Path, made: Arrays) -> None:
        """Keep arrays; a full disk costs the file, not the run."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
            try:
                with temporary.open("wb") as file:
                    np.savez(file, **made)  # type: ignore[arg-type]  # names may not clash with savez's own
                temporary.replace(path)  # not synced: what a crash leaves half is found by its checksums
            finally:
                temporary.unlink(missing_ok=True)
            prune(path.parent, self.most_bytes)
        except OSError as error:
            LOG.warning("%s cannot be kept: %s", path, error)


def as_json(value: object) -> Arrays:
    """A dataclass of plain figures (or None) as arrays; floats come back to the last bit."""
    text = json.dumps(None if value is None else asdict(value))  # type: ignore[call-overload]
    return {"json": np.frombuffer(text.encode(), np.uint8)}


def from_json(found: Arrays) -> Any:
    """What ``as_json`` was given, as plain data."""
    return json.loads(found["json"].tobytes())


def funding_digest(funding: Mapping[str, Funding] | None) -> bytes:
    """The hash of all funding that is paid."""
    digest = hashlib.sha256(b"none" if funding is None else b"some")
    for symbol, history in sorted((funding or {}).items()):
        _feed(digest, symbol, history.ts)
        _feed(digest, symbol, history.rate)
    return digest.digest()


def array_digest(*values: np.ndarray[Any, np.dtype[Any]]) -> bytes:
    """The hash of arrays."""
    digest = hashlib.sha256()
    for value in values:
        _feed(digest, "", value)
    return digest.digest()


@cache
def code_digest() -> bytes:
    """The hash of the code that computes paths, and of the numpy it computes with."""
    digest = hashlib.sha256(f"{__version__} numpy {np.__version__}".encode())
    for path in sorted(path for pattern in COMPUTES for path in ENGINE.glob(pattern)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.digest()


def prune(folder: Path, most_bytes: int) -> None:
    """Delete the files longest unused until the others are small enough together."""
    found = []
    for path in [*folder.glob("*.npz"), *folder.glob(".*.tmp")]:
        try:
            state = path.stat()
        except OSError:
            continue  # another run has just deleted it
        found.append((state.st_mtime_ns, state.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= most_bytes:
            return
        path.unlink(missing_ok=True)
        total -= size


def _feed_bars(digest: Any, bars: Bars) -> None:
    """Put bars and their fair prices into a hash."""
    for series in (bars, bars.fair):
        for name in BARS:
            _feed(digest, name, None if series is None else getattr(series, name))


def _stretch(bars: Bars) -> tuple[int, int, int, int, bool]:
    """Which part of its stored series bars are."""
    if not len(bars):
        return 0, 0, 0, 0, False
    return len(bars), int(bars.ts[0]), int(bars.ts[-1]), bars.end_ms, bars.fair is not None


def _columns(table: PathTable) -> Arrays:
    """A table as arrays; its plans are known to whoever asks."""
    return {one.name: getattr(table, one.name) for one in fields(table) if one.name not in ("plans", "planned")}


def _read(path: Path) -> Arrays | None:
    """The arrays of a file, None when it is not there or damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
        os.utime(path)
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, RuntimeError, zlib.error):
        return None  # the last two: damage that looks like a kind of archive which is not ours
    return found


def _feed(digest: Any, name: str, value: object) -> None:
    """Put one value with its name, type and shape into a hash."""
    if isinstance(value, np.ndarray):
        whole = np.ascontiguousarray(value)
        digest.update(f"{name} {whole.dtype.str} {whole.shape}".encode())
        digest.update(whole)
    else:
        digest.update(f"{name} {value!r}".encode())
