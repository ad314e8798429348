"""The embedded tests of a profile: a message, and what must be read from it.

Expected values are written plainly, whatever the channel's notation: ``entry: 3450 - 3480`` (a zone), ``entry: 64500,
64000`` (separate orders), ``entry: market`` or ``entry: market 143.2``, ``targets: 3520, 3560 (50%), open``,
``stop: 3400`` or ``5%``, ``600 points``, ``none``. ``docs/channel-language.md`` has the whole table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from engine.channel.profile import Profile
from engine.channel.reader import read
from engine.channel.settings import name_faults
from engine.channel.syntax import tree as t
from engine.channel.text.names import EXPECT_KEYS, UPDATES
from engine.channel.text.numbers import show
from engine.channel.text.timeframes import show_frame
from engine.config.diagnostics import Diagnostic, diagnose, did_you_mean
from engine.config.text import SourceText, Span
from engine.domain import Action, Distance, EntryKind, Reading, Setup, Side, Target

# The words that a line of ``expect`` may hold; those of CLOSED hold nothing else.
WORDS: Mapping[str, Sequence[str]] = {
    "side": tuple(Side),
    "update": tuple(UPDATES),
    "entry": ("market",),
    "stop": ("breakeven", "none"),
    "every trade": ("yes", "none"),
}
CLOSED = frozenset({"side", "update", "every trade"})


def expect_faults(file: t.File, source: SourceText) -> list[Diagnostic]:
    """Findings for what no test may expect, whatever its message reads as: unknown keys and words."""
    found = []
    for block in (block for case in file.tests for block in case.expected):
        found += name_faults(block, dict.fromkeys(EXPECT_KEYS), source)
        for line in block:
            if _is_no_word(line):
                message = f'"{line.value}" is not one of: {", ".join(WORDS[line.key])}'
                hint = (
                    did_you_mean(line.value.lower(), WORDS[line.key])
                    or "a test says it in one of these words, whatever the channel says"
                )
                found.append(diagnose(source, line.value_span, "D203", message, hint))
    return found


def _is_no_word(line: t.Setting) -> bool:
    """Whether a line of ``expect`` has a word that it can never have."""
    return line.key in CLOSED and _plain(line.value) not in map(_plain, WORDS[line.key])


def case_faults(profile: Profile, source: SourceText, is_sure: Callable[[Reading], bool]) -> list[Diagnostic]:
    """Findings for every embedded test that fails; ``is_sure``: a reading is known, though the file has faults."""
    return [fault for case in profile.tests for fault in _case_faults(profile, case, source, is_sure)]


def _case_faults(
    profile: Profile, case: t.Case, source: SourceText, is_sure: Callable[[Reading], bool]
) -> list[Diagnostic]:
    reading = read(profile, case.message)
    if not is_sure(reading):
        return []
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
        if line.key not in EXPECT_KEYS or _is_no_word(line):
            continue  # told already
        have = got.get(line.key, "none")
        if _plain(have) != _plain(line.value):
            message = f'test "{case.name}": {line.key} is {have}, expected {line.value}'
            found.append(diagnose(source, line.value_span, "D403", message, _hint(line)))
    return found


def _hint(line: t.Setting) -> str:
    """What to do about a value that differs: a word that no such line can hold is mistyped."""
    value, known = _plain(line.value), WORDS.get(line.key, ())
    mistyped = value not in known and not re.search(r"\d", value)
    return (did_you_mean(value, known) if mistyped else "") or "which of the two is right?"


def _plain(value: str) -> str:
    """A value as it is compared: case, blanks and needless zeros aside."""
    value = re.sub(r"\s+", " ", value.strip().lower())
    value = re.sub(r"\s*([,–-])\s*", lambda m: ", " if m[1] == "," else " - ", value)
    return re.sub(r"(?<![\d.])(\d+\.\d*?)0+(?!\d)", lambda m: m[1].rstrip("."), value)


def summary(made: Setup | Action) -> Mapping[str, str]:
    """What was read, each value the way an ``expect`` line writes it."""
    return _of_action(made) if isinstance(made, Action) else _of_setup(made)


def _of_action(made: Action) -> dict[str, str]:
    values = {"update": made.kind, "signal": made.layout}
    if made.symbol:
        values["symbol"] = made.symbol
    if made.side is not None:
        values["side"] = str(made.side)
    if made.signal_ref:
        values["id"] = made.signal_ref
    if made.every:
        values["every trade"] = "yes"
    if made.kind == "close":
        values["share"] = _percent(made.share)
    if made.target is not None or made.order is not None:
        values["number"] = str(made.target or made.order)
    if made.entries or made.entry_kind is EntryKind.MARKET:
        kind = made.entry_kind or (EntryKind.LADDER if len(made.entries) > 1 else EntryKind.LIMIT)
        values["entry"] = _prices(kind, made.entries)
    if made.targets:
        values["targets"] = ", ".join(map(_target, made.targets))
    if made.level is not None:
        values["stop"] = made.level if isinstance(made.level, str) else show(made.level)
    elif made.stop is not None:
        values["stop"] = _level(made.stop)
    return values


def _of_setup(made: Setup) -> dict[str, str]:
    values = {"signal": made.layout, "symbol": made.symbol, "side": str(made.side), "entry": _entry(made)}
    if made.entry_shares:
        values["entry shares"] = ", ".join(map(_percent, made.entry_shares))
    if made.targets:
        values["targets"] = ", ".join(map(_target, made.targets))
    if made.stop is not None:
        values["stop"] = _level(made.stop)
    if made.close_stop is not None:
        hard = "" if made.close_stop.hard is None else f", hard {show(made.close_stop.hard)}"
        values["close stop"] = show_frame(made.close_stop.timeframe_ms) + hard
    if made.leverage is not None:
        high = f" - {show(made.leverage_high)}" if made.leverage_high is not None else ""
        values["leverage"] = show(made.leverage) + high
    if made.ref:
        values["id"] = made.ref
    return values


def _percent(share: float) -> str:
    return f"{show(share * 100)}%"


def _level(level: float | Distance) -> str:
    """A price or a distance, such as 64500, 5%, 600 points or 2R."""
    if not isinstance(level, Distance):
        return show(level)
    return show(level.value) + {"percent": "%", "points": " points", "R": "R"}[level.unit]


def _target(target: Target) -> str:
    price = target.price if target.distance is None else target.distance
    share = f" ({_percent(target.share)})" if target.share is not None else ""
    return ("open" if price is None else _level(price)) + share


def _entry(made: Setup) -> str:
    if made.entry_kind is EntryKind.BREAKOUT:
        return f"{'above' if made.side.sign > 0 else 'below'} {show(made.entries[0])}"
    market = "market" if made.reference is None else f"market {show(made.reference)}"
    if made.entry_kind is EntryKind.MARKET:
        return market
    prices = _prices(made.entry_kind, made.entries)
    return f"{market}, {prices}" if made.market_leg else prices


def _prices(kind: EntryKind, entries: tuple[float, ...]) -> str:
    if kind is EntryKind.MARKET:
        return "market"
    return (" - " if kind is EntryKind.ZONE else ", ").join(map(show, entries))


def describe(made: Setup | Action) -> str:
    """What was read, on one line: ``symbol BTCUSDT, side long, ...``."""
    return ", ".join(f"{key} {value}" for key, value in summary(made).items() if key != "signal")
