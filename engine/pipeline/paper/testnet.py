"""Paper trades at a test exchange as well: the ledger says what is wanted, the testnet broker makes it so there.

The ledger stays the record. Each trade that the account took is sent to the exchange that the strategy names, and then
follows the paper trade: its stop, its targets, parts that the channel closes, orders that it takes back, its end. What
the exchange made of it stands in ``data/testnet.jsonl``.

A mirror never holds paper trading up: ``hear`` only notes which trade changed, and one task does the talking. A trade
is sent at its moment of action when the account, asked at a live price, will take it (a `live` event), else when the
account has decided, which is when its first candle is over; a trade that the account then refuses is closed again. One
that was decided longer ago than ``FRESH_MS``, or has left the market in part already, is not sent any more.

What the channel wants of a trade goes there at its moment of action too: a stop or targets that it names, orders that
it takes back, its end (``update`` events). A part that it closes, and what a later call or the strategy's time ends, go
with the ``live`` event that says so. All else follows the record: what a target does to the stop, a stop that follows
the price, other entry orders, what a rule ends (at live prices it may still be taken back).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from engine.domain import ExitReason, PathStatus
from engine.market.asking import RefusedError
from engine.market.listing import find_market
from engine.pipeline.alone import alone
from engine.pipeline.errors import InputError
from engine.pipeline.paper.ahead import with_changes
from engine.pipeline.paper.atonce import closed_at_once, closed_parts, ends, taken_back, waiting
from engine.problem import Problem
from engine.tasks import end_tasks
from engine.testnet.broker import Broker
from engine.testnet.client import ForeignHostError, Keys, open_practice_client, read_keys
from engine.testnet.exchange import Exchange
from engine.testnet.journal import Journal
from engine.testnet.ticket import Cause, Rung, Standing, make_ticket, ticket_id

if TYPE_CHECKING:
    from engine.config.strategy import Strategy
    from engine.paper.call import PaperCall
    from engine.paper.codec import Data
    from engine.paper.ledger import Event
    from engine.pipeline.workspace import Workspace

LOG = logging.getLogger(__name__)
SYNC_S = 5.0
FRESH_MS = 120_000
HEARD = ("live", "withdrawn", "update", "decided", "step", "early", "closing")
Tell = Callable[[Problem], None]


class Mirror:
    """The trades of one strategy (``lane``) at one test exchange. ``tell`` hears what somebody has to know."""

    def __init__(
        self, lane: str, broker: Broker, rows: Sequence[PaperCall], tell: Tell, now_ms: Callable[[], int]
    ) -> None:
        self.lane, self.broker, self.rows = lane, broker, rows
        self._tell, self._now_ms = tell, now_ms
        self._changed: dict[int, None] = {}
        self._wake = asyncio.Event()
        self._said: set[str] = set()
        self._not_sent: set[int] = set()
        self._foreseen: dict[int, float] = {}
        self._live: dict[int, Data] = {}  # how a call stood at its newest live event, until that is taken back

    def hear(self, event: Event) -> None:
        """Something was written into the ledger."""
        if event.row is not None and event.kind in HEARD and self.rows[event.row].lane == self.lane:
            if event.kind == "live" and event.data["taken"] and event.data["status"] == PathStatus.OPEN:
                self._foreseen[event.row] = event.data["quantity"]
            if event.kind == "live" and event.data["taken"] and "stands" in event.data:
                stands = event.data["stands"]
                self._live[event.row] = stands.get("own", stands)["stepper"]["state"]
            elif event.kind == "withdrawn":
                self._taken_back(self.rows[event.row])
            self._changed[event.row] = None
            self._wake.set()

    async def run(self) -> None:
        """Follow the ledger until cancelled."""
        for call in self.rows:
            if call.lane == self.lane and (call.facts is not None or self.standing(call) is not None):
                self._changed[call.row] = None
        known = {ticket_id(call.lane, call.plan.signal_id) for call in self.rows}
        for standing in self.broker.living():
            if standing.ticket.account == self.lane and standing.ticket.id not in known:
                text = f"testnet: {standing.ticket.id} is open there and not in the ledger"
                self._say(Problem(text, hint="it runs on to its stop and targets; or close it at the exchange"))
        while True:
            try:
                await self.round()
            except ForeignHostError:
                raise
            except Exception as error:
                LOG.exception("a round at the test exchange failed")
                self._say(Problem(f"testnet: a fault of the program ({type(error).__name__}); the log has it"))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._pause_s())

    def _taken_back(self, call: PaperCall) -> None:
        """The record has not what was said live, and may have been done there."""
        state, standing = self._live.pop(call.row, None), self.standing(call)
        if state is not None and closed_at_once(state) and standing is not None and not call.over:
            text = f"testnet: {call.plan.signal_id} was closed there, as live; the record goes on with it"
            self._say(Problem(text, hint="paper trades say how the record ends it"))

    def _pause_s(self) -> float:
        """Until the next round: sooner where a call, or what its channel said of it, waits for its moment of action."""
        calls = [self.rows[row] for row in self._changed]
        moments = [at for call in calls for at in (call.plan.act_ms, *(change.act_ms for change in waiting(call)))]
        due = [at - self._now_ms() for at in moments]
        return min([SYNC_S, *(max(ms, 0) / 1000 + 0.01 for ms in due if ms > -1000)])

    async def round(self) -> None:
        """Take up everything that has changed, then look at the exchange."""
        self._wake.clear()
        changed, self._changed = list(self._changed), {}
        for row in changed:
            try:
                await self._follow(self.rows[row])
            except RefusedError as error:
                self._changed[row] = None
                self._say(error.problem)
            except OSError as error:
                self._changed[row] = None
                self._say(Problem(f"nothing is sent: {error.strerror}", str(self.broker.journal.path)))
        problems = await self.broker.sync()
        for problem in problems:
            self._say(problem)
        if not problems:
            self._said.clear()

    def standing(self, call: PaperCall) -> Standing | None:
        """How a call stands at the exchange; None where it was never sent."""
        return self.broker.journal.standings.get(ticket_id(self.lane, call.plan.signal_id))

    # ------------------------------------------------------------------ one call

    async def _follow(self, call: PaperCall) -> None:
        """Bring one trade at the exchange to where it stands on paper."""
        refused = call.asked and call.facts is None
        said = [change for change in waiting(call) if change.act_ms <= self._now_ms()]
        over = refused or call.over or call.closing_ms is not None or any(map(ends, said))
        over |= call.row in self._live and closed_at_once(self._live[call.row])
        standing = self.standing(call)
        if standing is None:
            quantity = call.quantity if call.facts is not None else self._foreseen.get(call.row, 0.0)
            if over or not quantity or call.row in self._not_sent:
                return
            if self._now_ms() < call.plan.act_ms:
                self._changed[call.row] = None
            else:
                await self._send(call, quantity)
            return
        if standing.over:
            return
        cause = standing.ticket.cause
        if over:
            await self.broker.close(
                standing.ticket.id, 1.0, Cause(cause.channel, f"{cause.message}/end", cause.version)
            )
            return
        every, single = taken_back(call, self._now_ms())
        if every or single:
            await self.broker.cancel(standing.ticket.id, None if every else single)
        for number, share in self._parts(call).items():
            part = Cause(cause.channel, f"{cause.message}/channel {number}", cause.version)
            await self.broker.close(standing.ticket.id, share, part)
        stepper = call.acting.stepper
        if len(said) == len(waiting(call)):
            stepper = with_changes(stepper)
        else:
            self._changed[call.row] = None
        position = stepper.position
        known = [(position.price_of(level), share) for level, share in stepper.targets]
        targets = tuple((level, share) for level, share in known if level is not None)
        await self.broker.amend(standing.ticket.id, position.state.stop, targets, *self._entries(call, standing))

    def _parts(self, call: PaperCall) -> dict[int, float]:
        """The parts that the channel closed, by their number: the share of what was held then; live ones included."""
        state, live = call.acting.stepper.position.state, self._live.get(call.row)
        parts = closed_parts([(leg.share, leg.reason) for leg in state.legs], sum(fill.share for fill in state.fills))
        if live is not None:
            legs = [(leg["share"], ExitReason(leg["reason"])) for leg in live["legs"]]
            parts = closed_parts(legs, sum(fill["share"] for fill in live["fills"])) | parts
        return parts

    def _entries(self, call: PaperCall, standing: Standing) -> tuple[tuple[Rung, ...] | None, Cause | None]:
        """Other entry orders than those at the exchange, and because of what; (None, None) where nothing changed."""
        state, size = call.acting.stepper.position.state, self._size(standing.ticket.symbol)
        if not state.changed or state.numbered == len(call.plan.orders) or size is None:
            return None, None
        rungs = tuple(
            Rung(order.kind, order.price, float(contracts))
            for _, order in state.resting
            if (contracts := round(order.weight * call.quantity / size)) >= 1
        )
        cause = standing.ticket.cause
        return rungs, Cause(cause.channel, f"{cause.message}/orders {state.numbered}", cause.version)

    async def _send(self, call: PaperCall, quantity: float) -> None:
        """Send a trade that the account takes, with so many coins."""
        plan = call.plan
        if self._now_ms() - max(plan.act_ms, call.first_ms) > FRESH_MS or call.acting.stepper.position.state.legs:
            self._give_up(call, "was decided too long ago to be sent to the test exchange")
            return
        market = find_market(self.broker.exchange.client.markets, plan.symbol, "swap", "the test exchange")
        if isinstance(market, Problem):
            self._give_up(call, market.text)
            return
        symbol, size = str(market["symbol"]), float(market["contractSize"])
        price = await self.broker.exchange.price(symbol)
        channel, _, message = plan.signal_id.partition("/")
        cause = Cause(channel, message, 1)
        ticket = make_ticket(plan, self.lane, cause, symbol, quantity, size, price)
        if isinstance(ticket, Problem):
            self._give_up(call, ticket.text)
            return
        standing = await self.broker.place(ticket)
        for sent in standing.of("entry"):
            if sent.ended in ("refused", "missing"):
                self._say(Problem(f"testnet: {plan.signal_id}: {sent.action} {sent.ended}: {sent.why}"))
        if not standing.over:
            await self._follow(call)

    def _size(self, symbol: str) -> float | None:
        return self.broker.exchange.contract_size(symbol)

    def _give_up(self, call: PaperCall, why: str) -> None:
        """A call that will not be sent."""
        self._not_sent.add(call.row)
        self._say(Problem(f"testnet: {call.plan.signal_id}: {why}"))

    def _say(self, problem: Problem) -> None:
        """Tell and log a problem; not the same one in every round."""
        if str(problem) not in self._said:
            self._said.add(str(problem))
            LOG.warning("%s", problem)
            self._tell(problem)


@asynccontextmanager
async def mirror_of(
    strategy: Strategy,
    workspace: Workspace,
    rows: Sequence[PaperCall],
    tell: Tell,
    now_ms: Callable[[], int],
) -> AsyncIterator[Mirror]:
    """A mirror of a strategy that names a test exchange, running within the block.

    Raises InputError when it cannot be: an address of another host, keys that are missing, a journal that is damaged or
    in use, an exchange that does not answer.
    """
    keys = read_keys(workspace.root / ".env")
    client = open_practice_client(strategy.testnet, keys if isinstance(keys, Keys) else Keys("", ""))
    if isinstance(client, Problem):
        raise InputError(client)
    try:
        if isinstance(keys, Problem):
            raise InputError(keys)
        path = workspace.testnet_path
        hint = "one process orders at a test exchange; stop the other one"
        with alone(path, "is in use by another process", hint, shown=str(path)):
            exchange, journal = Exchange(client), Journal(path, now_ms)
            read = journal.read()
            if isinstance(read, Problem):
                raise InputError(read)
            await exchange.start()
            broker = Broker(exchange, journal, now_ms)
            for problem in [*read, *await broker.start()]:
                tell(problem)
            mirror = Mirror(strategy.name, broker, rows, tell, now_ms)
            task = asyncio.create_task(mirror.run(), name="testnet")
            try:
                yield mirror
            finally:
                await end_tasks(task)
                if not task.cancelled():
                    task.result()  # what ended it
    except RefusedError as error:
        raise InputError(error.problem) from None
    finally:
        await client.close()
