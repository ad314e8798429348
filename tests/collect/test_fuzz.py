"""Damaged exports and archive lines: one line says what is wrong, every good line is kept, nothing is thrown.

``SIGNALPROOF_EXAMPLES=10000`` runs it whole.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

from engine.collect.archive import Archive, ArchiveError
from engine.collect.export import read_export
from engine.collect.lines import Lines
from engine.collect.record import encode
from engine.problem import Problem
from tests.collect.posts import CALL, edit, post
from tests.collect.test_export import ACCOUNT, MANY, NEW, OLD

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


def pieces_of(export: dict[str, Any], text: str) -> dict[int, str]:
    """The text of each message of an export, as it stands in the file."""
    found = {}
    for record in export["messages"]:
        start = text.index(f'  {{\n   "id": {record["id"]},')
        found[record["id"]] = text[start : text.index("\n  }", start) + 4].strip()
    return found


def test_damaged_exports_keep_every_good_message(tmp_path: Path) -> None:
    """A message whose text still stands in the file, between two beginnings, is read; or the file names no chat."""
    chance = random.Random(7)
    path = tmp_path / "result.json"
    texts = [json.dumps(export, ensure_ascii=False, indent=1) for export in (NEW, OLD, MANY)]
    pieces = [pieces_of(export, text) for export, text in zip((NEW, OLD, MANY), texts, strict=True)]
    counts: Counter[str] = Counter()
    for _ in range(EXAMPLES):
        which = chance.randrange(3)
        data = damaged(texts[which].encode(), chance)
        path.write_bytes(data)
        found = read_export(path, "fast_scalps", "Europe/Sofia")
        if isinstance(found, Problem):
            counts["nothing"] += 1
            assert "\n" not in str(found)
            assert found.path == str(path)
            continue
        messages, summary = found
        counts["damaged" if summary.broken else "whole"] += 1
        assert summary.messages == len(messages)
        kept = {message.message_id for message in messages}
        skipped = sum(count for _, count in summary.skipped)
        for number, piece in pieces[which].items():
            good = piece.encode() in data
            counts["good messages"] += good
            # a service message, or one of a kind that is not read, is skipped and counted
            if good and '"type": "message"' in piece:
                assert number in kept, (number, data)
            elif good:
                assert skipped
        counts["kept"] += len(kept)
    assert min(counts[kind] for kind in ("nothing", "damaged", "whole")) > 0
    print(dict(counts))


def test_a_damaged_account_gives_the_messages_of_the_chat_alone(tmp_path: Path) -> None:
    chance = random.Random(9)
    path = tmp_path / "result.json"
    original = json.dumps(ACCOUNT, ensure_ascii=False, indent=1).encode()
    read = 0
    for _ in range(EXAMPLES // 2):
        path.write_bytes(damaged(original, chance))
        found = read_export(path, "fast_scalps", "Europe/Sofia", "77")
        if not isinstance(found, Problem):
            read += 1
            assert not {m.text for m in found[0]} & {CALL, "TP1 hit ✅\nclose", "twin", "left"}
    assert read > 0


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
