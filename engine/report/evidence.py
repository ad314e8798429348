"""What stands behind each call: the versions of its message, and the candles around its trade.

``evidence.jsonl.gz`` has one line for each call that the report shows, the latest of ``trades.csv`` in its order, so
that a report can be rendered again without archive and candle store. Behind them stand the moves of the account's
trades that went otherwise than their calls by themselves; they count instead. The same evidence gives the same bytes.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from engine.files import replacing
from engine.problem import Problem
from engine.report.tables import UnreadableRunError

EVIDENCE_FILE = "evidence.jsonl.gz"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a message: when it was known, what it is (post, edit, deletion), its text.

    ``marks`` are the characters that values were read from: field, half-open offsets.
    """

    at_ms: int
    kind: str
    text: str
    marks: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """A fill (``what`` is entry) or an exit (its reason): time, price, share of the planned quantity."""

    at_ms: int
    price: float
    share: float
    what: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Candles of ``step_ms`` each, from ``start_ms`` on: place (in steps), open, high, low, close of each."""

    start_ms: int
    step_ms: int
    candles: tuple[tuple[int, float, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What stands behind one call. ``chart`` is None where there are no candles or the call was never planned."""

    signal_id: str
    versions: tuple[Version, ...] = ()
    moves: tuple[Move, ...] = ()
    chart: Chart | None = None


def packed_evidence(found: Iterable[Evidence]) -> bytes:
    """The file of the evidence of calls."""
    return _packed([_line(one) for one in found])


def packed_moves(found: Iterable[Evidence]) -> bytes:
    """What stands behind the evidence of calls in its file: moves that count instead of those of their calls."""
    return _packed([orjson.dumps({"signal_id": one.signal_id, "moves": _moves(one)}) for one in found])


def _packed(lines: Sequence[bytes]) -> bytes:
    packed = io.BytesIO()
    # no name and no time in the header: the same evidence gives the same bytes; level 2 takes a fifth of the time of
    # level 5 and a tenth more room
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=2, mtime=0) as file:
        file.write(b"".join([line + b"\n" for line in lines]))
    return packed.getvalue()


def write_evidence(path: Path, data: bytes) -> None:
    """Write evidence that is packed, atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def read_evidence(path: Path) -> list[Evidence]:
    """The evidence of a run; none where the file is missing. Raises UnreadableRunError for a damaged one."""
    if not path.is_file():
        return []
    found: dict[str, Evidence] = {}
    number = 0
    try:
        with gzip.open(path, "rb") as packed:
            for number, line in enumerate(io.BufferedReader(packed), 1):  # noqa: B007 - named in the problem
                data = json.loads(line.decode("utf-8", "surrogatepass"))
                if "versions" in data:
                    found[data["signal_id"]] = _built(data)
                else:
                    found[data["signal_id"]] = replace(found[data["signal_id"]], moves=_moves_in(data))
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        problem = Problem(f"cannot be used: {error}", str(path), number + 1, hint="run the backtest again")
        raise UnreadableRunError(problem) from None
    return list(found.values())


def _line(one: Evidence) -> bytes:
    """One call as JSON, field by field."""
    data = {
        "signal_id": one.signal_id,
        "versions": [{"at_ms": v.at_ms, "kind": v.kind, "text": v.text, "marks": v.marks} for v in one.versions],
        "moves": _moves(one),
        "chart": one.chart
        and {"start_ms": one.chart.start_ms, "step_ms": one.chart.step_ms, "candles": one.chart.candles},
    }
    try:
        return orjson.dumps(data)
    except TypeError:  # half a character of two, which UTF-8 has no bytes for
        return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _moves(one: Evidence) -> list[dict[str, Any]]:
    return [{"at_ms": m.at_ms, "price": m.price, "share": m.share, "what": m.what} for m in one.moves]


def _moves_in(data: dict[str, Any]) -> tuple[Move, ...]:
    return tuple(Move(int(m["at_ms"]), float(m["price"]), float(m["share"]), str(m["what"])) for m in data["moves"])


def _built(data: dict[str, Any]) -> Evidence:
    """One line. Raises KeyError, TypeError and ValueError for one that is no evidence."""
    chart = data.get("chart")
    return Evidence(
        str(data["signal_id"]),
        tuple(
            Version(
                int(v["at_ms"]),
                str(v["kind"]),
                str(v["text"]),
                tuple((str(f), int(a), int(b)) for f, a, b in v["marks"]),
            )
            for v in data["versions"]
        ),
        _moves_in(data),
        chart
        and Chart(
            int(chart["start_ms"]),
            int(chart["step_ms"]),
            tuple((int(p), float(o), float(h), float(low), float(c)) for p, o, h, low, c in chart["candles"]),
        ),
    )
