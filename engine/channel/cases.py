"""The embedded tests of a profile: a message, and what must be read from it.

Expected values are written plainly, whatever the channel's notation: ``entry: 3450 - 3480`` (a zone), ``entry: 64500,
64000`` (separate orders), ``entry: market`` or ``entry: market 143.2``, ``targets: 3520, 3560 (50%), open``,
``stop: 3400`` or ``5%``, ``600 points``, ``none``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.channel import tree as t
from engine.channel.names import EXPECT_KEYS
from engine.channel.numbers import show
from engine.channel.profile import Profile
from engine.channel.reader import read
from engine.channel.settings import name_faults
from engine.config.diagnostics import Diagnostic, diagnose
from engine.config.text import SourceText, Span
from engine.domain import Action, Distance, EntryKind, Reading, Setup


def case_faults(profile: Profile, source: SourceText) -> list[Diagnostic]:
    """Findings for every embedded test that fails."""
    return [fault for case in profile.tests for fault in _case_faults(profile, case, source)]


def _case_faults(profile: Profile, case: t.Case, source: SourceText) -> list[Diagnostic]:
    bad_keys = [fault for block in case.expected for fault in name_faults(block, dict.fromkeys(EXPECT_KEYS), source)]
    if bad_keys:
        return bad_keys
    reading = read(profile, case.message)
    got: tuple[Setup | Action, ...] = (*reading.setups, *reading.actions)
    if not case.expected:
        if not got:
            return []
        message = f'test "{case.name}" expected nothing, but this was read: {"; ".join(map(describe, got))}'
        hint = "narrow the layout, or add a phrase under never"
        return [diagnose(source, case.name_span, "D401", message, hint)]
    if reading.refusal is not None:
        return [_nothing_read(case, reading, source)]
    if len(got) != len(case.expected):
        message = (
            f'test "{case.name}" read {len(got)} of {len(case.expected)} expected: {"; ".join(map(describe, got))}'
        )
        return [diagnose(source, case.name_span, "D403", message, "write one expect for each call in the message")]
    return [
        fault for made, block in zip(got, case.expected, strict=True) for fault in _compare(made, block, case, source)
    ]


def _nothing_read(case: t.Case, reading: Reading, source: SourceText) -> Diagnostic:
    """The finding for a test whose message was refused, at the place in the message where it failed."""
    refusal = reading.refusal
    assert refusal is not None
    message = f'test "{case.name}" read nothing: {refusal.text} [{refusal.code}]'
    span = case.name_span
    if refusal.position is not None:
        at = case.message_start + min(refusal.position, max(len(case.message) - 1, 0))
        span = Span(at, at + 1)
    return diagnose(source, span, "D402", message, "mend the layout, or write: expect nothing")


def _compare(made: Setup | Action, block: tuple[t.Setting, ...], case: t.Case, source: SourceText) -> list[Diagnostic]:
    got = summary(made)
    found = []
    for line in block:
        have = got.get(line.key, "none")
        if _plain(have) != _plain(line.value):
            message = f'test "{case.name}": {line.key} is {have}, expected {line.value}'
            found.append(diagnose(source, line.value_span, "D403", message, "which of the two is right?"))
    return found


def _plain(value: str) -> str:
    """A value as it is compared: case, blanks and needless zeros aside."""
    value = re.sub(r"\s+", " ", value.strip().lower())
    value = re.sub(r"\s*([,–-])\s*", lambda m: ", " if m[1] == "," else " - ", value)
    return re.sub(r"(?<![\d.])(\d+\.\d*?)0+(?!\d)", lambda m: m[1].rstrip("."), value)


def summary(made: Setup | Action) -> Mapping[str, str]:
    """What was read, each value the way an ``expect`` line writes it."""
    if isinstance(made, Action):
        values = {"update": made.kind, "signal": made.layout}
        if made.symbol:
            values["symbol"] = made.symbol
        if made.kind == "close":
            values["share"] = f"{show(made.share * 100)}%"
        if made.level is not None:
            values["stop"] = made.level if isinstance(made.level, str) else show(made.level)
        return values
    values = {"signal": made.layout, "symbol": made.symbol, "side": str(made.side), "entry": _entry(made)}
    if made.targets:
        values["targets"] = ", ".join(
            ("open" if target.price is None else show(target.price))
            + (f" ({show(target.share * 100)}%)" if target.share is not None else "")
            for target in made.targets
        )
    if isinstance(made.stop, Distance):
        values["stop"] = show(made.stop.value) + ("%" if made.stop.unit == "percent" else " points")
    elif made.stop is not None:
        values["stop"] = show(made.stop)
    if made.leverage is not None:
        high = f" - {show(made.leverage_high)}" if made.leverage_high is not None else ""
        values["leverage"] = show(made.leverage) + high
    return values


def _entry(made: Setup) -> str:
    if made.entry_kind is EntryKind.MARKET:
        return "market" if made.reference is None else f"market {show(made.reference)}"
    joint = " - " if made.entry_kind is EntryKind.ZONE else ", "
    return joint.join(map(show, made.entries))


def describe(made: Setup | Action) -> str:
    """What was read, on one line: ``symbol BTCUSDT, side long, ...``."""
    return ", ".join(f"{key} {value}" for key, value in summary(made).items() if key != "signal")
