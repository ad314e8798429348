r"""The file of an export: the JSON in it, or one line that says what is wrong with it, where, and what to do.

Telegram Desktop writes control characters as ``\x1F``, which no JSON has; such escapes are taken out. A file that is
broken or cut off gives nothing at all, so that no half history is taken for a whole one.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from engine.problem import Problem

LARGEST_FILE_BYTES = 500_000_000
LOOK_BACK_CHARS = 300_000
ESCAPE = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|.)", re.DOTALL)
MESSAGE_START = re.compile(r'\{\s*"id":\s*([0-9]+)\s*,\s*"type":\s*"')


def load_json(path: Path) -> Any:
    """The JSON of the file, or a Problem."""
    shown = str(path)
    if path.is_dir():
        return Problem("is a folder", shown, hint=f"name the file in it: {path.name}/result.json")
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE_BYTES:
            hint = "export the chat alone, without media, or a part of its days at a time"
            return Problem(f"{size / 1e6:,.0f} MB are more than {LARGEST_FILE_BYTES / 1e6:,.0f}", shown, hint=hint)
        data = path.read_bytes()
    except FileNotFoundError:
        return Problem("there is no such file", shown)
    except OSError as error:
        return Problem(f"cannot be read: {error.strerror}", shown)
    return _parse(data, shown)


def _parse(data: bytes, shown: str) -> Any:
    """The JSON of a file's bytes, or a Problem."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        cut = error.reason == "unexpected end of data"
        before = error.object[: error.start].decode()
        return _broken(before, len(before), "the export is cut off" if cut else "not UTF-8 text", shown)
    if not text.strip("\0 \t\r\n"):
        return Problem("the file is empty", shown, hint="export again")
    if text.lstrip().startswith("<"):
        return Problem("is an export in HTML", shown, hint="export again, with the format Machine-readable JSON")
    try:
        try:
            return json.loads(text, strict=False)
        except json.JSONDecodeError as error:
            if "escape" not in error.msg:
                raise
            text = ESCAPE.sub(_mend_escape, text)
            return json.loads(text, strict=False)
    except json.JSONDecodeError as error:
        return _broken(text, error.pos, _what_is_wrong(text, error), shown)
    except (RecursionError, ValueError):  # nested without end, or a number of thousands of digits
        return Problem("not an export of Telegram Desktop", shown, hint="choose the file result.json")


def _mend_escape(match: re.Match[str]) -> str:
    """An escape that JSON has stays; a control character goes; of any other the backslash goes."""
    escape = match[0]
    if len(escape) == len(r"\x1F"):
        return ""
    return escape if len(escape) == len(r"\u001F") or escape[1] in '"\\/bfnrt' else escape[1:]


def _what_is_wrong(text: str, error: json.JSONDecodeError) -> str:
    """Whether the file ends too early or is broken before its end."""
    rest = text[error.pos :].strip()
    literal = any(word.startswith(rest) for word in ("true", "false", "null", "-"))
    # escapes have been mended, so one that is still invalid is the last thing in the file
    cut = literal or error.msg.startswith(("Unterminated", "Invalid \\u"))
    return "the export is cut off" if cut else f"not valid JSON ({error.msg})"


def _broken(text: str, position: int, what: str, shown: str) -> Problem:
    """The Problem of a file that is broken at a position, naming the last whole message before it."""
    line, column = text.count("\n", 0, position) + 1, position - (text.rfind("\n", 0, position) + 1) + 1
    last = _last_whole_message(text, position)
    after = f" after message {last}" if last else ""
    hint = "export the chat again" if last or "cut off" in what else "choose the file result.json of an export"
    return Problem(what + after, shown, line, column, f"nothing was imported; {hint}")


def _last_whole_message(text: str, position: int) -> str | None:
    """The id of the last message that ends before a position, looked for in the text just before it."""
    before = text[max(0, position - LOOK_BACK_CHARS) : position]
    for start in list(MESSAGE_START.finditer(before))[-1:-4:-1]:  # the last may be torn, few can be nested in it
        try:
            json.JSONDecoder(strict=False).raw_decode(before, start.start())
        except (ValueError, RecursionError):
            continue
        return start[1]
    return None
