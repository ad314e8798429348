"""Sending an order once, however often the line breaks.

An order is in the journal before its request leaves. Without an answer nobody knows whether it arrived; then the
exchange is asked by the client's id until it shows the order, or until no request signed back then can be accepted any
more (MEXC takes none that is older than ten seconds). Only after that may it be sent again, with the same id; and an
order at the market, which would be late by then, is not.
"""

from __future__ import annotations

import asyncio
import logging
import time

from engine.market.asking import RefusedError
from engine.testnet.exchange import NOT_ARRIVED, Exchange, Found
from engine.testnet.journal import Journal
from engine.testnet.line import Said
from engine.testnet.ticket import Rung, Sent, Standing

LOG = logging.getLogger(__name__)
ARRIVES_WITHIN_S = 12.0
ATTEMPTS = 4
LATE_S = 5.0
"""An order at the market that could not be sent for so long is not sent any more."""


class Sender:
    """Sends orders of one exchange and journal. ``arrives_within_s`` as told above."""

    def __init__(self, exchange: Exchange, journal: Journal, arrives_within_s: float = ARRIVES_WITHIN_S) -> None:
        self.exchange, self.journal, self.arrives_within_s = exchange, journal, arrives_within_s
        self._began = time.monotonic()
        self._sent_at: dict[str, float] = {}

    async def order(self, standing: Standing, sent: Sent, rung: Rung | None = None) -> None:
        """Write an order down and send it; what became of it stands in the journal. Raises OSError (not sent).

        ``rung`` belongs to an entry. An order whose fate stays unknown (nobody answers) is left for ``resolve``.
        """
        ticket = standing.ticket
        self.journal.send(ticket.id, sent)
        sent = standing.sent[sent.id]
        began = time.monotonic()
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(min(0.5 * 2**attempt, 4.0) if self.arrives_within_s > 1 else 0.05)
            if attempt and rung is not None and rung.kind == "market" and time.monotonic() - began > LATE_S:
                break
            self._sent_at[sent.id] = time.monotonic()
            if rung is not None:
                answer = await self.exchange.enter(
                    ticket.symbol, ticket.side, rung, ticket.leverage, standing.stop, sent.id
                )
            else:
                answer = await self.exchange.leave(
                    ticket.symbol, ticket.side, sent.contracts, sent.price, ticket.leverage, sent.id
                )
            if isinstance(answer, str):
                self.placed(standing, sent, answer, plan=sent.plan)
                return
            if answer is NOT_ARRIVED:
                continue
            try:
                found = await self.ask(standing, sent, patient=not isinstance(answer, Said))
            except RefusedError as error:
                LOG.warning("%s %s: %s", ticket.id, sent.action, error)
                return
            if found is not None:
                self.placed(standing, sent, found.exchange_id, plan=found.plan)
                return
            if isinstance(answer, Said):
                self.ended(standing, sent, "refused", answer.text)
                return
            if rung is not None and rung.kind == "market":
                break
        self.ended(standing, sent, "missing", "it never arrived")

    async def resolve(self, standing: Standing) -> None:
        """Find out about orders that may or may not have arrived. Raises RefusedError when nobody answers."""
        for sent in [sent for sent in standing.sent.values() if sent.unknown]:
            found = await self.ask(standing, sent, patient=True)
            if found is None:
                self.ended(standing, sent, "missing", "it never arrived")
            else:
                self.placed(standing, sent, found.exchange_id, plan=found.plan)

    async def ask(self, standing: Standing, sent: Sent, *, patient: bool) -> Found | None:
        """The order with the client's id; ``patient``: until it cannot arrive any more. Raises RefusedError."""
        deadline = self._sent_at.get(sent.id, self._began) + self.arrives_within_s
        while True:
            found = await self._find(standing, sent)
            if found is not None or not patient or time.monotonic() >= deadline:
                return found
            await asyncio.sleep(min(1.0, max(deadline - time.monotonic(), 0.01), self.arrives_within_s / 4))

    async def _find(self, standing: Standing, sent: Sent) -> Found | None:
        ticket = standing.ticket
        if sent.plan:
            taken = {o.exchange_id for other in self.journal.standings.values() for o in other.sent.values()}
            rung = Rung("stop", sent.price, sent.contracts)
            return await self.exchange.find_plan(ticket.symbol, ticket.side, rung, sent.id, taken)
        return await self.exchange.find(ticket.symbol, sent.id)

    def placed(self, standing: Standing, sent: Sent, exchange_id: str, *, plan: bool) -> None:
        """The exchange has it."""
        self.journal.write("placed", standing.ticket.id, id=sent.id, exchange_id=exchange_id, plan=plan)
        LOG.info("%s %s: %s at the exchange", standing.ticket.id, sent.action, exchange_id)

    def ended(self, standing: Standing, sent: Sent, how: str, why: str = "") -> None:
        """Nothing more will come of it."""
        self.journal.write("ended", standing.ticket.id, id=sent.id, how=how, why=why)
        LOG.info("%s %s: %s %s", standing.ticket.id, sent.action, how, why)
