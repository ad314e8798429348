"""A run as it lies on disk: ``runs/<time>-<strategy>/`` with run.json, trades.csv, equity.csv and report.html.

The report is rendered from these files alone, so an old run can be rendered again (``cli.py report RUN``).
``run.json`` is a ``Run`` as JSON. The messages and candles behind the calls lie in evidence.jsonl.gz (``evidence.py``).
"""

from __future__ import annotations

import json
import math
import types
import typing
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

from engine.files import write_text
from engine.report.run import FORMAT, Run
from engine.report.tables import CALLS_FILE

T = TypeVar("T")
RUN_FILE = "run.json"
UNFINISHED = ".unfinished"  # ends the name of a run's folder that is being written


def run_folders(runs: Path) -> list[Path]:
    """The folders of all runs, the last one at the end; those whose writing was cut off are none."""
    folders = sorted(path.parent for path in runs.glob(f"*/{RUN_FILE}"))
    return [folder for folder in folders if is_finished(folder)]


def is_finished(folder: Path) -> bool:
    """Whether a folder with a run.json was written to its end."""
    return not folder.name.endswith(UNFINISHED) and (folder / CALLS_FILE).is_file()


def save_run(folder: Path, run: Run) -> Path:
    """Write run.json into a folder (made when missing), atomically; its path."""
    return save_record(folder / RUN_FILE, run)


def load_run(folder: Path) -> Run | str:
    """The run of a folder, or one line that says why its run.json cannot be used."""
    return load_record(folder / RUN_FILE, Run, FORMAT, "run the backtest again")


def save_record(path: Path, record: Any) -> Path:
    """Write a dataclass as JSON, atomically; its path.

    JSON has no infinity: a figure that is not finite (a profit factor without a loss) is saved as null.
    """
    write_text(path, json.dumps(_finite(asdict(record)), indent=2, allow_nan=False) + "\n")
    return path


def load_record(path: Path, kind: type[T], wanted: int, again: str) -> T | str:
    """The dataclass that ``save_record`` wrote, or one line that says why the file cannot be used.

    ``wanted`` is the format that this version reads, ``again`` says how the file is made anew.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except (ValueError, RecursionError):
        return f"is not JSON; {again}"
    found = data.get("format") if isinstance(data, dict) else None
    if found != wanted:
        mend = "update SignalProof" if isinstance(found, int) and found > wanted else again
        return f"has format {json.dumps(found)[:40]}, this version reads format {wanted}; {mend}"
    try:
        record: T = _built(kind, _finite(data), "")
    except _MisfitError as error:
        return f"{error}; {again}"
    return record


class _MisfitError(Exception):
    """A value of run.json that does not fit its field; the text names the field."""


def _built(kind: Any, value: Any, where: str) -> Any:
    """A JSON value as the annotated type ``kind``, checked all the way down. Raises _MisfitError."""
    if is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind)
        if not isinstance(value, dict):
            raise _MisfitError(f"{where} is not an object")
        if missing := [f.name for f in fields(kind) if f.name not in value]:
            raise _MisfitError(f"has no field {_below(where, missing[0])}")
        if unknown := sorted(value.keys() - hints.keys()):
            raise _MisfitError(f"has an unknown field {_below(where, unknown[0])}")
        return kind(**{name: _built(hints[name], item, _below(where, name)) for name, item in value.items()})
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is list and isinstance(value, list):
        return [_built(arguments[0], item, f"{where}[{i}]") for i, item in enumerate(value)]
    if origin is dict and isinstance(value, dict):
        return {name: _built(arguments[1], item, _below(where, name)) for name, item in value.items()}
    if origin is tuple and isinstance(value, list) and len(value) == len(arguments):
        return tuple(_built(k, item, f"{where}[{i}]") for i, (k, item) in enumerate(zip(arguments, value, strict=True)))
    allowed = arguments if origin in (types.UnionType, typing.Union) else (kind,)
    if isinstance(value, dict) and (whole := [k for k in allowed if is_dataclass(k)]):
        return _built(whole[0], value, where)
    if float in allowed and type(value) is int:
        return float(value)
    if type(value) not in allowed:
        raise _MisfitError(f"field {where} has an unexpected value {json.dumps(value)[:40]}")
    return value


def _below(where: str, name: str) -> str:
    """The name of a field below another, such as ``account.trades``."""
    return f"{where}.{name}" if where else name


def _finite(value: Any) -> Any:
    """The same JSON value with null for every figure that is not finite."""
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
