"""Damaged exports and archive lines: one line says what is wrong, every good line is kept, nothing is thrown.

``SIGNALPROOF_EXAMPLES=10000`` runs it whole.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

from engine.collect.archive import Archive, ArchiveError
from engine.collect.export import read_export
from engine.collect.lines import Lines
from engine.collect.record import encode
from engine.problem import Problem
from tests.collect.posts import CALL, edit, post
from tests.collect.test_export import ACCOUNT, NEW, OLD

EXAMPLES = int(os.environ.get("SIGNALPROOF_EXAMPLES", "400"))
PIECES = [
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\0",
    b"\xff",
    b"\n",
    b"\\x1F",
    b"\\ud83d",
    b"9" * 5000,
    b"null",
]


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Bytes with one to four places cut, doubled, or overwritten."""
    found = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(found) + 1)
        end = start + chance.choice([0, 0, 1, 2, 40])
        found[start:end] = chance.choice([b"", chance.choice(PIECES), chance.randbytes(3), bytes(found[start:end]) * 2])
    return bytes(found)


def test_damaged_exports_give_messages_or_one_problem(tmp_path: Path) -> None:
    chance = random.Random(7)
    path = tmp_path / "result.json"
    originals = [json.dumps(export, ensure_ascii=False, indent=1).encode() for export in (NEW, OLD, ACCOUNT)]
    read = 0
    for _ in range(EXAMPLES):
        path.write_bytes(damaged(chance.choice(originals), chance))
        found = read_export(path, "fast_scalps", "Europe/Sofia", chance.choice([None, "77"]))
        if isinstance(found, Problem):
            assert "\n" not in str(found)
            assert found.path == str(path)
        else:
            read += 1
            assert found[1].messages == len(found[0])
    assert 0 < read < EXAMPLES


def test_damaged_archives_and_histories_keep_every_good_line(tmp_path: Path) -> None:
    chance = random.Random(8)
    good = [encode(post(n, "09:00", f"{CALL} {n}")).encode() for n in range(1, 6)]
    good.append(encode(edit(1, "09:00", "10:00", "other")).encode())
    for number in range(EXAMPLES // 8):
        lines = list(good)
        for _ in range(8):
            bad = damaged(chance.choice(good), chance).replace(b"\n", b" ").replace(b'"format":1', b'"format": 1')
            lines.insert(chance.randrange(len(lines)), bad)
        path = tmp_path / str(number) / "signals_raw.jsonl"
        path.parent.mkdir()
        path.write_bytes(b"\n".join(lines) + b"\n")
        archive = Archive(path)
        try:
            kept = {encode(message) for message in archive.read()}
        except ArchiveError as error:
            if "written in format" not in str(error):  # a damaged format number is the one thing that refuses
                raise
            continue
        assert {line.decode() for line in good} <= kept
        history = Lines(path, "fast_scalps", 5, "UTC")
        assert {line.decode() for line in good} <= {encode(message) for message in history.messages()}
        assert archive.append([post(99, "12:00", "new")]) == 1
