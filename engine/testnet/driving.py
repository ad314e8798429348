"""Making the exchange equal to what is wanted of a ticket, however it came to differ.

Read first: what was filled, what its stops closed. Then, each only where something is amiss:

1. Entry orders that are wanted no more go (cancelled, expired, the first target was taken), missing ones are sent.
2. Wishes to close are carried out: the targets leave the book, and what is held goes out at the market.
3. Each held contract has a stop at the wanted price. Where the exchange will not move it because the price is beyond it
   already, or where a stop has triggered and left something, the rest is closed.
4. The targets rest as orders that only reduce the position, in the wanted number of contracts.
5. A ticket that holds nothing and waits for nothing is over, and its stops go.

Everything can be done again: a crash in the middle leaves a difference, and the next round removes it.
"""

from __future__ import annotations

import logging

from engine.testnet.exchange import Exchange, Found, StopOrder
from engine.testnet.journal import Journal
from engine.testnet.sending import Sender
from engine.testnet.ticket import Sent, Standing, client_id, wanted_targets

LOG = logging.getLogger(__name__)
ROUNDS = 3
TRIES = 5
"""So often a limit that never arrived is sent again, with its id, while it is wanted."""
CLOSINGS = 5
"""So many orders at the market are tried for one ticket's rest, then somebody has to look."""


class Driver:
    """Drives the tickets of one journal at one exchange."""

    def __init__(self, exchange: Exchange, journal: Journal, sender: Sender) -> None:
        self.exchange, self.journal, self.sender = exchange, journal, sender

    async def read(self, standing: Standing, book: dict[str, Found] | None = None) -> bool:
        """Take over what was filled and closed; whether anything was. ``book`` saves questions about what is in it."""
        changed = False
        symbol, name = standing.ticket.symbol, standing.ticket.id
        for sent in [sent for sent in standing.sent.values() if sent.resting]:
            known = None if sent.plan or book is None else book.get(sent.exchange_id)
            if sent.plan:
                known = await self.exchange.look_plan(symbol, sent.exchange_id)
            elif known is None:
                known = await self.exchange.look(symbol, sent.exchange_id)
            if known is None:
                self.sender.ended(standing, sent, "cancelled", "the exchange has it no more")
                changed = True
                continue
            if sent.plan and not known.plan:
                self.sender.placed(standing, sent, known.exchange_id, plan=False)
            changed |= known.filled != sent.filled or not known.open
            if known.filled != sent.filled:
                self.journal.write("filled", name, id=sent.id, contracts=known.filled, average=known.average)
            if not known.open:
                self.sender.ended(standing, sent, "filled" if known.filled >= sent.contracts else "cancelled")
        return changed

    async def stops(self, standing: Standing, known: list[StopOrder] | None = None) -> list[StopOrder]:
        """The stops of a ticket that wait (``known`` are all that wait anywhere, and save a question).

        Where they guard less than is held, what the triggered ones closed is taken over.
        """
        symbol = standing.ticket.symbol
        waiting = known if known is not None else await self.exchange.stops(symbol)
        live = self._mine(standing, waiting)
        if sum(stop.contracts for stop in live) == standing.held:
            return live
        for stop in self._mine(standing, await self.exchange.stops(symbol, finished=True)):
            order = None if stop.placed == "0" else await self.exchange.look(symbol, stop.placed)
            if order is not None and standing.stopped.get(stop.id, (0.0, 0.0))[0] != order.filled:
                more = {"stop_id": stop.id, "contracts": order.filled, "average": order.average}
                self.journal.write("stopped", standing.ticket.id, **more)
        return live

    def _mine(self, standing: Standing, stops: list[StopOrder]) -> list[StopOrder]:
        entries = {sent.exchange_id for sent in standing.of("entry") if sent.exchange_id}
        return [stop for stop in stops if stop.order in entries or stop.id in standing.guards]

    async def drive(self, standing: Standing, now_ms: int, known: list[StopOrder] | None = None) -> None:
        """One round of what the module tells. Raises RefusedError when nobody answers, OSError (nothing was sent)."""
        before = standing.entered
        await self._entries(standing, now_ms)
        fresh = None if standing.entered != before else known
        stops = await self.stops(standing, fresh) if standing.entered else []
        if standing.entered:
            await self._closings(standing)
        if standing.held > 0:
            stops = await self._protect(standing, stops)
        if standing.held > 0 and not self._closing(standing):
            await self._targets(standing)
        if standing.held <= 0 and not standing.waits:
            await self._finish(standing, stops)

    # ------------------------------------------------------------------ entries

    async def _entries(self, standing: Standing, now_ms: int) -> None:
        ticket = standing.ticket
        no_more = standing.cancelled or now_ms >= ticket.expire_ms or standing.targets_taken > 0
        wanted = {} if no_more else dict(standing.rungs)
        for sent in [sent for sent in standing.of("entry") if sent.resting and sent.id not in wanted]:
            await self.exchange.cancel(ticket.symbol, sent.exchange_id, plan=sent.plan)
            await self.read(standing)
        for number, (id_, rung) in enumerate(wanted.items(), 1):
            known = standing.sent.get(id_)
            again = known is not None and known.ended == "missing" and rung.kind != "market" and known.tries < TRIES
            if known is None or again:
                price = None if rung.kind == "market" else rung.price
                sent = Sent(id_, "entry", f"entry {number}", rung.contracts, price, plan=rung.kind == "stop")
                await self.sender.order(standing, sent, rung)
                await self.read(standing)

    # ------------------------------------------------------------------ closings

    def _closing(self, standing: Standing) -> bool:
        """Whether an order to close everything is on its way."""
        whole = {closing.id for closing in standing.closings if closing.share >= 1}
        return any(sent.ended is None for sent in standing.of("close") if sent.id in whole)

    async def _closings(self, standing: Standing) -> None:
        for closing in list(standing.closings):
            if closing.id in standing.sent or standing.held <= 0:
                continue
            await self._free(standing)
            contracts = standing.held if closing.share >= 1 else float(round(standing.held * closing.share))
            if contracts >= 1:
                await self._close(standing, closing.id, contracts)

    async def _close(self, standing: Standing, id_: str, contracts: float) -> None:
        action = f"close {len(standing.of('close')) + 1}"
        await self.sender.order(standing, Sent(id_, "close", action, contracts, None))
        await self.read(standing)

    async def close_rest(self, standing: Standing, why: str) -> None:
        """Close everything that is held, for a reason of the exchange's and not of the channel's."""
        number = len(standing.closings) + 1
        if number > CLOSINGS or self._closing(standing):
            return
        LOG.warning("%s: %s; the rest is closed at the market", standing.ticket.id, why)
        ticket = standing.ticket
        id_ = client_id(ticket.account, ticket.cause, f"{ticket.id}: rest {number}")
        self.journal.write("closing", ticket.id, id=id_, share=1.0, why=why)
        await self._closings(standing)

    async def _free(self, standing: Standing) -> None:
        """Take the targets out of the book, so that their contracts can be closed."""
        resting = [sent for sent in standing.of("target") if sent.resting]
        for sent in resting:
            await self.exchange.cancel(standing.ticket.symbol, sent.exchange_id, plan=False)
        if resting:
            await self.read(standing)

    # ------------------------------------------------------------------ stops

    async def _protect(self, standing: Standing, stops: list[StopOrder]) -> list[StopOrder]:
        ticket = standing.ticket
        if any(contracts > 0 for contracts, _ in standing.stopped.values()):
            await self.close_rest(standing, "a stop has triggered and left a part")
            return stops
        if any(closing.share >= 1 for closing in standing.closings):
            await self.close_rest(standing, "a part was not closed")
            return stops
        if standing.stop is None:
            return stops
        level = self.exchange.level(ticket.symbol, standing.stop)
        for stop in stops:
            if stop.price != level:
                against = await self.exchange.move_stop(stop, level, ticket.symbol)
                if against is not None:
                    await self._beyond(standing, against.text)
                    return stops
        covered = sum(stop.contracts for stop in stops)
        if covered < standing.held:
            refusal = await self._guard(standing, standing.held - covered, level)
            if refusal:
                await self._beyond(standing, refusal)
            return await self.stops(standing)
        return stops

    async def _guard(self, standing: Standing, contracts: float, level: float) -> str:
        """Adopt a stop that belongs to nobody (its answer was lost), or place one; what is against it."""
        ticket = standing.ticket
        for attempt in range(2):
            taken = {guard for other in self.journal.standings.values() for guard in other.guards}
            for stop in await self.exchange.stops(ticket.symbol):
                fits = (stop.long, stop.price, stop.contracts) == (ticket.side.sign > 0, level, contracts)
                if stop.order == "0" and stop.id not in taken and fits:
                    self.journal.write("guard", ticket.id, stop_id=stop.id)
                    return ""
            if not attempt:
                against = await self.exchange.guard(ticket.symbol, ticket.side, contracts, level)
                if against is not None:
                    return against.text
        return ""

    async def _beyond(self, standing: Standing, text: str) -> None:
        """The exchange takes no stop at the wanted price: leave when the price is there, else say so and try again."""
        ticket = standing.ticket
        price = await self.exchange.price(ticket.symbol)
        if standing.stop is not None and (price - standing.stop) * ticket.side.sign <= 0:
            await self.close_rest(standing, "the price is beyond the stop")
        else:
            LOG.error("%s has no stop at %g: %s", ticket.id, standing.stop, text)

    # ------------------------------------------------------------------ targets

    async def _targets(self, standing: Standing) -> None:
        ticket = standing.ticket
        for _ in range(ROUNDS):
            wanted = wanted_targets(standing)
            resting: dict[float, float] = {}
            wrong = []
            for sent in standing.of("target"):
                if not sent.resting or sent.price is None:
                    continue
                if sent.contracts - sent.filled == wanted.get(sent.price) and sent.price not in resting:
                    resting[sent.price] = sent.contracts - sent.filled
                else:
                    wrong.append(sent)
            for sent in wrong:
                await self.exchange.cancel(ticket.symbol, sent.exchange_id, plan=False)
            if wrong:
                await self.read(standing)
                continue
            missing = {price: contracts for price, contracts in wanted.items() if price not in resting}
            for price, contracts in missing.items():
                action = f"target at {price:g}, {len(standing.sent) + 1}"
                id_ = client_id(ticket.account, ticket.cause, f"{ticket.id}: {action}")
                await self.sender.order(standing, Sent(id_, "target", action, contracts, price))
            if missing:
                await self.read(standing)
            return

    async def _finish(self, standing: Standing, stops: list[StopOrder]) -> None:
        """Nothing is held and nothing waits."""
        resting = [sent for sent in standing.sent.values() if sent.resting]
        for sent in resting:
            await self.exchange.cancel(standing.ticket.symbol, sent.exchange_id, plan=sent.plan)
        if resting:
            await self.read(standing)
        for stop in stops:
            await self.exchange.drop_stop(stop)
        if not any(sent.ended is None for sent in standing.sent.values()):
            self.journal.write("over", standing.ticket.id)
