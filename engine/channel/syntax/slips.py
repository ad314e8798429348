"""Syntax errors explained: which slip of the writer's it was, where it begins, and how it is mended.

lark says only where it gave up. The slips people make are few, so the section is looked at again by hand: the braces
of a sample first, then the frame around it, then the form of the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_OPEN = re.compile(r"^[ \t]*<<<", re.MULTILINE)
_CLOSE = re.compile(r"^[ \t]*>>>[ \t]*$", re.MULTILINE)
_MARK = re.compile(r"\{[ \t]*[A-Za-z][A-Za-z _-]*[ \t]*(?::[ \t]*[^{}\s][^{}\n]*)?\}")
_EXAMPLES = {"channel": "Fast Scalps", "like": "library/labels", "signal": "one line", "test": "chat"}
_FRAME_HINT = "put <<< on the line before the message and >>> on the line after it"
_BRACE_HINT = "to write a real brace, double it: "


class Slip(NamedTuple):
    """One syntax error: half-open offsets into the section."""

    start: int
    end: int
    code: str
    message: str
    hint: str


def explain_slips(text: str, at: int, keyword: str) -> tuple[list[Slip], str | None]:
    """What is wrong in a section where parsing stopped at ``at``.

    The second value is the section with the faulty lines blanked, to be parsed again; None when nothing would be
    left to say.
    """
    opened = _OPEN.search(text)
    closed = _CLOSE.search(text, opened.end()) if opened else None
    slips: list[Slip] = []
    if keyword in ("signal", "update") and opened and closed:
        slips = list(brace_slips(text, opened.end(), closed.start()))
    elif keyword in ("never", "ignore"):
        slips = [s for line in re.finditer(r"[^\n]+", text) for s in brace_slips(text, line.start(), line.end())]
    if not slips and (frame := _frame_slip(text, keyword, opened, closed)):
        return [frame], None
    if not slips:
        slips = [_line_slip(text, at, keyword)]
    mended = text
    for slip in slips:
        mended = _blank(mended, slip.start)
    return slips, None if mended == text or not mended[: mended.find("\n")].strip() else mended


def brace_slips(text: str, start: int, end: int) -> Iterator[Slip]:
    """Every brace between two offsets that does not fit."""
    groups: list[int] = []
    at = start
    while at < end:
        two = text[at : at + 2]
        if two in ("{{", "}}") and not (groups and two == "}}"):
            at += 2
        elif text.startswith("{...}", at):
            at += 5
        elif two in ("{?", "{+"):
            groups.append(at)
            at += 2
        elif text[at] == "{":
            mark = _MARK.match(text, at, end)
            if not mark:
                inside = re.compile(r"\{[^{}\n]*(\}?)").match(text, at, end)
                if inside and inside[1]:
                    message, hint = "a mark needs a field name first", "write {entry: 64800}: field, colon, value"
                    yield Slip(at, inside.end(), "D102", message, hint)
                else:
                    yield Slip(at, at + 1, "D101", "this mark is not closed", _BRACE_HINT + "{{")
            at = mark.end() if mark else at + len(re.compile(r"\{[^{}\n]*\}?").match(text, at, end)[0])  # type: ignore[index]
        elif text[at] == "}":
            if groups:
                groups.pop()
            else:
                yield Slip(at, at + 1, "D103", "this } closes nothing", _BRACE_HINT + "}}")
            at += 1
        else:
            at += 1
    for group in groups:
        yield Slip(
            group, group + 2, "D109", "this group is not closed", f"end {text[group : group + 2]} ... }} with a }}"
        )


def _frame_slip(text: str, keyword: str, opened: re.Match[str] | None, closed: re.Match[str] | None) -> Slip | None:
    """What is wrong with the first line of a section, or with the lines around its sample."""
    first = re.match(r"[ \t]*([a-z]+)[ \t]*([^\n]*)", text)
    assert first is not None
    head = first[2].strip()
    if keyword in ("channel", "like", "signal", "test") and not re.match(r'"[^"\n]+"', head):
        what = head.split(",")[0].strip(' "') or _EXAMPLES[keyword]
        end = max(first.end(2), first.end(1) + 1)
        start = first.start(2) if head else first.start(1)
        return Slip(start, end, "D106", f"{keyword} needs a name in double quotes", f'for example: {keyword} "{what}"')
    if keyword == "update" and not re.match(r"[A-Za-z]", head):
        hint = "write update close, update cancel or update move-stop"
        return Slip(first.start(1), first.end(1), "D100", "update needs to say what it does", hint)
    if keyword not in ("signal", "update", "test"):
        return None
    body = re.compile(r"[^\s#][^\n]*").search(text, first.end())
    if not opened or (body and body.start() < opened.start()):
        if not opened or not _is_option_line(text, opened):
            start, end = (body.start(), body.end()) if body else (first.start(1), first.end(1))
            return Slip(start, end, "D104", "the pasted message must begin with <<<", _FRAME_HINT)
    elif not closed:
        start = text.index("<<<", opened.start())
        return Slip(start, start + 3, "D105", "the pasted message is not closed", "add a line with >>> after it")
    elif keyword == "test" and not re.compile(r"^[ \t]*expect\b", re.MULTILINE).search(text, closed.end()):
        hint = 'write "expect nothing", or "expect" and lines such as side: long'
        return Slip(first.start(1), first.end(2), "D107", "a test needs an expect part", hint)
    return None


def _is_option_line(text: str, opened: re.Match[str]) -> bool:
    """Whether ``<<<`` stands directly below the section's first line."""
    return text[: opened.start()].count("\n") <= 1


def _line_slip(text: str, at: int, keyword: str) -> Slip:
    """A line that does not have the form its section asks for."""
    at = min(at, len(text) - 1)
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    line = text[start : end if end >= 0 else len(text)]
    hint = {
        "channel": "settings have the form key: value",
        "like": "settings stand above this line, directly below the channel line",
        "defaults": "settings have the form key: value",
        "words": "words have the form name = word, word",
        "never": "each phrase begins with a dash: - closed at",
        "ignore": "each phrase begins with a dash: - join our VIP",
        "test": "expected values have the form key: value",
    }.get(keyword, "behind the name come options, each after a comma: , many")
    if keyword in ("signal", "update") and text.find(">>>", 0, start) >= 0:
        hint = f"behind >>> this {keyword} is over"
        hint += '; expect belongs to a test: test "name" <<< message >>> expect' if line.startswith("expect") else ""
    from_ = start + len(line) - len(line.lstrip())
    if keyword in ("signal", "update") or start == 0:
        from_ = at
    shown = text[from_ : start + len(line)].strip().split("  ")[0][:40]
    what = f'did not understand "{shown}"' if shown else "something is missing here"
    return Slip(from_, max(start + len(line.rstrip()), from_ + 1), "D100", what, hint)


def _blank(text: str, at: int) -> str:
    """The text with the line at an offset turned into blanks (offsets stay)."""
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return text[:start] + " " * (end - start) + text[end:]
