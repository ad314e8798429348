"""What can only be seen by looking at several files: names that no file has, amounts in another currency."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine.config.diagnostics import Diagnostic, Related, diagnose
from engine.config.text import SourceText, Span

PLACES = {"channel": ("channels", ".channel"), "rules": ("rules", ".yaml")}


def unknown_names(
    kind: str, spans: Mapping[str, Span], source: SourceText, names: Callable[[str, str], Sequence[str]]
) -> list[Diagnostic]:
    """A finding for each name of a ``channel`` or ``rules`` file that no file has; ``names`` lists a folder."""
    folder, suffix = PLACES[kind]
    there = names(folder, suffix) if spans else ()
    gone = [name for name in spans if name not in there]
    if not gone:
        return []
    from engine.config.strategies import unknown_reference

    known = {name: Related(f"{folder}/{name}{suffix}", 1, 1, f'"{name}" is here') for name in there}
    return [unknown_reference(kind, name, spans[name], source, known) for name in gone]


def foreign_amounts(
    currency: str, rules: Mapping[str, Span], source: SourceText, currency_of: Callable[[str], str | None]
) -> list[Diagnostic]:
    """A finding for each rule file whose amounts are in another currency than the account of a strategy."""
    found = []
    for name, span in rules.items():
        other = currency_of(name)
        if other not in (None, currency):
            message = f"the amounts in rules/{name}.yaml are in {other}, the account is in {currency}"
            found.append(diagnose(source, span, "R109", message, f"write them in {currency}; nothing is converted"))
    return found
