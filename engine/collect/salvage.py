r"""What can still be read of an export that is broken or cut off: every message that is whole, of a chat that is named.

The structure is not to be trusted any more, so it is not walked. Telegram Desktop begins each message with its id and
type and each chat with its name, type, id and the word messages, always in this order:

1. the text is cut where such a beginning stands; quotes inside a string are escaped, so none can be faked there;
2. what lies between two beginnings is one message, read by itself; a piece that is no whole JSON object, repeats a key,
   or holds bytes that are no UTF-8 is left out, and its place is noted;
3. a chat ends where the next one begins. In the export of a whole account it also ends at its closing bracket, and at
   the first place that cannot be read: the beginning of the next chat may have stood there, and a message must never
   come under another chat's name.

Reading is linear and in bounded memory, whatever the file holds.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.collect.export_file import ESCAPE, mended_escape

BLOCK = 1 << 20
LONGEST_PIECE = 1 << 20  # one message; Telegram's are never so long
OVERLAP = 2_000  # no beginning is longer
BLANK = r"[ \t\r\n]{0,40}"
NAME = r'"(?:[^"\\\x00]|\\.){0,400}"'
MESSAGE = rf'\{{{BLANK}"id"{BLANK}:{BLANK}-?[0-9]{{1,20}}{BLANK},{BLANK}"type"{BLANK}:{BLANK}"[a-z_]{{1,40}}"'
CHAT = (
    rf'\{{{BLANK}"name"{BLANK}:{BLANK}(?:{NAME}|null){BLANK},{BLANK}"type"{BLANK}:{BLANK}"[a-z_]{{1,40}}"{BLANK},'
    rf'{BLANK}"id"{BLANK}:{BLANK}-?[0-9]{{1,20}}{BLANK},{BLANK}"messages"{BLANK}:{BLANK}\['
)
BEGINNING = re.compile(rf"(?P<chat>{CHAT})|{MESSAGE}", re.DOTALL)
UNDECODED = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something could not be read: the line and column, and the last whole message before it."""

    line: int
    column: int
    after: int | None

    def __str__(self) -> str:
        """Such as ``line 12 after message 345``."""
        return f"line {self.line}" + (f" after message {self.after}" if self.after is not None else "")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of the text that begins where a chat or a message does (the first one: where the file does)."""

    kind: str
    text: str
    line: int
    column: int


class Salvage:
    """One damaged file. ``damage`` has the places that could not be read, known after ``messages``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damage: list[Place] = []

    def chats(self) -> list[dict[str, Any]]:
        """What is said of each chat whose beginning is whole, in the order of the file."""
        heads = (_head(piece.text) for piece in _pieces(self.path) if piece.kind == "chat")
        return [head for head in heads if head is not None]

    def messages(self, wanted: int) -> Iterator[dict[str, Any]]:
        """The messages of the chat with this number among ``chats``."""
        number, alone, inside, last = -1, False, False, None
        before = True  # nothing but blanks
        for piece in _pieces(self.path):
            if piece.kind == "chat":
                head = _head(piece.text)
                number += head is not None
                inside = number == wanted and head is not None
                alone = alone or before
                rest = BEGINNING.sub("", piece.text, count=1)
                found: dict[str, Any] | None = None
            elif piece.kind == "message" and inside:
                found, rest = _message(piece.text)
            else:
                before = before and not piece.text.strip()
                continue
            before = False
            if found is not None:
                last = found["id"]
                yield found
            if not inside:
                continue
            rest = rest.strip()
            if (piece.kind == "message" and found is None) or not re.match(r",?$|\]", rest):
                self.damage.append(Place(piece.line, piece.column, last))
                inside = alone
            elif rest.startswith("]"):
                inside = alone


def _head(text: str) -> dict[str, Any] | None:
    """A chat's own values."""
    match = BEGINNING.match(text)
    try:
        found = json.loads(match[0] + "]}") if match and not UNDECODED.search(match[0]) else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _message(text: str) -> tuple[dict[str, Any] | None, str]:
    """The message with which a piece begins, None when it is not whole; and what follows it."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key stands there twice")
        return found

    decoder = json.JSONDecoder(strict=False, object_pairs_hook=once)
    for mend in (str, _mended):
        whole = mend(text)
        try:
            found, end = decoder.raw_decode(whole)
        except (ValueError, RecursionError):
            continue
        return (found, whole[end:]) if isinstance(found, dict) and not UNDECODED.search(whole, 0, end) else (None, "")
    return None, ""


def _mended(text: str) -> str:
    r"""Text without the escapes that no JSON has, such as ``\x1F``."""
    return ESCAPE.sub(mended_escape, text)


def _pieces(path: Path) -> Iterator[_Piece]:
    """The text of a file cut at every beginning. A piece that is too long is cut short: no message is."""
    decode = codecs.getincrementaldecoder("utf-8-sig")(errors="surrogateescape")
    line, column, kind = 1, 1, "head"
    text, start, scanned = "", 0, 0  # the piece begins at ``start``; up to ``scanned`` no other does
    with path.open("rb") as file:
        while True:
            block = file.read(BLOCK)
            text, scanned, start = text[start:] + decode.decode(block, final=not block), scanned - start, 0
            end = len(text) if not block else len(text) - OVERLAP
            while (match := BEGINNING.search(text, scanned)) and match.start() < end:
                if match.start() > start:
                    yield _Piece(kind, text[start : min(match.start(), start + LONGEST_PIECE)], line, column)
                line, column = _behind(text[start : match.start()], line, column)
                kind, start, scanned = "chat" if match["chat"] else "message", match.start(), match.start() + 1
            scanned = max(scanned, end)
            if not block:
                if start < len(text):
                    yield _Piece(kind, text[start:], line, column)
                return
            if len(text) - start > LONGEST_PIECE + OVERLAP:
                if kind != "lost":
                    yield _Piece(kind, text[start : start + LONGEST_PIECE], line, column)
                line, column = _behind(text[start : len(text) - OVERLAP], line, column)
                kind, start = "lost", len(text) - OVERLAP


def _behind(text: str, line: int, column: int) -> tuple[int, int]:
    """The line and column behind a text that begins at a place."""
    lines = text.count("\n")
    return line + lines, len(text) - text.rfind("\n") if lines else column + len(text)
