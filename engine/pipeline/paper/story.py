"""``cli.py explain trade ID`` of paper trading: the whole story of one call, told from the ledger's events.

1. The call is found in the accounts of the ledger, or in that of a replay: once in each strategy that heard it.
2. The message as it was read (from the archive, or from what was replayed), the plan, and what was said of it later.
3. The rules that were asked and what they answered; fills and exits, beside what was said live; the money.

A call that became no plan, and a post that looks like a call and was not read, have their reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from engine.collect.archive import Archive, ArchiveError
from engine.config.diagnostics import did_you_mean
from engine.domain import Distance
from engine.paper.desk import alone_name
from engine.paper.fold import Fold, told_of
from engine.paper.ledger import Event, LedgerError
from engine.paper.spoken import in_words
from engine.pipeline.asked import prices_of
from engine.pipeline.callids import HEARD
from engine.pipeline.errors import InputError
from engine.pipeline.fromentry import from_entry, levels_of
from engine.pipeline.paper.answers import answer_lines
from engine.pipeline.paper.book import Book, book_at, books, kept_prices, last_prices
from engine.pipeline.paper.desk import Loaded, hashes
from engine.pipeline.paper.events import Told
from engine.pipeline.paper.fates import CallFate, fate_of, stage_of, who
from engine.pipeline.paper.inputs import used_before
from engine.pipeline.paper.moves import SAID, Moment, moves_lines
from engine.pipeline.paper.replay import messages_of
from engine.pipeline.paper.rows import entry_kind, last_bars, standing
from engine.pipeline.paper.sources import loaded_now
from engine.pipeline.postlines import (
    AMBIGUOUS,
    NOTHING,
    OWN_WAY,
    call_line,
    change_words,
    post_lines,
    post_number,
    price,
    spoken_by,
    standing_at,
)
from engine.pipeline.readings import read_messages
from engine.pipeline.report import LEDGER_FILE
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from engine.report.paperrun import load_paper
from engine.simulate.plain import change_from
from engine.units import MINUTE_MS, show_duration, show_time

if TYPE_CHECKING:
    from engine.domain import Message
    from engine.market.candles import Candles
    from engine.paper.call import PaperCall
    from engine.pipeline.paper.rows import Standing

ARCHIVE = "archive"


def tell_paper(workspace: Workspace, identity: str, account: str | None) -> str:
    """The story of a call in the accounts of the ledger, or in one. Raises InputError when there is none."""
    found = books(workspace, account)
    return _tell(workspace, identity, found, [f"{book.account} on paper" for book in found], None)


def tell_replay(workspace: Workspace, identity: str, folder: Path) -> str:
    """The story of a call in a replay. Raises InputError when there is none."""
    try:
        book = book_at(folder / LEDGER_FILE)
    except LedgerError as error:
        raise InputError(error.problem) from None
    run = load_paper(folder)
    source = ARCHIVE if isinstance(run, str) else run.replay
    return _tell(workspace, identity, [book], [f"{book.account}, replayed ({folder.name})"], source)


def _tell(workspace: Workspace, identity: str, found: Sequence[Book], names: Sequence[str], replay: str | None) -> str:
    stories = [
        "\n".join(lines)
        for book, name in zip(found, names, strict=True)
        for lines in _Teller(workspace, book, name, replay, identity).stories()
    ]
    if not stories:
        ids = dict.fromkeys(fate.signal_id for book in found for fate in book.fates)
        hint = did_you_mean(identity, ids, 0.8) or "cli.py paper calls lists them"
        raise InputError(Problem(f'no account has heard a call "{identity}"', hint=hint))
    return "\n\n".join(stories)


@dataclass
class _Teller:
    """Tells what became of a call in an account. ``replay`` names what was replayed (None: a live account)."""

    workspace: Workspace
    book: Book
    name: str
    replay: str | None
    identity: str

    def stories(self) -> Iterator[list[str]]:
        """One story for each strategy that heard the call."""
        events = self._events
        for fate in self.book.fates:
            if fate.signal_id != self.identity:
                continue
            call = next((one for one in self._calls if one.lane == fate.strategy), None)
            mine = [e for e in events if call is not None and e.row == call.row]
            yield [*self._head(fate, call), *(self._planned(call, fate, mine) if call else self._unplanned(fate))]
        for event in events:
            if event.kind == "unread" and not event.data.get("later"):
                yield [*self._unread(event)]

    @property
    def zone(self) -> str:
        """The zone of all times."""
        return self.workspace.settings.timezone

    @cached_property
    def _calls(self) -> list[PaperCall]:
        return [call for call in self.book.fold.rows if call.plan.signal_id == self.identity]

    @cached_property
    def _events(self) -> list[Event]:
        """The events that are about the call."""
        rows = {call.row for call in self._calls}
        return [
            event
            for event in self.book.ledger.events(self.book.account)
            if event.row in rows or (event.kind in HEARD and event.data["signal"] == self.identity)
        ]

    # ------------------------------------------------------------------ what was heard

    def _now(self, call: PaperCall) -> PaperCall:
        """A trade as it stands now: with what it did live since the record's last candle."""
        return call if call.facts is None or call.over else self.book.heard.now.side(call)

    def _head(self, fate: CallFate, call: PaperCall | None) -> Iterator[str]:
        """Where it is told, and in a word what became of it."""
        strategy = f"{fate.strategy}, account " if fate.strategy != self.book.account else ""
        live = call is not None and not call.over and self._now(call).over
        became = "closed (live), the record has it when its candle is over" if live else _became(fate.stage, fate.fate)
        yield f"{self.identity} in {strategy}{self.name}: {became}"

    def _post(self, heard: Event) -> Iterator[str]:
        """The message, as the profile reads it now."""
        assert heard.key is not None
        channel, number, version, _ = heard.key
        versions = [message for message in self._messages(channel) if message.message_id == number]
        read = next((one for one in versions if one.version == version and one.kind != "deletion"), None)
        yield from post_lines(self.workspace, channel, versions, read, self.zone)

    def _posted(self, heard: Event, posted_ms: int, layout: str) -> Iterator[str]:
        """When it was posted, when it was heard, by which layout it was read."""
        by = f', read by layout "{layout}"' if layout else ""
        yield f"posted {show_time(posted_ms, self.zone)} ({self.zone}){by}"
        if self.replay is None:
            late = ", too late to act when it should have" if heard.late and heard.kind == "call" else ""
            after_ms = max(0, heard.made_ms - posted_ms)
            after = f"{after_ms / 1000:.1f} s" if after_ms < MINUTE_MS else show_duration(after_ms)
            yield f"heard {after} after it was posted{late}"
        channel = self.identity.partition("/")[0]
        if heard.key is not None and self._changed(heard, [f"channels/{heard.key[0] or channel}.channel"]):
            yield f"note: channels/{heard.key[0]}.channel has changed since then"

    def _messages(self, channel: str) -> list[Message]:
        """The messages of a channel, from where the account had them; none where they are not at hand."""
        try:
            if self.replay is None or self.replay == ARCHIVE:
                path = self.workspace.archive_path
                return [m for m in read_messages(Archive(path)) if m.channel == channel] if path.is_file() else []
            return messages_of(self.workspace, self._loaded, self.replay).get(channel, []) if self._loaded else []
        except (ArchiveError, InputError):
            return []

    @cached_property
    def _loaded(self) -> list[Loaded]:
        """The strategies as their files are now, without those that are gone or have errors."""
        return loaded_now(self.workspace, self.book)[0]

    def _changed(self, heard: Event, files: Sequence[str]) -> bool:
        """Whether one of these files differs now from what the account used when it heard of the call."""
        used = used_before(self.book.ledger, self.book.account, heard.seq)
        _ = self._loaded  # the files are read now
        now = hashes(self.workspace.sources)
        return any(used.get(file) != now.get(file) for file in files)

    def _unplanned(self, fate: CallFate) -> Iterator[str]:
        """A call without a plan."""
        heard = next(e for e in self._events if e.kind == "refused" and e.data["lane"] == fate.strategy)
        yield from self._posted(heard, fate.posted_ms, "")
        yield from self._post(heard)
        yield f"call: {' '.join(part for part in (fate.side, fate.symbol) if part)}"
        yield f"not planned, {fate.fate}: {fate.reason}"

    def _unread(self, event: Event) -> Iterator[str]:
        """A post that looks like a call and was not read."""
        yield f"{self.identity} in {self.name}: not read"
        yield from self._posted(event, event.at_ms, "")
        yield from self._post(event)
        yield f"not read, {event.data['code'].replace('-', ' ')}: {event.data['text']}"

    # ------------------------------------------------------------------ what became of it

    def _planned(self, call: PaperCall, fate: CallFate, events: Sequence[Event]) -> Iterator[str]:
        """A call with a plan: what it would do, who was asked, what happened."""
        told = Told(self.book.fold.rows, int(self.book.begun.data["timeframe_ms"])).take(events)
        heard = next(event for event in events if event.kind == "call")
        plan, (targets, _) = call.plan, call.targets()
        yield from self._posted(heard, call.posted_ms, told.layouts.get(call.row, ""))
        yield from self._post(heard)
        entry = [order.price for order in plan.orders if order.price is not None]
        stop = call.stepper.first_stop if call.stepper.first_stop is not None else plan.stop
        waits = not call.stepper.path().fills
        away, far = levels_of(from_entry(plan.side, plan.stop, [at for at, _ in plan.targets]) if waits else "")
        named = away if isinstance(stop, Distance) else stop
        yield call_line(plan.side.value, plan.symbol, entry_kind(plan), entry, named, [*targets, *far])
        yield f"acts: {show_time(plan.act_ms, self.zone)}"
        if call.row in told.first:
            at_ms, seen = told.first[call.row]
            yield f"first live price: {price(seen)} at {show_time(at_ms, self.zone)}"
        if call.asked and call.counted:
            yield from answer_lines(call, self._rules(call, heard))
        yield from self._ended(call, fate, told, self._later(call, events))
        for event in events:
            if event.kind == "withdrawn":
                moves = ", ".join(f"{in_words(move['what'])} at {price(move['price'])}" for move in event.data["moves"])
                yield f"withdrawn: {moves} (live) is not in the record: {event.data['why']}"

    def _later(self, call: PaperCall, events: Sequence[Event]) -> Iterator[tuple[Moment, list[str]]]:
        """What the channel said of it later: when it was known, and its line."""
        own, stepper = post_number(self.identity), call.acting.stepper
        due, retargeted = None if stepper.done else stepper.next_change_ms, False
        for event in events:
            if event.kind == "update" and event.key is not None:
                words = []
                for change in map(change_from, event.data["changes"]):
                    acted = due is None or change.act_ms < due
                    stood = standing_at(change, call.plan, stepper.path(), retargeted) if acted else None
                    words.append(change_words(change, stood))
                    retargeted |= change.kind == "targets"
                done = " and ".join(dict.fromkeys(words)) or NOTHING
                done += f" ({event.data['wrong']})" if "wrong" in event.data else ""
                said = spoken_by(event.data["action"] == "deletion", event.key[1], own)
                late, ms = " (late)" if event.late else "", int(event.data["known_ms"])
                yield (ms, SAID), [f"  {show_time(ms, self.zone)} {said}{late}: {done}"]

    def _rules(self, call: PaperCall, heard: Event) -> Loaded | None:
        """The strategy of a call with its rules; None where the files are not those of then."""
        one = next((one for one in self._loaded if one.strategy.name == call.lane), None)
        if one is None:
            return None
        files = {one.strategy.path, *(rule.where.rpartition(":")[0] for rule in one.rules.rules)}
        return None if self._changed(heard, sorted(files)) else one

    def _ended(
        self, call: PaperCall, fate: CallFate, told: Told, later: Iterable[tuple[Moment, list[str]]]
    ) -> Iterator[str]:
        """Fills, exits and what was said between them, in the order of time; the money, or why there is none."""
        now = self._now(call)
        one, currency = self._standing(now), self.book.currency
        trade, live = one.trade, {str(move["what"]) for move in self.book.heard.now.ahead(call.row)}
        moves = () if trade is None else moves_lines(now, trade.path, told.pairs, self.zone, live)
        if trade is not None and call.own is not None:
            yield OWN_WAY
        for _, lines in sorted([*later, *moves], key=lambda move: move[0]):
            yield from lines
        if trade is not None and trade.path.fills and trade.path.ambiguous:
            yield f"  {AMBIGUOUS}"
        if trade is None:
            if fate.stage != "refused":  # that was said by who refused it
                yield f"account: {fate.stage}, {fate.fate}: {fate.reason}".replace(
                    f"{fate.fate}, {fate.fate}", fate.fate
                )
            yield from self._by_itself(call, fate)
            yield from self._alone(call)
            return
        size = f"account: {trade.quantity:.6g} units, {trade.risk or 0:,.2f} {currency} at risk"
        if not trade.path.fills:
            yield f"{size}; {_became(fate.stage, fate.fate)}: {fate.reason}"
        else:
            r = f" ({trade.r:+.2f} R)" if trade.r is not None else ""
            left = "" if now.over else f" if what is held were left at {price(one.price or 0.0)}"
            yield f"{size}, net {trade.net:+,.2f} {currency}{r}{left}"
            yield f"  gross {trade.gross:+,.2f}, fees {trade.fees:,.2f}, funding {trade.funding:,.2f}"
        for note in call.closing_notes:
            yield f"  ended {who(note.rule, note.where)}: {note.text}"
        if call.missed:
            yield "  late: something it did was worked out after the fact, when prices were back"
        yield from self._by_itself(call, fate)
        yield from self._alone(call)

    def _standing(self, call: PaperCall) -> Standing:
        """The trade, valued at the last price that is known."""
        live = self.replay is None
        known = last_prices(self.workspace, self.book) if live else kept_prices(self.book.fold)
        step_ms = int(self.book.begun.data["timeframe_ms"])
        return standing(call, last_bars(self._candles(call), known, self.book.fold.through_ms, step_ms))

    def _candles(self, call: PaperCall) -> Mapping[str, Candles]:
        """The candles of a replay, where a trade is left open at their end; a live account knows its last prices."""
        if self.replay is None or call.over or not self._loaded:
            return {}
        strategy = self._loaded[0].strategy
        try:
            bars = prices_of(self.workspace, strategy)[0].candles(call.plan.symbol)
        except InputError:
            return {}
        return {} if bars is None else {call.plan.symbol: bars.before(strategy.to_ms)}

    def _by_itself(self, call: PaperCall, fate: CallFate) -> Iterator[str]:
        """The call's own result in its channel's record, where the account's is another one."""
        trade = None if call.facts is None else call.trade()
        if fate.r is not None and (trade is None or trade.r is None or abs(trade.r - fate.r) > 1e-9):
            yield f"the call by itself, whatever the account did: {fate.r:+.2f} R net of costs"

    def _alone(self, call: PaperCall) -> Iterator[str]:
        """What the account of its channel alone did with it."""
        name = alone_name(self.book.account, call.plan.channel)
        fold = Fold(self.book.fold.terms)
        fold.take(told_of(self.book.ledger, name))
        for other in fold.rows:
            if (other.plan.signal_id, other.lane) == (self.identity, call.lane) and other.asked:
                trade = other.trade()
                made = f", net {trade.net:+,.2f} {self.book.currency}" if other.over and trade.path.fills else ""
                no = f" {who(other.notes[-1].rule, other.notes[-1].where)}" if other.refused and other.notes else ""
                yield f"{call.plan.channel} alone: {_became(stage_of(other), fate_of(other))}{no}{made}"


def _became(stage: str, fate: str) -> str:
    """Where a call ended, in a word or two: ``closed``, ``never filled, expired``."""
    return stage if stage == fate else f"{stage}, {fate}"
