"""From the tree of a layout to the layout, with a finding for all that does not fit (``faults.py``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.channel.layout.faults import (
    mark_faults,
    phrase_faults,
    shape_faults,
    signal_faults,
    twice_faults,
    update_faults,
)
from engine.channel.layout.layout import Layout
from engine.channel.layout.template import build
from engine.channel.profile import Settings
from engine.channel.syntax import tree as t
from engine.channel.text.fields import Fields
from engine.channel.text.names import (
    OPTIONS,
    UPDATES,
)
from engine.config.diagnostics import Diagnostic, diagnose, did_you_mean, related
from engine.config.text import SourceText, Span
from engine.domain import REPORTS
from engine.units import DAY_MS, moment_ms


@dataclass(frozen=True, slots=True)
class _Options:
    many: bool = False
    any_order: bool = False
    phrases: bool = False
    every: bool = False
    part: bool = False
    talk: bool = False
    alone: bool = False
    changes: bool = False
    since_ms: int | None = None
    until_ms: int | None = None


def taken_layouts(
    nodes: Sequence[t.LayoutNode], fields: Fields, update_fields: Fields, source: SourceText
) -> list[Layout]:
    """The layouts of other profiles, which were checked there, with the words and numbers of this one."""
    return [_layout(node, update_fields if node.action else fields, _options(node, source)[0]) for node in nodes]


def compile_layouts(
    file: t.File, fields: Fields, update_fields: Fields, settings: Settings, source: SourceText
) -> tuple[list[Layout], list[Diagnostic]]:
    """Every layout that has no fault, in the order of the file."""
    layouts: list[Layout] = []
    found: list[Diagnostic] = []
    names: dict[str, Span] = {}
    for node in file.layouts:
        options, faults = _options(node, source)
        if not node.action and node.name in names:
            also = (related(source, names[node.name], "the first one"),)
            hint = "give each layout its own name"
            faults.append(
                diagnose(source, node.name_span, "D210", f'two layouts are named "{node.name}"', hint, related=also)
            )
        names.setdefault(node.name, node.name_span)
        for kind in node.action.split(" and ") if node.action else ():
            if kind not in UPDATES:
                hint = did_you_mean(kind, UPDATES) or "updates: " + ", ".join(UPDATES)
                faults.append(diagnose(source, node.action_span, "D204", f'unknown update "{kind}"', hint))
        marks = mark_faults(node.pieces, update_fields if node.action else fields, source)
        faults += marks + shape_faults(node, source)
        if not options.phrases:
            faults += twice_faults(node, source)
        if node.action:
            faults += update_faults(node, source) + (phrase_faults(node, source) if options.phrases else [])
        elif not (marks or node.mended):  # else what seems to be missing may stand in a faulty line
            faults += signal_faults(node, settings, source)
        found += faults
        if all(fault.severity == "warning" for fault in faults):
            layouts.append(_layout(node, update_fields if node.action else fields, options))
    return layouts, found


def _layout(node: t.LayoutNode, fields: Fields, options: _Options) -> Layout:
    return build(
        node, fields, any_order=options.any_order, many=options.many,
        since_ms=options.since_ms, until_ms=options.until_ms, phrases=options.phrases, every=options.every,
        part=options.part,
        talk=options.talk,
        alone=options.alone,
        changes=options.changes,
    )  # fmt: skip


def _options(node: t.LayoutNode, source: SourceText) -> tuple[_Options, list[Diagnostic]]:
    """What stands behind a layout's name."""
    found: list[Diagnostic] = []
    many = any_order = False
    named = ("phrases", "every trade", "a part", "beside talk", "by itself", "changes levels")
    kind = dict.fromkeys(named, False)
    window: dict[str, int] = {}
    for option in node.options:
        word, _, date = option.text.partition(" ")
        if option.text == "many":
            many = True
        elif option.text == "blocks in any order":
            any_order = True
        elif option.text in kind:
            kind[option.text] = True
            if (option.text == "changes levels") is bool(node.action):
                message = f'"{option.text}" belongs to {"a signal" if node.action else "an update"}'
                found.append(diagnose(source, option.span, "D208", message, "take it out"))
        elif word in ("since", "until"):
            try:
                window[word] = moment_ms(date)
            except ValueError:
                message = f'"{date}" is no date'
                found.append(diagnose(source, option.span, "D208", message, f"for example: {word} 2025-03-01"))
        else:
            hint = did_you_mean(option.text, OPTIONS) or "options: " + ", ".join(OPTIONS)
            found.append(diagnose(source, option.span, "D208", f'unknown option "{option.text}"', hint))
    since, until = window.get("since"), window.get("until")
    if until is not None:
        until += DAY_MS  # the day named still belongs to it
    if since is not None and until is not None and since >= until:
        message = "this layout holds at no time: its until lies before its since"
        found.append(diagnose(source, node.name_span, "D209", message, "exchange the two dates"))
    if kind["phrases"] and (many or any_order):
        message = "phrases stand in any order and as often as they come"
        found.append(diagnose(source, node.name_span, "D208", message, "take out: many, blocks in any order"))
    if kind["beside talk"] and not set(node.action.split(" and ")) <= REPORTS:
        message = "beside an update that trades every word has to be known"
        found.append(diagnose(source, node.name_span, "D208", message, "take out: beside talk"))
    if kind["by itself"] and not kind["phrases"]:
        message = '"by itself" belongs to an update in phrases'
        found.append(diagnose(source, node.name_span, "D208", message, "add: phrases"))
    phrases, every, part, talk, alone, changes = (kind[name] for name in named)
    return _Options(many, any_order, phrases, every, part, talk, alone, changes, since, until), found
