"""The testnet broker: places, protects, amends, cancels and closes the trades of a strategy at a test exchange.

    exchange = Exchange(client); await exchange.start()     # client: open_practice_client
    broker = Broker(exchange, journal, now_ms); await broker.start()
    await broker.place(ticket)                              # entry orders, each with its stop
    await broker.sync()                                     # fills, targets, stops; every few seconds
    await broker.amend(id, stop=..., targets=..., rungs=...)
    await broker.cancel(id) ; await broker.close(id, share, cause)

Every call can be repeated: a ticket is placed once, a cause closes once. What the exchange does not answer stays open
in the journal and is settled by the next ``sync``. ``driving.py`` has what happens in a round.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Container
from dataclasses import asdict

from engine.market.asking import RefusedError
from engine.problem import Problem
from engine.testnet.driving import Driver
from engine.testnet.exchange import Exchange, Found, StopOrder
from engine.testnet.journal import Journal
from engine.testnet.sending import ARRIVES_WITHIN_S, Sender
from engine.testnet.ticket import Cause, Rung, Sent, Standing, Ticket, client_id, entry_ids

LOG = logging.getLogger(__name__)


class Broker:
    """One account at one test exchange. ``now_ms`` is the clock by which orders expire."""

    def __init__(
        self,
        exchange: Exchange,
        journal: Journal,
        now_ms: Callable[[], int],
        arrives_within_s: float = ARRIVES_WITHIN_S,
    ) -> None:
        self.exchange, self.journal, self._now_ms = exchange, journal, now_ms
        self._sender = Sender(exchange, journal, arrives_within_s)
        self._driver = Driver(exchange, journal, self._sender)
        self._short: dict[tuple[str, bool], tuple[float, float]] = {}
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def start(self) -> list[Problem]:
        """Ask about everything that was under way when the last process ended, and drive it on.

        Orders at the market that were never sent are given up: they would be late. Returns what could not be settled.
        """
        for standing in self.living():
            for number, (id_, rung) in enumerate(standing.rungs, 1):
                if rung.kind == "market" and id_ not in standing.sent:
                    sent = Sent(id_, "entry", f"entry {number}", rung.contracts, None)
                    self.journal.send(standing.ticket.id, sent)
                    self._sender.ended(standing, standing.sent[id_], "missing", "not sent before the restart")
        return await self.sync()

    def living(self) -> list[Standing]:
        """The tickets that are not over."""
        return [standing for standing in self.journal.standings.values() if not standing.over]

    async def place(self, ticket: Ticket) -> Standing:
        """Send a ticket's entry orders, once. Raises RefusedError when nobody answers, OSError (nothing was sent)."""
        async with self._locks[ticket.id]:
            if ticket.id not in self.journal.standings:
                self.journal.open(ticket)
            standing = self.journal.standings[ticket.id]
            await self._round(standing)
            return standing

    async def amend(
        self,
        ticket_id: str,
        stop: float | None = None,
        targets: tuple[tuple[float, float], ...] | None = None,
        rungs: tuple[Rung, ...] | None = None,
        cause: Cause | None = None,
    ) -> Standing:
        """Another stop, other targets (price and share of what was filled), other entry orders; None leaves it.

        ``cause`` is the message that wants other entry orders: the same one changes them once.
        """
        async with self._locks[ticket_id]:
            standing = self.journal.standings[ticket_id]
            new_stop = standing.stop if stop is None else stop
            new_targets = standing.targets if targets is None else targets
            moved = new_stop != standing.stop
            if moved or new_targets != standing.targets:
                self.journal.write("levels", ticket_id, stop=new_stop, targets=new_targets)
            if rungs is not None:
                made = entry_ids(standing.ticket, cause or standing.ticket.cause, rungs)
                if not {id_ for id_, _ in made} <= standing.sent.keys():
                    rows = [[id_, asdict(rung)] for id_, rung in made]
                    self.journal.write("rungs", ticket_id, rungs=rows)
            for sent in standing.of("entry"):
                if moved and new_stop is not None and sent.resting and not sent.plan:
                    await self.exchange.move_attached(sent.exchange_id, new_stop, standing.ticket.symbol)
            await self._round(standing)
            return standing

    async def cancel(self, ticket_id: str, prices: Container[float] | None = None) -> Standing:
        """Take back the entry orders that rest (None: all), or those at some prices; what is held stays."""
        async with self._locks[ticket_id]:
            standing = self.journal.standings[ticket_id]
            if prices is not None:
                kept = [(id_, rung) for id_, rung in standing.rungs if rung.price is None or rung.price not in prices]
                if len(kept) < len(standing.rungs):
                    self.journal.write("rungs", ticket_id, rungs=[[id_, asdict(rung)] for id_, rung in kept])
            elif not standing.cancelled:
                self.journal.write("cancel", ticket_id)
            await self._round(standing)
            return standing

    async def close(self, ticket_id: str, share: float = 1.0, cause: Cause | None = None) -> Standing:
        """Close a share of what is held at the market (1: all, and the entry orders go). A cause closes once."""
        async with self._locks[ticket_id]:
            standing = self.journal.standings[ticket_id]
            ticket = standing.ticket
            part = "close 1" if share >= 1 else "close a part"  # however large, for the same cause it is the same one
            id_ = client_id(ticket.account, cause or ticket.cause, f"{ticket.id}: {part}")
            if all(closing.id != id_ for closing in standing.closings):
                self.journal.write("closing", ticket_id, id=id_, share=share)
            if share >= 1 and not standing.cancelled:
                self.journal.write("cancel", ticket_id)
            await self._round(standing)
            return standing

    async def sync(self) -> list[Problem]:
        """One round for every living ticket; what could not be settled now, and will be tried again."""
        found: list[Problem] = []
        if not self.living():
            return found
        try:
            book, stops = await self.exchange.book(), await self.exchange.stops()
        except RefusedError as error:
            return [error.problem]
        for standing in self.living():
            async with self._locks[standing.ticket.id]:
                try:
                    await self._round(standing, book, stops)
                except RefusedError as error:
                    found.append(error.problem)
                except OSError as error:
                    found.append(Problem(f"cannot be written: {error.strerror}", str(self.journal.path)))
        return found or await self._compare()

    async def _round(
        self, standing: Standing, book: dict[str, Found] | None = None, stops: list[StopOrder] | None = None
    ) -> None:
        await self._sender.resolve(standing)
        changed = await self._driver.read(standing, book)
        if not standing.over:
            await self._driver.drive(standing, self._now_ms(), None if changed else stops)

    async def _compare(self) -> list[Problem]:
        """Whether the exchange holds what the tickets hold: a liquidation or a hand may have closed something.

        It counts when two rounds see the same. Tickets whose position is gone take that as their end, at the present
        price.
        """
        held: dict[tuple[str, bool], list[Standing]] = defaultdict(list)
        for standing in self.living():
            if standing.held > 0:
                held[standing.ticket.symbol, standing.ticket.side.sign > 0].append(standing)
        try:
            at_exchange = await self.exchange.holds() if held else {}
        except RefusedError as error:
            return [error.problem]
        found: list[Problem] = []
        short: dict[tuple[str, bool], tuple[float, float]] = {}
        for key, standings in held.items():
            ours, theirs = sum(standing.held for standing in standings), at_exchange.get(key, 0.0)
            if theirs >= ours:
                continue
            short[key] = (ours, theirs)
            if self._short.get(key) != short[key]:
                continue  # something may have been filled between the questions
            text = f"{key[0]}: the exchange holds {theirs:g} contracts, the journal {ours:g}"
            found.append(Problem(text, hint="something was liquidated or closed by hand"))
            price = await self.exchange.price(key[0])
            for standing in standings if not theirs else ():
                more = {"stop_id": "elsewhere", "contracts": standing.held, "average": price}
                self.journal.write("stopped", standing.ticket.id, **more)
        self._short = short
        return found
