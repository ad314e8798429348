"""The desk: messages and closed candles in, events out. All of paper trading that is not a matter of sockets.

    desk = Desk(account, ledger, lanes, readers, market, zone)     # what the ledger says is where it goes on
    desk.message(message)                       # each version of a post, in the order of arrival
    desk.minute(ts, symbols)                    # candles that opened at ``ts`` and are over, the oldest first

Both may be told again what they were told before (after a restart they are): what is answered stays answered, what a
call has seen it does not see again. Each input's events are written together, or none of them; only then they are told
to ``hear``.

A message that was read goes on to ``intake.py``, a candle to ``trades.py``, a person's word to ``byhand.py``. A
channel's messages may arrive in another order than they were posted (what was missed comes from the history while news
come in): then the channel is read again in their true order, so that an answer finds the call that it is about.

Where an account follows several channels, each of them also has an account of its own, with the same money and rules
(``alone``): a desk of one channel that is told the same messages and candles, and no person's word. Its events lie in
the same ledger, under the account's name and the channel's (``alone_name``), and are written together with the
account's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from engine.collect.reading import MessageReader, when_known
from engine.domain import Message, Refusal
from engine.market.candles import Candles
from engine.paper.broker import VirtualBroker
from engine.paper.byhand import obey
from engine.paper.call import WAITING, PaperCall
from engine.paper.codec import Data
from engine.paper.fold import Fold, told_of
from engine.paper.intake import Arrival, Intake
from engine.paper.lane import Lane
from engine.paper.ledger import Event, Key, Ledger
from engine.paper.market import Market
from engine.paper.outbox import Outbox
from engine.paper.trades import Trades

LATE_MS = 150_000  # what is worked out so long after its candle was over is marked as late


def alone_name(account: str, channel: str) -> str:
    """The name in the ledger of what one channel of an account does alone."""
    return f"{account}/{channel}"


@dataclass
class Desk:
    """See the module's docstring.

    Parameters
    ----------
    account
        Its name in the ledger.
    readers
        Reads the messages of each channel.
    now_ms
        The time, where calls are live: a call is acted on no earlier than it arrived, and one older than ``stale_ms``
        is refused (0: what each strategy says). None for history, where a call acts when its text was known.
    began_ms
        Messages known before that are read, and not acted on.
    hear
        Is told each event of the account once it is written.
    alone
        The desks of the channels, each alone, by channel.
    suspect
        Whether a message that was refused so looks like a call.
    """

    account: str
    ledger: Ledger
    lanes: Mapping[str, Lane]
    readers: dict[str, MessageReader]
    market: Market
    zone: str
    now_ms: Callable[[], int] | None = None
    stale_ms: int = 0
    began_ms: int = 0
    hear: Callable[[Event], None] = lambda _: None
    alone: Mapping[str, Desk] = field(default_factory=dict)
    suspect: Callable[[Message, Refusal], bool] = lambda *_: False

    def __post_init__(self) -> None:
        terms = {name: lane.terms for name, lane in self.lanes.items()}
        fold = Fold(terms)
        fold.take(told_of(self.ledger, self.account))
        self.outbox = Outbox(self.account, fold.keys)
        calls = {name: lane.strategy.calls for name, lane in self.lanes.items()}
        self.broker = VirtualBroker(calls, self.market.funding)
        self.trades = Trades(self.lanes, self.market, self.broker, self.outbox, self.zone)
        self.trades.restore(fold)
        self.books = self.trades.books
        self.intake = Intake(self.lanes, self.market, self.broker, self.books, self.outbox)
        self.intake.restore(fold.rows, fold.updates)
        self._heard_of: dict[str, list[Message]] = {}

    @property
    def _desks(self) -> tuple[Desk, ...]:
        """The channels alone, then the account itself."""
        return *self.alone.values(), self

    # ------------------------------------------------------------------ messages

    def message(self, message: Message) -> None:
        """A version of a post, an edit or a deletion."""
        if message.channel not in self.readers:
            return
        if self.now_ms is None:
            self._take(message, None)
        else:
            if message.channel not in self._heard_of:
                self.readers[message.channel].keep_readings()
            now_ms, heard = self.now_ms(), self._heard_of.setdefault(message.channel, [])
            heard.append(message)
            again = heard[-1:]
            if len(heard) > 1 and message.kind != "deletion" and when_known(message) < when_known(heard[-2]):
                heard.sort(key=when_known)
                self.readers[message.channel], again = self.readers[message.channel].anew(), heard
            for one in again:
                self._take(one, now_ms)
        self._commit()

    def _take(self, message: Message, now_ms: int | None) -> None:
        """Read a message and do what it says; nothing is written yet."""
        reader = self.readers[message.channel]
        signals, updates = reader.take(message)
        told = signals, updates, reader.withdrawn(message)
        if reader.refusal is not None and (now_ms is not None or reader.unfollowed):
            self._unread(message, reader.refusal, reader.unfollowed)
        arrival = Arrival(now_ms, self.began_ms, self.stale_ms)
        alone = self.alone.get(message.channel)
        if alone is not None:
            alone.intake.act(message, *told, arrival)
        self.intake.act(message, *told, arrival)

    def _unread(self, message: Message, refusal: Refusal, later: bool) -> None:
        """A live post that gave nothing: worth a word where its layout is known, or where it looks like a call.

        ``later``: it is a version of a call that is not followed, which is worth a word whatever it looks like, and
        counted over history too.
        """
        key: Key = (message.channel, message.message_id, message.version, "unread")
        if message.known_ms < self.began_ms or key in self.outbox.keys:
            return
        worth = refusal.code != "never" and bool(message.text.strip())
        if later or (worth and (refusal.code != "no-layout" or self.suspect(message, refusal))):
            said: Data = {"signal": message.key, "code": refusal.code, "text": refusal.text}
            said |= {"later": True} if later else {}
            self.outbox.tell("unread", message.known_ms, said, key=key)

    # ------------------------------------------------------------------ candles

    @property
    def through_ms(self) -> int:
        """The newest candle that was told."""
        return self.trades.through_ms

    def minute(self, ts_ms: int, symbols: Iterable[str]) -> None:
        """All candles that opened at ``ts_ms`` are over: those of these symbols are there and are looked at."""
        late = self.now_ms is not None and self.now_ms() - ts_ms - self.market.timeframe_ms > LATE_MS
        here = sorted(symbols)
        for desk in self._desks:
            desk.trades.live = self.now_ms is not None
            desk.trades.candle(ts_ms, here, late)
        self._commit()

    def decide(self, through_ms: int, late: bool = False) -> None:
        """Ask the account what can be asked; all candles that opened by ``through_ms`` were told."""
        for desk in self._desks:
            desk.trades.live = self.now_ms is not None
            desk.trades.decide(through_ms, late)
        self._commit()

    def funded(self) -> None:
        """The market's ``funding`` has more in it than before."""
        for desk in self._desks:
            desk.broker.funded()

    def look_at(self, fair: Mapping[str, Candles]) -> None:
        """Fair prices that will come beside the candles."""
        self.market.fair = fair

    def never_came(self, call: PaperCall) -> None:
        """A call whose first candle will not come: there are no candles for it."""
        alone = self.alone.get(call.plan.channel)
        row = None if alone is None else alone.intake.rows.get((call.lane, call.plan.signal_id))
        if alone is not None and row is not None and alone.books.rows[row].fate == WAITING:
            alone.never_came(alone.books.rows[row])
        self.trades.never_came(call)

    # ------------------------------------------------------------------ what is needed of the market

    def symbols(self) -> list[str]:
        """The symbols whose candles are needed now."""
        closing = {call.plan.symbol for call in self.closing()}
        others = {symbol for desk in self.alone.values() for symbol in desk.symbols()}
        return sorted({*self.broker.symbols(), *closing, *self.books.books.books.held, *others})

    def calls_on(self, symbol: str) -> list[PaperCall]:
        """The calls that candles of a symbol can still do something to, those of each channel alone included."""
        return [way for desk in self._desks for call in desk.broker.book.get(symbol, []) for way in call.ways]

    def unseen_ms(self, symbol: str) -> int | None:
        """From when on candles of a symbol can do something to a call; None where there is none in the market."""
        seen = [(call.plan.act_ms, call.stepper.position.state.last_ts) for call in self.calls_on(symbol)]
        step_ms = self.market.timeframe_ms
        return min((act_ms if last is None else last + step_ms for act_ms, last in seen), default=None)

    def waiting(self) -> list[PaperCall]:
        """The calls whose first candle has not come yet."""
        return [call for calls in self.broker.book.values() for call in calls if call.fate == WAITING]

    def closing(self) -> list[PaperCall]:
        """The trades of the account that are to be ended and are not yet."""
        return self.trades.closing()

    # ------------------------------------------------------------------ what is written

    def obey(self, order: Event, now_ms: int, given_ms: int | None = None) -> str:
        """Do what a person wants (``halt``, ``resume``, ``close``), once; what was done, in words.

        A pause holds from ``given_ms`` on (None: from now), and a pause that is resumed held until then: calls that
        acted before and are decided later are judged as they were live.
        """
        self.trades.live = self.now_ms is not None
        said = obey(self.trades, order, now_ms, now_ms if given_ms is None else given_ms)
        self.outbox.tell("done", now_ms, {"order": order.seq, "said": said})
        self.trades.keep_books()
        self._commit()
        return said

    def note(self, kind: str, at_ms: int, data: Data, row: int | None = None, key: Key | None = None) -> None:
        """Write something down that changes nothing."""
        self.outbox.tell(kind, at_ms, data, row, key)
        self._commit()

    def _commit(self) -> None:
        """Write what one input gave, then let it be heard; what came of channels alone is only written."""
        others = [event for desk in self.alone.values() for event in desk.outbox.taken()]
        events = self.outbox.taken()
        if others or events:
            self.ledger.append(*others, *events)
            for event in events:
                self.hear(event)
