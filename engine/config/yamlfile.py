"""YAML with positions: plain data, the span of every key and value, and diagnostics instead of exceptions.

Scalars follow the core schema of YAML 1.2 (yaml.org/spec/1.2.2, section 10.3.2), because plain PyYAML reads YAML 1.1:
there ``12:30`` is 750, ``no`` is false, ``1e3`` is text and ``2025-01-01`` a date. Here they are text, text, a number
and text. Keys are always text. Repeated keys, tags, a second document, numbers that are not finite, and files that
are too large, too deep or grow too much through aliases are refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from engine.config.diagnostics import Diagnostic, diagnose, related
from engine.config.text import SourceText, Span

Path = tuple[str | int, ...]
"""Where a value stands in the data: keys and list indexes from the root, such as ``("exit", "targets", 0)``."""

LARGEST_CHARACTERS = 1_000_000
DEEPEST = 30
MOST_VALUES = 50_000

# What PyYAML says, and what a person needs to hear: (part of its message, message, hint).
_BROKEN = (
    ("found character '\\t'", "a tab stands where YAML allows only spaces", "indent with spaces"),
    ("mapping values are not allowed", 'a ":" that does not belong here', 'quote text that holds ": "; one key a line'),
    ("could not find expected ':'", 'this line has no ":" after its key', "write key: value"),
    ("expected <block end>", "the indentation does not fit the lines above", "align it with its neighbours"),
    ("did not find expected key", "the indentation does not fit the lines above", "align it with its neighbours"),
    ("expected ',' or ']'", 'a list that is not closed: expected "," or "]"', "write [a, b]"),
    ("expected ',' or '}'", 'a block that is not closed: expected "," or "}"', "write {a: 1, b: 2}"),
    ("found unknown escape character", "an unknown escape after \\ in quotes", "use single quotes, or double the \\"),
    ("quoted scalar", "a quoted text that is not closed", "put the same quote at its end"),
    ("found undefined alias", "*name stands here, but no &name before it", 'quote text that starts with "*"'),
    ("while scanning an alias", "a name is expected after *", 'quote text that starts with "*"'),
    ("while scanning an anchor", "a name is expected after &", 'quote text that starts with "&"'),
    ("cannot start any token", "a value cannot start with this character", "put the text in quotes"),
    ("sequence entries are not allowed", 'a list item ("- ") cannot stand here', "put it on a line of its own"),
    ("expected '<document start>'", "text after the end of the data (...)", "delete the line ..."),
    ("while scanning a block scalar", "text stands behind | or >", "start the text on the next line, indented"),
    ("special characters are not allowed", "a control character stands here", "delete it"),
)
_AT_ITS_START = ("not closed", 'has no ":"')  # these are shown where the thing begins, not where it was missed


class _RefusedError(Exception):
    """Reading cannot go on; carries the one diagnostic that says why."""

    def __init__(self, start: int, end: int, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.span = Span(start, end)
        self.code, self.message, self.hint = code, message, hint


class _Loader(yaml.SafeLoader):
    """Composes nodes with YAML 1.2 core scalars, a limit of depth, and without tags."""

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """One node; refuses tags and too much depth before PyYAML descends."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        start, end = event.start_mark.index, event.end_mark.index
        if getattr(event, "tag", None):
            raise _RefusedError(start, end, "Y004", "tags (!...) are not supported", "delete the tag")
        if self._depth > DEEPEST:
            raise _too_deep(Span(start, end))
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


_Loader.yaml_implicit_resolvers = {}
for _tag, _form, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_form})\Z"), _first)


@dataclass(frozen=True)
class YamlFile:
    """A file's data, with the spans of its values and keys by path. ``data`` is None when it could not be read."""

    source: SourceText
    data: Any = None
    values: dict[Path, Span] = field(default_factory=dict)
    keys: dict[Path, Span] = field(default_factory=dict)

    def span(self, path: Path) -> Span:
        """The value at a path; its key when the value is empty or a block, the nearest parent when it is absent."""
        while path and path not in self.values:
            path = path[:-1]
        value = self.values.get(path, Span(0, 0))
        line = self.source.place(value.start).line
        if path in self.keys and (value.start == value.end or line != self.source.place(self.keys[path].start).line):
            return self.keys[path]
        return value

    def key_span(self, path: Path) -> Span:
        """The key at a path (the value for a list item)."""
        return self.keys.get(path) or self.span(path)


def load_yaml(source: SourceText) -> tuple[YamlFile, list[Diagnostic]]:
    """Read a YAML file. Never raises: what cannot be read is a diagnostic, and ``data`` is then None.

    After a repeated key the first value counts, so that the rest of the file can still be checked.
    """
    try:
        if len(source.text) > LARGEST_CHARACTERS:
            message = f"the file is larger than {LARGEST_CHARACTERS:,} characters"
            raise _RefusedError(0, 1, "Y003", message, "split it, or check that it is the right file")
        loader = _Loader(source.text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
        walk = _Walk(source)
        data = walk.value(node, ()) if node else None
        if data is None:
            raise _RefusedError(
                0, 1, "Y005", "the file is empty", "see the examples in docs/strategy.md and docs/rules.md"
            )
        return YamlFile(source, data, walk.values, walk.keys), walk.found
    except _RefusedError as refused:
        return YamlFile(source), [diagnose(source, refused.span, refused.code, refused.message, refused.hint)]
    except yaml.YAMLError as error:
        return YamlFile(source), [_broken(source, error)]


class _Walk:
    """Turns composed nodes into plain data and notes the spans."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.values: dict[Path, Span] = {}
        self.keys: dict[Path, Span] = {}
        self.found: list[Diagnostic] = []
        self.within: set[int] = set()  # the nodes that the present one lies in

    def value(self, node: yaml.Node, path: Path) -> Any:
        """The data of a node. An alias is walked like a copy, so copies count towards the limits."""
        span = _span(node)
        if id(node) in self.within:
            raise _RefusedError(*span, "Y003", "an alias (*name) stands inside its own anchor", "write the value out")
        if len(path) > DEEPEST:
            raise _too_deep(span)
        if len(self.values) >= MOST_VALUES:
            message = f"more than {MOST_VALUES:,} values, aliases (*name) counted as often as they stand"
            raise _RefusedError(*span, "Y003", message, "write the values out instead of nesting aliases")
        self.values[path] = span
        if isinstance(node, yaml.CollectionNode):
            self.within.add(id(node))
            block = isinstance(node, yaml.MappingNode)
            data = self._mapping(node, path) if block else self._list(node, path)
            self.within.remove(id(node))
            return data
        kind = node.tag.rpartition(":")[2]
        return _SCALARS[kind](node.value, span) if kind in _SCALARS else node.value

    def _list(self, node: yaml.CollectionNode, path: Path) -> list[Any]:
        """The items of a list."""
        return [self.value(item, (*path, i)) for i, item in enumerate(node.value)]

    def _mapping(self, node: yaml.CollectionNode, path: Path) -> dict[str, Any]:
        """A block of keys; a repeated key is a finding that names both places."""
        result: dict[str, Any] = {}
        for key, value in node.value:
            span = _span(key)
            if not isinstance(key, yaml.ScalarNode):
                raise _RefusedError(*span, "Y004", "a key must be plain text", "write key: value")
            if key.value == "<<" and key.style is None:
                message, hint = (
                    "merge keys (<<) are not supported",
                    "write the keys out; *name may stand for a whole value",
                )
                self.found.append(diagnose(self.source, span, "Y004", message, hint))
                continue
            at = (*path, key.value)
            if key.value in result:
                first = related(self.source, self.keys[at], "first set here")
                message, hint = f'"{key.value}" is set twice', f"delete one of them; first set at line {first.line}"
                self.found.append(diagnose(self.source, span, "Y002", message, hint, related=(first,)))
                continue
            self.keys[at] = span
            result[key.value] = self.value(value, at)
        return result


def _integer(text: str, span: Span) -> int:
    """A whole number: decimal, 0o17 or 0xff."""
    if len(text) > 40:
        raise _RefusedError(*span, "Y006", "a number with more than 40 digits", "put it in quotes if it is text")
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    return int(text[2:] if base != 10 else text, base)


def _number(text: str, span: Span) -> float:
    """A finite number."""
    number = math.inf if text.lstrip("+-").lower() in (".inf", ".nan") else float(text)
    if not math.isfinite(number):
        raise _RefusedError(*span, "Y006", f"{text} is not a finite number", "put it in quotes if it is text")
    return number


_SCALARS: dict[str, Callable[[str, Span], Any]] = {
    "null": lambda _text, _span: None,
    "bool": lambda text, _span: text.lower() == "true",
    "int": _integer,
    "float": _number,
}


def _span(node: yaml.Node) -> Span:
    """Where a node stands."""
    return Span(node.start_mark.index, node.end_mark.index)


def _too_deep(span: Span) -> _RefusedError:
    """Nesting without an end in sight."""
    return _RefusedError(*span, "Y003", f"nested deeper than {DEEPEST} levels", "no key of SignalProof lies that deep")


def _broken(source: SourceText, error: yaml.YAMLError) -> Diagnostic:
    """One clear diagnostic for a file that is not YAML."""
    said = " ".join(str(error).split())
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        at = mark.index if mark else 0
        said = f"{error.context or ''} {error.problem or ''}"
        if "expected a single document" in said:
            hint = 'delete the line "---" and what follows, or move it to a file of its own'
            return diagnose(source, Span(at, at), "Y004", "a second document starts here", hint)
    else:
        at = getattr(error, "position", 0)
    for part, message, hint in _BROKEN:
        if part in said:
            opened = getattr(error, "context_mark", None)
            if opened and any(words in message for words in _AT_ITS_START):
                at = opened.index
            return diagnose(source, Span(at, at), "Y001", f"not YAML: {message}", hint)
    return diagnose(source, Span(at, at), "Y001", f"not YAML: {said.strip()}", "compare with the examples in docs/")
