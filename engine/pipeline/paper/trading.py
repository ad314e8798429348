"""One run of live trading: Telegram, the exchange's prices, the desk and its ledger in one event loop, until stopped.

1. Signing in, as for ``collect``; 2. the collector, the price feed (``pricefeed.py``) and the desk run together
(``engine/paper/live.py``); 3. what is written to the ledger is told (``telling.py``): in a table or lines, in the day's
log, by notices; so are an exchange that does not answer (``reach.py``) and files that are edited (``inputs.py``); what
is due once a day is in ``daily.py``, verdicts in ``judging.py``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from engine.collect.account import Account
from engine.collect.archive import Archive, ArchiveError
from engine.config.strategy import Fees
from engine.market.feed import FeedSettings, machine_ms
from engine.market.fees import fees_of
from engine.market.store import CandleStore
from engine.market.venue import origin_of
from engine.notify.notice import Notice, NoticeKind
from engine.paper.call import WAITING
from engine.paper.ledger import Event, Ledger, LedgerError
from engine.paper.live import Live
from engine.paper.pace import Pace
from engine.paper.prices import PriceBook
from engine.pipeline.alive import heart
from engine.pipeline.errors import InputError
from engine.pipeline.notify import make_sender
from engine.pipeline.paper.book import alive_prices, unwatched
from engine.pipeline.paper.changes import acting_from, refuse_another, standing_halts
from engine.pipeline.paper.daily import Daily
from engine.pipeline.paper.desk import Loaded, account_name, begin, hashes, make_desk, terms_of
from engine.pipeline.paper.inputs import InputWatch, differences, used_before
from engine.pipeline.paper.judging import Judging
from engine.pipeline.paper.known import Knowledge
from engine.pipeline.paper.presence import presence
from engine.pipeline.paper.pricefeed import live_prices
from engine.pipeline.paper.reach import Reach
from engine.pipeline.paper.stopping import until_stopped
from engine.pipeline.paper.telling import Telling
from engine.pipeline.paper.words import Verdicts
from engine.pipeline.sources import ProfileSources
from engine.problem import Problem
from engine.units import DAY_MS

if TYPE_CHECKING:
    from engine.collect.watch import Pace as CollectPace
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


class Trading:
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
        self.seen = alive_prices(workspace, account_name(loaded))
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
        refuse_another(self.ledger, name, self.loaded[0].strategy)
        self.loaded = acting_from(self.ledger, name, self.loaded, hashes(self.workspace.sources), now)
        began = next((event.at_ms for event in self.ledger.events(name, 0, "begin")), now)
        pays = self.market.type == "swap" and self.loaded[0].strategy.costs.funding != "none"
        desk = make_desk(
            self.loaded, terms, self.ledger, self.prices, self.known.funding if pays else None, self.zone,
            contracts=self.known.contracts, judged=self.verdicts.asked_by(self.loaded),
        )  # fmt: skip
        began -= began % 1000  # posts carry whole seconds: one of this very second is not older than the account
        desk.now_ms, desk.began_ms, desk.hear = self.settings.now_ms, began, self._hear
        self.terms = terms
        return desk

    def _begin(self) -> None:
        """The account begins, or goes on: only now that posts can be heard is it in the ledger."""
        now = self.settings.now_ms()
        if next(self.ledger.events(self.desk.account, 0, "begin"), None) is None:
            self.desk.began_ms = now - now % 1000
        begin(self.desk, self.loaded, self.terms, self.workspace, now)

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
            self._begin()
            collector = Collector(self.archive, lambda: Telegram(self.account), sources, pace, self.telling.collector)
            async with live_prices(self.market, self.settings, self.known, self.desk, self.telling) as (client, feed):
                self.client = client
                now_ms, tell = self.settings.now_ms, self.telling.tell
                live = Live(
                    self.desk, self.prices, feed, self._known, collector.listen, now_ms, tell,
                    self.known.fund if self.desk.market.funding is not None else None, self.settings.pace,
                )  # fmt: skip
                self.live = live
                live.instant.account.before.update(self.seen)
                inputs = InputWatch(self.workspace, self.loaded, self.desk, now_ms, self.telling.note)
                daily = Daily(self.workspace, self.desk, self.known, now_ms, self.telling.say, tell)
                judging = Judging(self.workspace, self.loaded, self.desk, self.verdicts, now_ms, self.telling.note)
                reach = Reach(self.client, tell, now_ms)
                self._greet(heard)
                async with AsyncExitStack() as beside:
                    beside.enter_context(presence(self.desk, self.workspace.alive_path, now_ms))
                    await beside.enter_async_context(heart(self.workspace.alive_path, say=lambda: self._alive(live)))
                    await self._practise(beside)
                    await until_stopped(
                        self.telling,
                        collector.run(),
                        live.run(),
                        reach.run(),
                        inputs.run(),
                        self.telling.show(self.desk, live),
                        daily.copies(),
                        judging.run(),
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
        self.telling.say(f"paper trading {self.desk.account}: {standing(self.desk.books.rows)}; Ctrl-C stops")
        self.telling.say(f"prices: {self.market.source} {self.market.type}, from {origin_of(self.client)}")
        changed = differences(self.before, hashes(self.workspace.sources)) if self.before else []
        if changed:
            files = ", ".join(changed)
            self.telling.note(f"changed since the last run: {files}; calls and rules from now on follow that")
        for line in (*standing_halts(self.desk, self.settings.now_ms()), *unwatched(self.ledger, self.desk.account)):
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
        """Which account this is and the last prices of what it and each channel alone hold, for ``paper status``."""
        account = live.instant.account
        held, known = {call.plan.symbol for call in account.open_calls()} | {*self.desk.symbols()}, account.prices()
        prices = {symbol: known[symbol] for symbol in sorted(held & {*known})}
        return json.dumps({"account": self.desk.account, "prices": prices})


def standing(calls: Sequence[PaperCall]) -> str:
    """How many calls stand how, in words; the same ones that ``paper status`` lists."""
    taken = [call for call in calls if call.facts is not None and not call.over]
    resting = sum(not call.acting.stepper.path().fills for call in taken)
    waiting = sum(call.fate == WAITING for call in calls)
    more = f", {waiting} waiting for a first candle" if waiting else ""
    return f"{len(taken) - resting} open, {resting} resting{more}"
