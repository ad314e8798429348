"""What can only be seen by looking at several files: names that no file or table has, amounts in another currency,
calls and prices of two worlds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.config.diagnostics import Diagnostic, Related, diagnose, did_you_mean
from engine.config.text import SourceText, Span

if TYPE_CHECKING:
    from engine.channel import Profile
    from engine.config.strategies import StrategyFile

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


def unknown_fees(loaded: StrategyFile) -> list[Diagnostic]:
    """A finding where a strategy names an exchange of which the fee table knows nothing in its market."""
    from engine.market.fees import fees_of
    from engine.problem import Problem

    strategy = loaded.strategy
    fees = strategy.costs.fees
    found = fees_of(fees, strategy.market.type, 0) if isinstance(fees, str) else None
    if not isinstance(found, Problem):
        return []
    return [diagnose(loaded.source, loaded.fees_span, "X005", found.text, found.hint)]


def unknown_demo(profile: Profile, source: SourceText) -> list[Diagnostic]:
    """A finding where a profile names a demo channel that there is not."""
    if profile.source is None or not is_demo(profile):
        return []
    from engine.channel.syntax.parser import parse
    from engine.collect.demo import DEMO_CHANNELS

    name = profile.source.address
    if name in DEMO_CHANNELS:
        return []
    span = next((setting.value_span for setting in parse(source)[0].settings if setting.key == "source"), Span(0, 0))
    hint = did_you_mean(name, DEMO_CHANNELS) or f"demo channels: {', '.join(DEMO_CHANNELS)}"
    return [diagnose(source, span, "X006", f"there is no demo channel {name}", hint)]


def is_demo(profile: Profile) -> bool:
    """Whether a channel's calls are invented ones about the demo's market."""
    return profile.source is not None and profile.source.kind == "demo"


def two_worlds(
    invented: bool, channels: Mapping[str, Span], source: SourceText, known: Callable[[str], bool | None]
) -> list[Diagnostic]:
    """A finding for each channel whose calls have nothing to do with the prices of a strategy.

    ``invented``: the prices are those of the demo's market; ``known`` tells it of a channel's calls (None: unknown).
    """
    found = []
    for name, span in channels.items():
        if known(name) not in (None, invented):
            found.append(diagnose(source, span, "X007", *apart(name, not invented)))
    return found


def apart(name: str, invented: bool) -> tuple[str, str]:
    """What is said, and the hint, of a channel whose calls (``invented``: those of the demo) and prices are of two
    worlds.
    """
    if invented:
        return (
            f"{name} is an invented channel of the demo world, but the prices are real",
            "set market source to synthetic",
        )
    return f"{name} is a real channel, but the prices are invented", "set market source to imported"
