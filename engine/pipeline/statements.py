"""What a run says about itself: its period, its assumptions, and the warnings that come before any figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engine.collect.edits import counted
from engine.collect.reading import ReadResult
from engine.config.strategy import Strategy
from engine.domain import REPORTS
from engine.pipeline.prices import Prices
from engine.pipeline.replay import Replay, by_call
from engine.pipeline.workspace import Workspace
from engine.simulate.amending import names_a_number
from engine.simulate.planning import wrong_numbers
from engine.units import iso, show_count, show_duration, show_names

if TYPE_CHECKING:
    from engine.domain import Message, Refusal, Update

WrongNumbers = Mapping[str, Sequence[tuple["Update", str]]]
"""Updates that name what there is not, each with that in words, by channel."""

SHOWN = 3  # wrong numbers that are named one by one


def inside(message: Message, strategy: Strategy) -> bool:
    """Whether a version of a message belongs to the period: posted in it, and known before its end."""
    if strategy.from_ms is not None and message.posted_ms < strategy.from_ms:
        return False
    return strategy.to_ms is None or message.known_ms < strategy.to_ms


def outside(messages: dict[str, list[Message]], strategy: Strategy) -> list[str]:
    """A warning for each channel that posted nothing in the period."""
    found = []
    for name, known in messages.items():
        if known and not any(inside(message, strategy) for message in known):
            times = [message.posted_ms for message in known]
            span = f"{iso(min(times))[:10]} to {iso(max(times))[:10]}"
            found.append(f"{name}: no message lies in the period; its messages are from {span}")
    return found


def shown_period(strategy: Strategy, messages: dict[str, list[Message]]) -> tuple[str, str]:
    """The period as dates: the strategy's, else that of the messages."""
    posted = [m.posted_ms for found in messages.values() for m in found]
    start = strategy.from_ms if strategy.from_ms is not None else min(posted, default=0)
    end = strategy.to_ms if strategy.to_ms is not None else max(posted, default=0)
    return iso(start), iso(end)


def assumptions(strategy: Strategy, workspace: Workspace, prices: Prices, notes: Sequence[str]) -> list[str]:
    """Everything a reader has to know to believe the figures or not; ``notes`` are those of the run's conditions."""
    entry, leave = strategy.entry, strategy.exit
    shares = leave.shares if isinstance(leave.shares, str) else ", ".join(f"{share:.0%}" for share in leave.shares)
    zone = f"a ladder of {entry.rungs} limits" if entry.zone == "ladder" else f"a limit at the {entry.zone} edge"
    close = f"; whatever is left is closed after {show_duration(leave.close_after_ms)}" if leave.close_after_ms else ""
    moved = "".join(f"; after target {m.after} the stop moves to {_place(m.to)}" for m in leave.stop_moves)
    moved += "; after each target the stop moves to the one before" if leave.stop_follows else ""
    moved += "; a trailing stop follows the price" if leave.trailing else ""
    return [
        f"prices: {prices.origin}",
        f"a call acts {show_duration(entry.latency_ms)} after its text was known, on the next bar that opens",
        f"a zone is entered by {zone}, valid for {show_duration(entry.valid_for_ms)}",
        f"targets take {shares} of the position (brought to a sum of 100% where a call has fewer){moved}{close}",
        f"inside one candle: {strategy.same_candle}; a target that a bar opens beyond fills at its {leave.target_gap}",
        f"slippage on market, stop and time exits: {strategy.costs.slippage * 10_000:g} basis points",
        _impact(strategy.costs.impact),
        *notes,
        "the touch-through figure asks for one basis point beyond a limit instead of a touch",
        "updates of a channel (close, cancel, move stop, new levels) act at their own time plus the latency; those "
        "that belong to no call and reports of hits change nothing; a re-entry is a call of its own",
        f"the report shows times in {workspace.settings.timezone}, the CSV files in UTC; days begin at midnight there",
    ]


def deletion_note(strategy: Strategy, withdrawn: Sequence[Update]) -> tuple[str, ...]:
    """What the strategy makes of calls that were deleted; nothing where none was, or where it keeps their trades."""
    if strategy.calls.deleted != "close" or not withdrawn:
        return ()
    unknown = sum(update.message.edited_ms is None for update in withdrawn)
    said = f"deleted calls: {len(withdrawn) - unknown} are closed when their deletion was seen, plus the latency"
    return (said + (f"; when {unknown} were deleted is not known, their trades go on" if unknown else ""),)


def _impact(factor: float) -> str:
    """What the size of an order costs."""
    if not factor:
        return "impact: an order's size does not move the price"
    return (
        f"impact: in the account a market order moves the price by {factor:g} x the day's volatility x the root of its "
        "part of the day's volume, on top of the slippage; the figures of a channel hold for small orders"
    )


def _place(to: str | int) -> str:
    """Where a stop moves, in words."""
    return f"target {to}" if isinstance(to, int) else to


def wrongly_numbered(readings: Mapping[str, ReadResult], strategy: Strategy) -> WrongNumbers:
    """The updates of each channel that name a target or an order which their call does not have."""
    found = {}
    for name, reading in readings.items():
        numbered = by_call(update for update in reading.updates if names_a_number(update.action))
        mine = [signal for signal in reading.signals if signal.id in numbered] if numbered else []
        named = by_call(reading.updates) if mine else {}
        found[name] = [one for signal in mine for one in wrong_numbers(signal, strategy, named[signal.id])]
    return found


def warnings(
    played: Replay, readings: Mapping[str, ReadResult], without: set[str], wrong_numbers: WrongNumbers
) -> list[str]:
    """What the reader should see before any figure."""
    found = []
    if without:
        found.append(f"no candles for {show_names(without)}: calls on them stay in the funnel as no data")
    for name, reading in readings.items():
        if reading.posted and not reading.signals:
            found.append(f"{name}: no message of the period was read as a call; check the profile")
        loose = sum(update.signal_id is None and update.action.kind not in REPORTS for update in reading.updates)
        if loose:
            found.append(
                f"{name}: {show_count(loose, 'update')} of {len(reading.updates)} belong to no call and did nothing"
            )
        if left := counted(reading.why_unfollowed):
            found.append(f"{name}: {left}")
        if reading.unheard:
            found.append(f"{name}: {_shown_unheard(reading.unheard)}")
        if wrong := wrong_numbers.get(name):
            found.append(f"{name}: {_shown_wrong(wrong)}")
    ambiguous = int(played.table.ambiguous[played.table.filled].sum())
    if played.table.filled.any() and ambiguous > 0.1 * played.table.filled.sum():
        share = ambiguous / played.table.filled.sum()
        found.append(f"{share:.0%} of the trades are ambiguous on these candles; finer ones would decide them")
    return found


def _shown_unheard(unheard: Sequence[tuple[str, Refusal]]) -> str:
    """Which answers to calls say something that is not understood; the first few."""
    each = [f"{key.partition('/')[2]} ({refusal.text})" for key, refusal in unheard[:SHOWN]]
    more = f" and {len(unheard) - SHOWN} more" if len(unheard) > SHOWN else ""
    return f"{show_count(len(unheard), 'answer')} to calls refused, nothing done: message {', '.join(each)}{more}"


def _shown_wrong(wrong: Sequence[tuple[Update, str]]) -> str:
    """Which updates name a target or an order that their call does not have; the first few."""
    each = [f"message {update.message.message_id} ({update.signal_id}: {words})" for update, words in wrong[:SHOWN]]
    more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    return f"a wrong number did nothing: {', '.join(each)}{more}"
