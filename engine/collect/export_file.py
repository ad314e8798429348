r"""The file of an export, read in pieces: chats and their messages one after the other, whatever the file's size.

Telegram Desktop writes control characters as ``\x1F``, which no JSON has; such escapes are taken out. The structure is
walked value by value: an object's values, the elements of an array; only a single message is ever held whole. A file
that is broken or cut off is one ``Problem`` that says what is wrong, where, and after which whole message.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from engine.problem import Problem

BLOCK = 1 << 20
LARGEST_VALUE = 64_000_000  # one value; a message is never so long
DEEPEST = 6  # of objects walked into: the chats of an account lie at 2
ESCAPE = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|.)", re.DOTALL)
LONGEST_ESCAPE = 6
SPACE = re.compile(r"[ \t\n\r]*")
DECODER = json.JSONDecoder(strict=False)
LISTS = ("chats", "left_chats")


class BrokenError(Exception):
    """The file cannot be read to its end; ``problem`` says why. ``damaged``: some of it may be readable."""

    def __init__(self, problem: Problem, *, damaged: bool = False) -> None:
        super().__init__(str(problem))
        self.problem, self.damaged = problem, damaged


def mended_escape(match: re.Match[str]) -> str:
    r"""An escape found by ``ESCAPE`` as JSON has it: ``\x1F`` goes, of one that no JSON has its character stays."""
    escape = match[0]
    if len(escape) == len(r"\x1F"):
        return ""
    return escape if len(escape) == LONGEST_ESCAPE or escape[1] in '"\\/bfnrt' else escape[1:]


class JsonPieces:
    """The text of an open file, of which only a window is held. Raises BrokenError where it is no JSON."""

    def __init__(self, file: IO[bytes], shown: str) -> None:
        self._file = file
        self._shown = shown
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0  # where reading goes on in the window
        self._lines = 0  # line ends before the window, and characters of its first line before it
        self._column = 0
        self._ended = False
        self._bad = ""  # why reading cannot go on behind the window
        self.last_message: int | None = None

    # ------------------------------------------------------------------ walking

    def peek(self) -> str:
        """The next character that is no blank; nothing at the end."""
        while True:
            match = SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def keys(self) -> Iterator[str]:
        """The keys of the object that begins here; the value must be read (or skipped) before the next key."""
        self._take("{")
        if self.peek() == "}":
            self._at += 1
            return
        while True:
            if self.peek() != '"':
                self._fail("Expecting property name enclosed in double quotes", self._at)
            key = self.value()
            self._take(":")
            yield key
            if self._next_is("}"):
                return

    def elements(self) -> Iterator[None]:
        """Stands before each element of the array that begins here; it must be read before the next."""
        self._take("[")
        if self.peek() == "]":
            self._at += 1
            return
        while True:
            yield
            if self._next_is("]"):
                return

    def value(self) -> Any:
        """The whole value that begins here."""
        self.peek()
        mended = False
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if "escape" in error.msg and "\\u" not in error.msg and not mended and self._mend():
                    mended = self._ended
                    continue
                if not self._more():
                    self._fail(error.msg, error.pos)
            except (RecursionError, ValueError):  # nested without end, or a number of thousands of digits
                problem = Problem("not an export of Telegram Desktop", self._shown, hint="choose the file result.json")
                raise BrokenError(problem, damaged=True) from None
            else:
                if end < len(self._text) or not self._more():  # a number at the window's end may go on
                    self._at = end
                    return value

    def skip(self, depth: int = 0) -> None:
        """Read the value that begins here and forget it, in pieces."""
        first = self.peek()
        if first == "{" and depth < DEEPEST:
            for _ in self.keys():
                self.skip(depth + 1)
        elif first == "[" and depth < DEEPEST:
            for _ in self.elements():
                self.skip(depth + 1)
        else:
            self.value()

    def end(self) -> None:
        """Nothing may follow."""
        if self.peek():
            self._fail("Extra data", self._at)

    def _take(self, wanted: str) -> None:
        if self.peek() != wanted:
            self._fail(f"Expecting '{wanted}' delimiter" if wanted == ":" else "Expecting value", self._at)
        self._at += 1

    def _next_is(self, end: str) -> bool:
        """Go behind a comma (False) or the end of an object or array (True)."""
        found = self.peek()
        if found not in (",", end) or not found:
            self._fail("Expecting ',' delimiter", self._at)
        self._at += 1
        return found == end

    # ------------------------------------------------------------------ the window

    def _more(self) -> bool:
        """Read on; whether there was more."""
        if self._bad:
            self._broken(self._bad, len(self._text))
        if self._ended:
            return False
        if len(self._text) - self._at > LARGEST_VALUE:
            problem = Problem("not an export of Telegram Desktop: one value is larger than 64 MB", self._shown)
            raise BrokenError(problem, damaged=True)
        gone = self._text[: self._at]
        lines = gone.count("\n")
        self._column = len(gone) - gone.rfind("\n") - 1 if lines else self._column + len(gone)
        self._lines += lines
        block = self._file.read(max(BLOCK, len(self._text) - self._at))
        self._ended = not block
        before = self._text[self._at :]
        self._at = 0
        try:
            self._text = before + self._decode.decode(block, final=self._ended)
        except UnicodeDecodeError as error:
            cut = error.reason == "unexpected end of data"
            self._text = before + error.object[: error.start].decode("utf-8-sig" if not self._lines else "utf-8")
            self._bad = "the export is cut off" if cut else "not UTF-8 text"
        return True

    def _mend(self) -> bool:
        """Mend the escapes of the window from here on; whether that changed anything."""
        keep = len(self._text) if self._ended else len(self._text) - LONGEST_ESCAPE

        def mend(match: re.Match[str]) -> str:
            return match[0] if match.end() > keep else mended_escape(match)

        mended = ESCAPE.sub(mend, self._text[self._at :])
        changed = mended != self._text[self._at :]
        self._text = self._text[: self._at] + mended
        return changed or self._more()

    def _fail(self, message: str, position: int) -> None:
        """Raise BrokenError: the text is no JSON from a position on, or ends too early."""
        rest = self._text[position:].strip()
        literal = any(word.startswith(rest) for word in ("true", "false", "null", "-"))
        # escapes have been mended, so one that is still invalid is the last thing in the file
        cut = self._ended and (literal or message.startswith(("Unterminated", "Invalid \\u")))
        self._broken("the export is cut off" if cut else f"not valid JSON ({message})", position)

    def _broken(self, what: str, position: int) -> None:
        """Raise BrokenError with the place and the last whole message."""
        before = self._text[:position]
        lines = before.count("\n")
        column = position - before.rfind("\n") if lines else self._column + position + 1
        last = self.last_message
        after = f" after message {last}" if last else ""
        hint = "export the chat again" if last or "cut off" in what else "choose the file result.json of an export"
        hint = f"nothing was imported; {hint}"
        raise BrokenError(Problem(what + after, self._shown, self._lines + lines + 1, column, hint), damaged=True)


class Found(dict[str, Any]):
    """What an export says of a chat besides its messages."""


def walk(path: Path, wanted: int | None = None) -> Iterator[tuple[Found, list[Any] | None]]:
    """The chats of an export with their messages, in pieces.

    Yields (chat, messages): a list of some messages of a chat, in the order of the file, then the chat once more with
    None when all that is said of it is known. ``wanted`` is the number of the one chat, in the order in which they
    begin, whose messages are of interest; None: no messages are given. Raises BrokenError.
    """
    shown = str(path)
    if path.is_dir():
        raise BrokenError(Problem("is a folder", shown, hint=f"name the file in it: {path.name}/result.json"))
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise BrokenError(Problem("there is no such file", shown)) from None
    except OSError as error:
        raise BrokenError(Problem(f"cannot be read: {error.strerror}", shown)) from None
    with file:
        try:
            pieces = JsonPieces(file, shown)
            _refuse_others(file, shown)
            if pieces.peek() != "{":
                pieces.skip()
                pieces.end()
                return
            yield from _Walk(pieces, wanted).chat(is_top=True)
            pieces.end()
        except OSError as error:
            raise BrokenError(Problem(f"cannot be read: {error.strerror}", shown)) from None


def _refuse_others(file: IO[bytes], shown: str) -> None:
    """Raise BrokenError for an empty file and for a page of HTML."""
    start = file.read(4096)
    text = start.decode("utf-8-sig", "replace").strip("\0 \t\r\n")
    while not text and (block := file.read(BLOCK)):
        text = block.decode("utf-8", "replace").strip("\0 \t\r\n")
    file.seek(0)
    if not text:
        raise BrokenError(Problem("the file is empty", shown, hint="export again"))
    if text.startswith("<"):
        raise BrokenError(
            Problem("is an export in HTML", shown, hint="export again, with the format Machine-readable JSON")
        )


class _Walk:
    """A walk over one file; counts the chats."""

    def __init__(self, pieces: JsonPieces, wanted: int | None) -> None:
        self._pieces = pieces
        self._wanted = wanted
        self._number = 0

    def chat(self, is_top: bool = False) -> Iterator[tuple[Found, list[Any] | None]]:
        """A chat's own values and messages; of the whole file also the chats within."""
        number, self._number = self._number, self._number + 1
        chat = Found()
        for key in self._pieces.keys():  # noqa: SIM118 - no dict
            first = self._pieces.peek()
            if key == "messages" and first == "[":
                chat["messages"] = True
                for batch in self._messages():
                    if number == self._wanted:
                        yield chat, batch
            elif is_top and key in LISTS and first == "{":
                yield from self._list()
            elif first in "{[" or key == "messages":
                self._pieces.skip()
            else:
                chat[key] = self._pieces.value()
        yield chat, None

    def _list(self) -> Iterator[tuple[Found, list[Any] | None]]:
        """The chats of an account."""
        for key in self._pieces.keys():  # noqa: SIM118 - no dict
            if key == "list" and self._pieces.peek() == "[":
                for _ in self._pieces.elements():
                    if self._pieces.peek() == "{":
                        yield from self.chat()
                    else:
                        self._pieces.skip()
            else:
                self._pieces.skip()

    def _messages(self) -> Iterator[list[Any]]:
        """The messages of an array, some at a time."""
        batch: list[Any] = []
        for _ in self._pieces.elements():
            message = self._pieces.value()
            batch.append(message)
            if isinstance(message, dict) and type(message.get("id")) is int:
                self._pieces.last_message = message["id"]
            if len(batch) == 1000:
                yield batch
                batch = []
        if batch:
            yield batch
