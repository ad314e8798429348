"""``cli.py paper STRATEGY``: Telegram, the exchange's prices, the desk and its ledger in one event loop, until stopped.

1. the strategies are checked, and one process alone has the ledger and the login; 2. signing in, as for ``collect``;
3. the collector, the price feed and the desk run together (``engine/paper/live.py``); 4. what is written to the ledger
is told (``telling.py``): in a table or lines, in the day's log, by notices; so are an exchange that does not answer
(``reach.py``) and files that are edited (``inputs.py``); what is due once a day is in ``daily.py``; 5. SIGTERM and
Ctrl-C end it when what is known is written.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from engine.collect.account import Account, load_account
from engine.collect.archive import Archive, ArchiveError
from engine.collect.private import NotPrivateError
from engine.config.strategy import Fees
from engine.market.asking import CutOffError
from engine.market.feed import Feed, FeedSettings, machine_ms
from engine.market.fees import fees_of
from engine.market.store import CandleStore
from engine.market.venue import origin_of
from engine.notify.notice import Notice, NoticeKind
from engine.paper.call import WAITING
from engine.paper.ledger import Event, Ledger, LedgerError
from engine.paper.live import Live, Pace, PriceFeed
from engine.paper.prices import PriceBook
from engine.pipeline.alive import heart
from engine.pipeline.alone import alone
from engine.pipeline.errors import InputError
from engine.pipeline.notify import make_sender
from engine.pipeline.paper.daily import Daily
from engine.pipeline.paper.desk import Loaded, account_name, begin, hashes, load, make_desk, open_ledger, terms_of
from engine.pipeline.paper.fair import FairFeed
from engine.pipeline.paper.inputs import InputWatch, differences, used_before
from engine.pipeline.paper.known import Knowledge
from engine.pipeline.paper.presence import presence
from engine.pipeline.paper.reach import Reach
from engine.pipeline.paper.telling import Telling
from engine.pipeline.paper.verdict import Verdicts
from engine.pipeline.sources import ProfileSources
from engine.problem import Problem
from engine.tasks import end_tasks
from engine.units import DAY_MS, show_time

if TYPE_CHECKING:
    from engine.collect.watch import Pace as CollectPace
    from engine.config.strategy import Strategy
    from engine.paper.call import PaperCall
    from engine.paper.desk import Desk
    from engine.pipeline.workspace import Workspace

Say = Callable[[str], None]
REMEMBERED_MS = 40 * DAY_MS  # updates are bound to calls of the last thirty days


@dataclass(frozen=True)
class Settings:
    """What tests change: how fast things go, and whose clock counts."""

    pace: Pace = field(default_factory=Pace)
    feed: FeedSettings = field(default_factory=FeedSettings)
    collect: CollectPace | None = None
    now_ms: Callable[[], int] = machine_ms


def run_live(workspace: Workspace, given: Sequence[str], say: Say, settings: Settings | None = None) -> None:
    """Trade until stopped. Raises InputError for what a person can mend, also when it happens on the way."""
    from engine.pipeline.collect import sign_in_problems

    loaded = [load(workspace, name) for name in given]
    _check(loaded)
    settings = settings or Settings()
    if not sys.stdout.isatty():
        say = timed(say, workspace.settings.timezone, settings.now_ms)
    found = load_account(workspace.root / ".env", workspace.archive_path.parent)
    if isinstance(found, Problem):
        more = f"{found.hint}; to practise without an account: docs/paper-trading.md"
        raise InputError(replace(found, hint=more) if "is missing" in found.text else found)
    for note in found.notes:
        say(f"note: {note}")
    try:
        with ExitStack() as stack:
            path = workspace.ledger_path
            stack.enter_context(alone(path, "another process trades on this ledger", "stop it first"))
            stack.enter_context(alone(found.session, "another process collects with this login", "stop it first"))
            ledger = open_ledger(path)
            stack.callback(ledger.close)
            stack.enter_context(sign_in_problems())
            asyncio.run(_Trading(workspace, loaded, found, ledger, say, settings).run())
    except LedgerError as error:
        raise InputError(error.problem) from None
    except (NotPrivateError, ArchiveError) as error:
        raise InputError(error.problem) from None


def timed(say: Say, zone: str, now_ms: Callable[[], int]) -> Say:
    """Lines with the time of day before them, in the workspace's zone."""
    return lambda text: say(f"{show_time(now_ms(), zone)[11:]} {text}")


def _check(loaded: Sequence[Loaded]) -> None:
    """Strategies of one account have one market, one time frame and one currency. Raises InputError."""
    first = loaded[0].strategy
    for strategy in (one.strategy for one in loaded):
        if strategy.market.source in ("imported", "synthetic"):
            text = f"live prices come from an exchange, not from {strategy.market.source} candles"
            raise InputError(Problem(text, strategy.path, hint="write market: {source: mexc, ...}"))
        other = [
            name
            for name, mine, its in (
                ("market", strategy.market, first.market),
                ("currency", strategy.currency, first.currency),
                ("equity", strategy.equity, first.equity),
                ("funding", _funding(strategy), _funding(first)),
            )
            if mine != its
        ]
        if other:
            text = f"{first.name} and {strategy.name} cannot share an account: they differ in {' and '.join(other)}"
            raise InputError(Problem(text, strategy.path, hint="run them one by one, each in a workspace of its own"))


def _funding(strategy: Strategy) -> tuple[object, object]:
    return strategy.costs.funding, strategy.costs.funding_else


class _Trading:
    """One run of live trading."""

    def __init__(
        self,
        workspace: Workspace,
        loaded: Sequence[Loaded],
        account: Account,
        ledger: Ledger,
        say: Say,
        settings: Settings,
    ) -> None:
        self.workspace, self.loaded, self.account, self.ledger = workspace, loaded, account, ledger
        self.settings = settings
        self.zone, self.market = workspace.settings.timezone, loaded[0].strategy.market
        self.telling = Telling(say, make_sender(workspace), account_name(loaded), loaded[0].strategy.currency)
        self.archive = Archive(workspace.archive_path)
        self.prices = PriceBook(self.market.timeframe_ms)
        strategies = [one.strategy for one in loaded]
        self.known = Knowledge(CandleStore(workspace.candles_path), strategies, settings.now_ms)
        self.listeners: list[Callable[[Event], None]] = []
        self.live: Live | None = None
        self.before = used_before(ledger, account_name(loaded))
        self.verdicts = Verdicts.kept(ledger, account_name(loaded))
        self.desk = self._desk()

    def _desk(self) -> Desk:
        now = self.settings.now_ms()
        terms = {}
        for one in self.loaded:
            fees = one.strategy.costs.fees
            if not isinstance(fees, Fees):
                found = fees_of(fees, self.market.type, now)
                if isinstance(found, Problem):
                    raise InputError(replace(found, path=one.strategy.path))
                fees = found.fees
            terms[one.strategy.name] = terms_of(one.strategy, fees)
        name = account_name(self.loaded)
        began = next((event.at_ms for event in self.ledger.events(name, 0, "begin")), now)
        pays = self.market.type == "swap" and self.loaded[0].strategy.costs.funding != "none"
        desk = make_desk(
            self.loaded, terms, self.ledger, self.prices, self.known.funding if pays else None, self.zone,
            contracts=self.known.contracts, judged=self.verdicts.asked_by(self.loaded),
        )  # fmt: skip
        began -= began % 1000  # posts carry whole seconds: one of this very second is not older than the account
        desk.now_ms, desk.began_ms, desk.hear = self.settings.now_ms, began, self._hear
        begin(desk, self.loaded, terms, self.workspace, now)
        return desk

    # ------------------------------------------------------------------ running

    async def run(self) -> None:
        """Sign in, then trade until SIGTERM or SIGINT."""
        from engine.collect.collector import Collector
        from engine.collect.feed import LoginRevoked
        from engine.collect.signin import sign_in
        from engine.collect.telegram import Telegram
        from engine.pipeline.collect import Terminal, pace_of

        sources = ProfileSources(self.workspace, lambda text: self.telling.say(f"problem: {text}"))
        heard = sources()
        if not heard:
            hint = "write such a line into a profile: source: telegram @name"
            raise InputError(Problem("no profile has a Telegram source", "channels/", hint=hint))
        try:
            if await sign_in(self.account, Terminal(), by_qr=False):
                self.telling.say("signed in; the login is kept beside the archive (guard it like a password)")
            pace = self.settings.collect or pace_of(self.workspace.settings.collect)
            collector = Collector(self.archive, lambda: Telegram(self.account), sources, pace, self.telling.collector)
            async with self._feed() as feed:
                now_ms, tell = self.settings.now_ms, self.telling.tell
                live = Live(
                    self.desk, self.prices, feed, self._known, collector.listen, now_ms, tell,
                    self.known.fund if self.desk.funding is not None else None, self.settings.pace,
                )  # fmt: skip
                self.live = live
                inputs = InputWatch(self.workspace, self.loaded, self.desk, now_ms, self.telling.note)
                daily = Daily(
                    self.workspace, self.loaded, self.desk, self.known, self.verdicts, now_ms, self.telling.say, tell
                )
                reach = Reach(self.client, tell, now_ms)
                self._greet(heard)
                async with AsyncExitStack() as beside:
                    beside.enter_context(presence(self.desk, self.workspace.alive_path, now_ms))
                    await beside.enter_async_context(heart(self.workspace.alive_path, say=lambda: self._alive(live)))
                    await self._practise(beside)
                    await self._until_stopped(
                        collector.run(),
                        live.run(),
                        reach.run(),
                        inputs.run(),
                        self.telling.show(self.desk, live),
                        daily.copies(),
                        daily.judge(),
                    )
        except LoginRevoked as error:
            self.telling.tell(Notice(NoticeKind.ERROR, "the login was revoked", str(error.problem)))
            raise
        except (LedgerError, ArchiveError) as error:
            text = f"{error.problem}. Paper trading has stopped; nothing that is not written counts."
            self.telling.tell(Notice(NoticeKind.ERROR, "paper trading has stopped", text))
            raise
        finally:
            await self.telling.sender.close()

    def _greet(self, heard: Mapping[str, str]) -> None:
        """What is traded, at whose prices, what stands open, and what is different from the last run."""
        from engine.pipeline.paper.book import unwatched

        self.telling.say(f"paper trading {self.desk.account}: {standing(self.desk.books.rows)}; Ctrl-C stops")
        self.telling.say(f"prices: {self.market.source} {self.market.type}, from {origin_of(self.client)}")
        changed = differences(self.before, hashes(self.workspace.sources)) if self.before else []
        if changed:
            self.telling.note(f"changed since the last run: {', '.join(changed)}; calls from now on follow that")
        for line in unwatched(self.ledger, self.desk.account):
            self.telling.note(line)
        for name in sorted({name for one in self.loaded for name in one.strategy.channels} - set(heard)):
            self.telling.note(f"problem: channels/{name}.channel has no Telegram source; its calls are not heard")

    async def _practise(self, beside: AsyncExitStack) -> None:
        """Send the trades of strategies that name a test exchange there too. Raises InputError."""
        for strategy in (one.strategy for one in self.loaded):
            if strategy.testnet:
                from engine.pipeline.paper.testnet import mirror_of

                mirror = await beside.enter_async_context(
                    mirror_of(strategy, self.workspace, self.desk.books.rows, self._testnet, self.settings.now_ms)
                )
                self.listeners.append(mirror.hear)
                self.telling.say(f"trades of {strategy.name} are sent to the test exchange {strategy.testnet} too")

    def _testnet(self, problem: Problem) -> None:
        """What the test exchange does not do as it should."""
        self.telling.tell(Notice(NoticeKind.ERROR, "test exchange", str(problem)))

    async def _until_stopped(self, *work: Any) -> None:
        """Run until SIGTERM, SIGINT, or until something ends by a fault."""
        tasks = [asyncio.create_task(one) for one in work]
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with suppress(NotImplementedError):  # Windows: Ctrl-C raises KeyboardInterrupt instead
                loop.add_signal_handler(number, stop.set)
        stopping = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                try:
                    task.result()
                except asyncio.CancelledError as error:
                    raise CutOffError("a part of it was cut off, and nobody had asked for that") from error
        except Exception as error:
            if not _is_told(error):
                text = f"A fault of the program: {type(error).__name__}: {error}. What is written counts; the details "
                text += "are in the day's log. Start it again: it goes on where the ledger ends."
                self.telling.tell(Notice(NoticeKind.ERROR, "paper trading has stopped", text))
            raise
        finally:
            await end_tasks(stopping, *tasks)
        self.telling.say("stopped; everything is written")

    @asynccontextmanager
    async def _feed(self) -> AsyncIterator[PriceFeed]:
        """The exchange's live prices."""
        from engine.market.venue import open_client

        client = open_client(self.market.source, self.market.type, live=True)
        if isinstance(client, Problem):
            raise InputError(client)
        self.client = client
        feed = Feed(
            client,
            self.market.source,
            self.market.type,
            self.market.timeframe,
            self.settings.feed,
            self.settings.now_ms,
        )
        try:
            async with feed:
                await self.known.open(client)
                unknown = self.known.unknown(client)
                if unknown:
                    self.telling.say(unknown)
                yield feed if self.market.type == "spot" or not client.has.get("fetchMarkOHLCV") else self._fair(feed)
        finally:
            await client.close()

    def _fair(self, feed: Feed) -> FairFeed:
        """The live prices, with the fair prices beside them."""
        step, market = self.market.timeframe_ms, self.known.contracts.market
        source, timeframe = self.market.source, self.market.timeframe
        fair = FairFeed(feed, self.client, source, timeframe, step, self.desk.unseen_ms, market, self._missing)
        self.desk.look_at(fair.prices)
        return fair

    def _missing(self, text: str) -> None:
        """Fair prices do not come."""
        self.telling.tell(Notice(NoticeKind.ERROR, "fair prices", text))

    def _known(self) -> list[Any]:
        """The messages of the archive that an update may still be about."""
        since = self.desk.began_ms - REMEMBERED_MS
        return [m for m in Archive(self.workspace.archive_path).read() if m.known_ms >= since]

    def _hear(self, event: Event) -> None:
        """An event is in the ledger: log it, show it, send it."""
        call = None if event.row is None else self.desk.books.rows[event.row]
        news = event if self.live is None or self.live.news is None else self.live.news
        self.telling.event(news, call)
        for listener in self.listeners:
            listener(event)

    def _alive(self, live: Live) -> str:
        """Which account this is and the last prices of what it holds, for ``paper status``."""
        held = {call.plan.symbol for call in live.instant.account.open_calls()} | set(self.desk.books.books.books.held)
        prices = {symbol: live.last[symbol] for symbol in sorted(held) if symbol in live.last}
        return json.dumps({"account": self.desk.account, "prices": prices})


def _is_told(error: Exception) -> bool:
    """Whether what ended a run is no fault of the program; it is told by whoever catches it."""
    from engine.collect.feed import LoginRevoked, Unreachable
    from engine.collect.signin import SignInError

    mended = (InputError, LedgerError, ArchiveError, NotPrivateError, LoginRevoked, Unreachable, SignInError)
    return isinstance(error, mended)


def standing(calls: Sequence[PaperCall]) -> str:
    """How many calls stand how, in words; the same ones that ``paper status`` lists."""
    taken = [call for call in calls if call.facts is not None and not call.over]
    resting = sum(not call.acting.stepper.path().fills for call in taken)
    waiting = sum(call.fate == WAITING for call in calls)
    more = f", {waiting} waiting for a first candle" if waiting else ""
    return f"{len(taken) - resting} open, {resting} resting{more}"
