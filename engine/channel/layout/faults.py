"""What is wrong with a layout before it is compiled: marks, samples, and fields that it lacks or cannot have."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.channel.layout.template import holds_break
from engine.channel.profile import Settings
from engine.channel.syntax import tree as t
from engine.channel.text.fields import Fields
from engine.channel.text.fold import fold
from engine.channel.text.names import (
    ABOUT,
    CALL_FIELDS,
    FIELD_ALIASES,
    FIELDS,
    NEEDED,
    ONE_VALUE,
    PRICE_FIELDS,
    UPDATES,
)
from engine.config.diagnostics import Diagnostic, diagnose, did_you_mean, related
from engine.config.text import SourceText


def mark_faults(
    pieces: Sequence[t.Piece], fields: Fields, source: SourceText, in_phrase: bool = False
) -> list[Diagnostic]:
    """Findings for marks whose field is unknown or whose sample is not one of that field."""
    found: list[Diagnostic] = []
    for mark in t.marks(tuple(pieces)):
        if mark.field not in FIELDS:
            found.append(_unknown_field(mark, source))
        elif not mark.sample:
            if not in_phrase:
                message = f"this mark holds no {mark.field}"
                hint = f"write the value from the message into it: {{{mark.field}: ...}}"
                found.append(diagnose(source, mark.span, "D102", message, hint))
        elif fault := _sample_fault(mark, fields):
            code, message, hint = fault
            found.append(diagnose(source, mark.sample_span, code, message, hint))
    return found


def _unknown_field(mark: t.Mark, source: SourceText) -> Diagnostic:
    word = mark.field.lower()
    if mark.sample and word in FIELD_ALIASES:
        close = f'did you mean "{FIELD_ALIASES[word]}"?'
    else:
        close = did_you_mean(word, FIELDS)
    if not mark.sample and not close:
        message = "a mark needs a field name first"
        return diagnose(source, mark.field_span, "D102", message, f"for example {{side: {mark.field}}}")
    hint = close or "fields: " + ", ".join(FIELDS)
    return diagnose(source, mark.field_span, "D205", f'unknown field "{mark.field}"', hint)


def _sample_fault(mark: t.Mark, fields: Fields) -> tuple[str, str, str] | None:
    """(code, message, hint) when a mark's sample cannot be read as its field."""
    folded = fold(mark.sample).text.strip()
    match = re.fullmatch(fields.pattern(mark.field, folded), folded)
    if match is None or match[1] != folded:
        hint = {
            "side": f"add it under words: long = {mark.sample} (or short = ...)",
            "target": "a price; a word for an open target belongs under words: open target = ...",
            "stop": "a price, 5%, 600 points, or (in an update) breakeven",
            "entry": "a price, a range such as 3450 - 3480, or a word for market",
        }.get(mark.field, FIELDS[mark.field])
        return "D206", f'"{mark.sample}" cannot be read as {mark.field}', hint
    if mark.field in PRICE_FIELDS and None in fields.numbers(folded):
        if not fields.notation.declared:
            hint = "add a line below the channel line, for example numbers: 1,234.56"
            return "D213", f'which number is "{mark.sample}"? The profile does not say how numbers are written', hint
        return "D213", f'"{mark.sample}" is no number written like {fields.notation.name}', "correct it, or numbers:"
    return None


def shape_faults(node: t.LayoutNode, source: SourceText) -> list[Diagnostic]:
    """Findings for ``{...}`` and groups in places where they mean nothing."""
    found: list[Diagnostic] = []

    def look(pieces: Sequence[t.Piece]) -> None:
        line: list[t.Piece] = []
        for index, piece in enumerate(pieces):
            line = [] if isinstance(piece, t.Break) else [*line, piece]
            if isinstance(piece, t.Group):
                before = [other for other in line[:-1] if not _is_blank(other)]
                if before and isinstance(before[-1], t.Skip):
                    message, hint = "{...} has to know where it ends", "put a word or a mark behind it"
                    found.append(diagnose(source, before[-1].span, "D212", message, hint))
                rest = pieces[index + 1 : index + 2]
                beside = [p for p in (*before, *rest) if not _is_blank(p)]
                if holds_break(piece) and beside:
                    message = "a group of several lines shares its first or last line with other text"
                    found.append(diagnose(source, piece.span, "D212", message, "begin it on a line of its own"))
                look(piece.pieces)

    look(node.pieces)
    calls = False
    for piece in node.pieces:
        if calls and (below := next((mark for mark in t.marks((piece,)) if mark.field != "any"), None)):
            message = f"this {below.field} stands below several calls and belongs to none of them"
            found.append(diagnose(source, below.span, "D212", message, "what calls share stands above them"))
        calls = calls or _holds_calls(piece)
    return found


def _holds_calls(piece: t.Piece) -> bool:
    """Whether a piece is a repeated group of lines that are a call each time."""
    return (
        isinstance(piece, t.Group)
        and piece.kind == "many"
        and holds_break(piece)
        and any(mark.field in CALL_FIELDS for mark in t.marks(piece.pieces))
    )


def _is_blank(piece: t.Piece) -> bool:
    return isinstance(piece, t.Break) or (isinstance(piece, t.Text) and not piece.text.strip())


def signal_faults(node: t.LayoutNode, settings: Settings, source: SourceText) -> list[Diagnostic]:
    """Findings for a signal that lacks what every call has."""
    fields = {mark.field for mark in t.marks(node.pieces)}
    found: list[Diagnostic] = []
    lacking = []
    if "symbol" not in fields:
        lacking.append(("symbol", "mark it: {symbol: BTCUSDT}"))
    breakout = fields & {"entry above", "entry below"}
    if "side" not in fields and settings.side is None and not breakout:
        lacking.append(("side", "mark it: {side: BUY}, or write under defaults: side: from levels"))
    if not (breakout or fields & {"entry", "entry market"}) and not settings.market_entry:
        lacking.append(("entry", "mark it: {entry: 64800}, or write under defaults: entry: market"))
    for field, hint in lacking:
        found.append(diagnose(source, node.name_span, "D207", f'layout "{node.name}" marks no {field}', hint))
    if "stop" not in fields:
        message = f'layout "{node.name}" marks no stop'
        hint = "calls without a stop have no known risk: they count for no verdict, and most strategies refuse them"
        found.append(diagnose(source, node.name_span, "D502", message, hint, "warning"))
    return found


def twice_faults(node: t.LayoutNode, source: SourceText) -> list[Diagnostic]:
    """Findings for a field of which a call or an update has one, marked with two different values."""
    found: list[Diagnostic] = []
    first: dict[str, t.Mark] = {}
    for mark in t.marks(node.pieces):
        if mark.field in ONE_VALUE and first.setdefault(mark.field, mark).sample != mark.sample:
            message = f"{mark.field} is marked twice, with two values"
            also = (related(source, first[mark.field].span, "marked here first"),)
            hint = "mark the one that counts, the other one {any: ...}"
            found.append(diagnose(source, mark.span, "D218", message, hint, related=also))
    return found


def update_faults(node: t.LayoutNode, source: SourceText) -> list[Diagnostic]:
    """Findings for an update with fields that it cannot have, or without what it needs."""
    found: list[Diagnostic] = []
    marks = list(t.marks(node.pieces))
    kinds = node.action.split(" and ")
    if any(kind not in UPDATES for kind in kinds):
        return found
    allowed = ABOUT.union(*(UPDATES[kind] for kind in kinds))
    for mark in marks:
        if mark.field not in FIELDS:
            continue
        if mark.field not in allowed:
            message = f"update {node.action} has no {mark.field}"
            hint = "it may mark: " + ", ".join(sorted(allowed))
            found.append(diagnose(source, mark.field_span, "D212", message, hint))
        elif len(claiming := [kind for kind in kinds if mark.field in UPDATES[kind]]) > 1:
            message = f"this {mark.field} may belong to {claiming[0]} or to {claiming[1]}"
            found.append(diagnose(source, mark.field_span, "D212", message, "write two updates, each with its phrases"))
        if mark.field == "stop" and "move-stop" in kinds and "%" in mark.sample:
            message = "a stop can be moved to a price or to breakeven"
            found.append(diagnose(source, mark.sample_span, "D206", message, "mark a price or a word for breakeven"))
    for kind in kinds:
        needed, hint = NEEDED.get(kind, (frozenset(), ""))
        if needed and not any(mark.field in needed for mark in marks):
            what = {"move-stop": "where to", "change": "what changes"}.get(kind, "which targets")
            found.append(diagnose(source, node.name_span, "D207", f"{kind} does not say {what}", hint))
    if not marks and not any(re.search(r"\w", text.text) for text in t.texts(node.pieces)):
        message = f'update "{node.name}" holds no word to know it by'
        found.append(diagnose(source, node.name_span, "D207", message, "paste the message between <<< and >>>"))
    return found


def phrase_faults(node: t.LayoutNode, source: SourceText) -> list[Diagnostic]:
    """Findings for what a phrase cannot hold: a group of lines, ``{...}``, or nothing that has to be there."""
    found: list[Diagnostic] = []
    line: list[t.Piece] = []

    def skips(pieces: Sequence[t.Piece]) -> list[t.Skip]:
        inner = [skip for piece in pieces if isinstance(piece, t.Group) for skip in skips(piece.pieces)]
        return [*(piece for piece in pieces if isinstance(piece, t.Skip)), *inner]

    for piece in (*node.pieces, t.Break(t.NOWHERE)):
        if isinstance(piece, t.Group) and holds_break(piece):
            found.append(diagnose(source, piece.span, "D212", "a phrase is one line", "end the group on its line"))
        if not isinstance(piece, t.Break):
            line.append(piece)
            continue
        firm = [p for p in line if (isinstance(p, t.Text) and re.search(r"\w", p.text)) or isinstance(p, t.Mark)]
        if line and not _all_blank(line) and not firm:
            span = next(p.span for p in line if not _is_blank(p))
            found.append(diagnose(source, span, "D212", "a phrase needs a word that is always there", "take out {? }"))
        line = []
    found += [
        diagnose(source, skip.span, "D212", "a phrase is read word by word", "mark what varies {any: ...}")
        for skip in skips(node.pieces)
    ]
    return found


def _all_blank(pieces: Sequence[t.Piece]) -> bool:
    return all(map(_is_blank, pieces))
