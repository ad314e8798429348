"""From text to syntax tree, and on through every syntax error of the file.

1. The whole file is parsed at once (``channel.lark``, LALR with the contextual lexer). Nearly always that is all.
2. When it does not parse, the file is cut into its sections and each is parsed alone: the error is explained
   (``slips.py``), its line is blanked and the section parsed again, until it parses or cannot be mended so.

What could be parsed stands in the tree, so that the later checks speak about it in the same run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from lark import Lark, Token, Tree, UnexpectedInput, UnexpectedToken

from engine.channel.syntax import tree as t
from engine.channel.syntax.slips import explain_slips
from engine.channel.text.names import SECTIONS
from engine.config.diagnostics import Diagnostic, diagnose, did_you_mean
from engine.config.text import SourceText, Span

_PARSER = Lark(
    Path(__file__).with_name("channel.lark").read_text(encoding="utf-8"),
    parser="lalr",
    lexer="contextual",
    start=["start", "header", "section"],
    maybe_placeholders=True,
)
_MOST_MENDED_LINES = 50
_HEADER = re.compile(rf"[ \t]*({'|'.join(SECTIONS)})\b(?![ \t]*[:=])")
_MISSPELT = re.compile(r'[ \t]*([A-Za-z]+)(?=[ \t]*$|[ \t]+"|[ \t]+[a-z-]+[ \t]*$)')


def parse(source: SourceText) -> tuple[t.File, list[Diagnostic]]:
    """The tree of a profile, and its syntax errors in the order of the file. Never raises for a user's mistake."""
    text = source.text.replace("\r", " ") + "\n"
    file = t.File()
    try:
        _fill(file, _PARSER.parse(text, start="start"), 0)
    except UnexpectedInput:
        return _parse_sections(source, text)
    return file, []


def _parse_sections(source: SourceText, text: str) -> tuple[t.File, list[Diagnostic]]:
    """The slow way through a file with syntax errors."""
    file = t.File()
    found: list[Diagnostic] = []
    for index, (start, stop, keyword) in enumerate(sections(text)):
        if index == 0 and keyword != "channel":
            found.append(_no_channel(source, text, start, stop))
        if keyword == "channel" and index > 0:
            span = Span(start, start + len("channel"))
            found.append(diagnose(source, span, "D110", "a profile has one channel line", "delete this one"))
        elif keyword not in SECTIONS and keyword:
            at = text.index(keyword, start)
            message = f'there is no section "{keyword}"'
            found.append(
                diagnose(source, Span(at, at + len(keyword)), "D110", message, did_you_mean(keyword.lower(), SECTIONS))
            )
        elif keyword:
            found += _parse_section(file, source, text[start:stop], start, keyword)
    return file, found


def _parse_section(file: t.File, source: SourceText, text: str, start: int, keyword: str) -> list[Diagnostic]:
    """Parse one section into the file, line by line mended where that helps."""
    found: list[Diagnostic] = []
    for _ in range(_MOST_MENDED_LINES):
        try:
            parsed = _PARSER.parse(text, start="header" if keyword == "channel" else "section")
        except UnexpectedInput as error:
            slips, mended = explain_slips(text, _offset(error, text), keyword)
            found += [
                diagnose(source, Span(start + slip.start, start + slip.end), slip.code, slip.message, slip.hint)
                for slip in slips
            ]
            if mended is None:
                break
            text = mended
        else:
            _fill(file, parsed, start, mended=bool(found))
            break
    return found


def _offset(error: UnexpectedInput, text: str) -> int:
    """Where in the text lark gave up."""
    if isinstance(error, UnexpectedToken):
        return len(text) - 1 if error.token.type == "$END" else int(error.token.start_pos or 0)
    return int(error.pos_in_stream or 0)


def _no_channel(source: SourceText, text: str, start: int, stop: int) -> Diagnostic:
    """The finding for a profile that does not begin with its channel line."""
    line = re.search(r"[^\s#][^\n]*", text[start:stop])
    at = start + line.start() if line else 0
    hint = 'for example: channel "Fast Scalps"'
    return diagnose(source, Span(at, at + 1), "D108", "a profile begins with its channel line", hint)


def sections(text: str) -> Iterator[tuple[int, int, str]]:
    """Cut a file at its section lines: (start, stop, keyword), keyword "" for what stands before the first.

    A sample that is not closed ends before the next section line, if no ``>>>`` comes before the next ``<<<``.
    """
    cuts: list[tuple[int, str]] = []
    in_sample = False
    at = 0
    for line in text.splitlines(keepends=True):
        stripped = line.strip()
        header = _HEADER.match(line)
        if in_sample and (stripped == ">>>" or (header and _unclosed(text, at))):
            in_sample = False
        if not in_sample:
            if stripped.startswith("<<<"):
                in_sample = True
            elif header:
                cuts.append((at, header[1]))
            elif (word := _MISSPELT.match(line)) and word[1] != "expect" and did_you_mean(word[1].lower(), SECTIONS):
                cuts.append((at, word[1]))
        at += len(line)
    stops = [*(start for start, _ in cuts), len(text)]
    if not cuts or re.sub(r"(?m)^[ \t]*#.*$", "", text[: stops[0]]).strip():
        yield 0, stops[0], ""
    for index, (start, keyword) in enumerate(cuts):
        yield start, stops[index + 1], keyword


def _unclosed(text: str, at: int) -> bool:
    """Whether the sample around ``at`` has no end of its own."""
    mark = re.compile(r"^[ \t]*(<<<|>>>)[ \t]*$", re.MULTILINE).search(text, at)
    return mark is None or mark[1] == "<<<"


# ------------------------------------------------------------------ lark's tree to ours


def _fill(file: t.File, parsed: Any, base: int, mended: bool = False) -> None:
    """Add what lark parsed to the file; ``base`` is where the parsed text begins."""
    nodes = parsed.children if parsed.data == "start" else [parsed]
    for node in nodes:
        kids = node.children
        match node.data:
            case "header":
                file.name, file.name_span = _quoted(kids[0], base)
                file.settings += [_setting(kid, base) for kid in kids[1:]]
            case "like":
                file.likes.append(t.Like(*_quoted(kids[0], base)))
            case "defaults":
                file.defaults += [_setting(kid, base) for kid in kids]
            case "words":
                file.words += [_group(kid, base) for kid in kids]
            case "update_words":
                file.update_words += [_group(kid, base) for kid in kids]
            case "never":
                file.never += [_phrase(kid, base) for kid in kids]
            case "never_signal":
                file.never += [replace(_phrase(kid, base), only="signal") for kid in kids]
            case "never_update":
                file.never += [replace(_phrase(kid, base), only="update") for kid in kids]
            case "ignore":
                file.ignore += [_phrase(kid, base) for kid in kids]
            case "form":
                name, span = _quoted(kids[0], base)
                file.forms.append(t.FormNode(name, span, tuple(_group(kid, base) for kid in kids[1:])))
            case "signal" | "update":
                file.layouts.append(replace(_layout(node, base), mended=mended))
            case "test":
                file.tests.append(_case(kids, base))


def _span(token: Token, base: int) -> Span:
    """A token's span in the file, blanks around it left out."""
    start = base + int(token.start_pos or 0) + len(token) - len(token.lstrip())
    return Span(start, start + len(token.strip()))


def _quoted(token: Token, base: int) -> tuple[str, Span]:
    """A name without its quotes, and the span with them."""
    return token[1:-1].strip(), _span(token, base)


def _setting(node: Any, base: int) -> t.Setting:
    key, value = node.children
    return t.Setting(" ".join(key.lower().split()), _span(key, base), " ".join(value.split()), _span(value, base))


def _group(node: Any, base: int) -> t.WordGroup:
    name, value = node.children
    start = base + int(value.start_pos or 0)
    words = []
    for match in re.finditer(r"[^,]+", value):
        word = match[0].strip()
        if word:
            at = start + match.start() + len(match[0]) - len(match[0].lstrip())
            words.append(t.Word(word, Span(at, at + len(word))))
    kind, _, rest = " ".join(name.split()).partition(" ")
    key = f"{kind.lower()} {rest.upper()}" if kind.lower() == "symbol" and rest else f"{kind} {rest}".strip().lower()
    return t.WordGroup(key, _span(name, base), tuple(words))


def _phrase(node: Any, base: int) -> t.Phrase:
    pieces = _pieces([kid for kid in node.children if not isinstance(kid, Token) or kid.type != "EOL"], base)
    start, end = pieces[0].span.start, pieces[-1].span.end
    if isinstance(pieces[0], t.Text):
        start += len(pieces[0].text) - len(pieces[0].text.lstrip())
    return t.Phrase(pieces, Span(start, end))


def _pieces(nodes: list[Any], base: int) -> tuple[t.Piece, ...]:
    """The pieces of a template or a phrase."""
    found: list[t.Piece] = []
    for node in nodes:
        if isinstance(node, Token):
            span = Span(base + int(node.start_pos or 0), base + int(node.end_pos or 0))
            if node.type == "EOL":
                found.append(t.Break(span))
            elif node.type == "SKIP":
                found.append(t.Skip(span))
            else:
                found.append(t.Text(node[0] if node.type == "BRACE" else str(node), span))
        elif node.data == "mark":
            name, sample = node.children
            name_span = _span(name, base)
            sample_span = _span(sample, base) if sample is not None else Span(name_span.end, name_span.end)
            value = sample.strip() if sample is not None else ""
            field = " ".join(name.split())
            found.append(t.Mark(field, name_span, value, sample_span, Span(name_span.start - 1, sample_span.end + 1)))
        else:
            inner = _pieces(node.children, base)
            span = Span(inner[0].span.start, inner[-1].span.end) if inner else Span(base, base)
            found.append(t.Group(node.data, inner, span))
    return tuple(found)


def _layout(node: Any, base: int) -> t.LayoutNode:
    head: list[Any] = [kid for kid in node.children if kid is not None]
    template = head.pop()
    action, action_span, name, name_span = "", t.NOWHERE, "", t.NOWHERE
    options: list[t.Option] = []
    for kid in head:
        if isinstance(kid, Tree):
            option: Any = kid.children[0]
            options.append(t.Option(" ".join(option.split()), _span(option, base)))
        elif kid.type == "ACTION":
            span = _span(kid, base)
            action = f"{action} and {kid.lower()}" if action else str(kid).lower()
            action_span = Span(action_span.start, span.end) if action_span is not t.NOWHERE else span
            name, name_span = action, action_span
        else:
            name, name_span = _quoted(kid, base)
    return t.LayoutNode(action, action_span, name, name_span, tuple(options), _pieces(template.children, base))


def _case(kids: list[Any], base: int) -> t.Case:
    name, raw, *rest = kids
    label, span = _quoted(name, base)
    message = "".join(raw.children).removeprefix("\n")
    first = next((kid for kid in raw.children if kid.type == "RAW"), None)
    start = base + int(first.start_pos or 0) if first is not None else span.end
    start -= len(message) - len(message.lstrip("\n"))
    expected = tuple(tuple(_setting(line, base) for line in block.children) for block in rest if block.data == "expect")
    return t.Case(label, span, message, start, expected)
