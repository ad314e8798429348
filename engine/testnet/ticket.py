"""A trade at a test exchange: what it was planned as (``Ticket``), each order sent for it (``Sent``), how it stands.

Quantities are whole contracts, prices in the quote currency. Everything here is plain data: ``journal.py`` writes and
reads it, ``broker.py`` acts on it.
"""

from __future__ import annotations

import hashlib
import math
from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from engine.domain import Distance, Plan, Side
from engine.problem import Problem

Role = Literal["entry", "target", "close"]
Ending = Literal["filled", "cancelled", "refused", "missing"]
ID_LENGTH = 26  # of MEXC's 32 characters; 120 bits of the hash


@dataclass(frozen=True, slots=True)
class Cause:
    """The message version because of which something is done."""

    channel: str
    message: str
    version: int


def client_id(account: str, cause: Cause, action: str) -> str:
    """The id under which the exchange knows an order: the same for the same cause and action, whenever it is asked."""
    text = "\x1f".join((account, cause.channel, cause.message, str(cause.version), action))
    return "sp" + b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()[: ID_LENGTH - 2]


@dataclass(frozen=True, slots=True)
class Rung:
    """One entry order: ``price`` is None at the market; a ``stop`` order goes in once its price is reached."""

    kind: Literal["market", "limit", "stop"]
    price: float | None
    contracts: float


@dataclass(frozen=True, slots=True)
class Ticket:
    """A planned trade. ``stop`` and ``targets`` (price and share of what is filled, nearest first) are prices."""

    id: str
    account: str
    cause: Cause
    symbol: str
    side: Side
    leverage: int
    rungs: tuple[Rung, ...]
    stop: float | None
    targets: tuple[tuple[float, float], ...]
    expire_ms: int

    @property
    def contracts(self) -> float:
        """What is bought when every rung fills."""
        return sum(rung.contracts for rung in self.rungs)


@dataclass(slots=True)
class Sent:
    """An order that was sent, or was about to be.

    ``exchange_id`` is "" until the exchange has named one; ``plan`` says that it waits at the exchange for a trigger.
    ``ended`` is None while it may still fill, or while nobody knows whether it arrived.
    """

    id: str
    role: Role
    action: str
    contracts: float
    price: float | None
    plan: bool = False
    exchange_id: str = ""
    filled: float = 0.0
    average: float = 0.0
    ended: Ending | None = None
    why: str = ""
    tries: int = 1

    @property
    def unknown(self) -> bool:
        """Whether it is not known to have arrived."""
        return not self.exchange_id and self.ended is None

    @property
    def resting(self) -> bool:
        """Whether it is in the book."""
        return bool(self.exchange_id) and self.ended is None


@dataclass(slots=True)
class Closing:
    """A wish to close a share of what is held at the market; ``id`` is the client id of its order."""

    id: str
    share: float


@dataclass(slots=True)
class Standing:
    """How a ticket stands: what is wanted of it, each order by its id, and what its stops closed at the exchange.

    ``rungs`` are the entry orders wanted with their client ids; ``guards`` the stops that did not come with an order;
    ``stopped`` has for each stop that triggered the contracts it closed and their average price.
    """

    ticket: Ticket
    stop: float | None
    targets: tuple[tuple[float, float], ...]
    rungs: tuple[tuple[str, Rung], ...]
    sent: dict[str, Sent] = field(default_factory=dict)
    closings: list[Closing] = field(default_factory=list)
    guards: list[str] = field(default_factory=list)
    stopped: dict[str, tuple[float, float]] = field(default_factory=dict)
    cancelled: bool = False
    over: bool = False

    def of(self, role: Role) -> list[Sent]:
        """The orders of one role, in the order of sending."""
        return [sent for sent in self.sent.values() if sent.role == role]

    @property
    def entered(self) -> float:
        """Contracts that were bought."""
        return sum(sent.filled for sent in self.of("entry"))

    @property
    def targets_taken(self) -> float:
        """Contracts that targets sold."""
        return sum(sent.filled for sent in self.of("target"))

    @property
    def left_by_orders(self) -> float:
        """Contracts that targets and closings sold."""
        return sum(sent.filled for sent in self.sent.values() if sent.role != "entry")

    @property
    def held(self) -> float:
        """Contracts in the market."""
        return self.entered - self.left_by_orders - sum(contracts for contracts, _ in self.stopped.values())

    @property
    def entry_average(self) -> float | None:
        """The average price of what was bought; None without any."""
        return _average([(sent.filled, sent.average) for sent in self.of("entry")])

    @property
    def exit_average(self) -> float | None:
        """The average price of what was sold, by orders and by stops; None without any."""
        sold = [(sent.filled, sent.average) for sent in self.sent.values() if sent.role != "entry"]
        return _average([*sold, *self.stopped.values()])

    @property
    def waits(self) -> bool:
        """Whether entry orders rest, or may."""
        return any(sent.ended is None for sent in self.of("entry"))


def make_ticket(
    plan: Plan, account: str, cause: Cause, symbol: str, quantity: float, contract_size: float, price: float
) -> Ticket | Problem:
    """The ticket of a plan.

    Parameters
    ----------
    symbol
        As ccxt writes it.
    quantity
        In coins; it is cut down to whole contracts of ``contract_size`` coins, rung by rung so that the sum is right.
    price
        The last price: levels that are said relative to the fill are taken relative to it until the fill is known.

    Returns
    -------
        The ticket, or the problem that the quantity is less than one contract.
    """
    whole = math.floor(quantity / contract_size + 1e-9)
    if whole < 1:
        return Problem(f"{quantity:g} coins are less than one contract of {contract_size:g}")
    average = sum((order.price or price) * order.weight for order in plan.orders)
    stop = plan.hard_stop if plan.close_stop_ms is not None else _level(plan.stop, average, -plan.side.sign, None)
    rungs, given, share = [], 0, 0.0
    for order in plan.orders:
        share += order.weight
        upto = whole if math.isclose(share, 1, abs_tol=1e-9) else math.floor(whole * share + 1e-9)
        if upto > given:
            rungs.append(Rung(order.kind, order.price, float(upto - given)))
        given = upto
    risk = abs(average - stop) if stop is not None else None
    targets = [(_level(level, average, plan.side.sign, risk), part) for level, part in plan.targets]
    known = tuple((level, part) for level, part in targets if level is not None)
    leverage = max(int(plan.leverage or 1), 1)
    name = ticket_id(account, plan.signal_id)
    return Ticket(name, account, cause, symbol, plan.side, leverage, tuple(rungs), stop, known, plan.expire_ms)


def ticket_id(account: str, signal_id: str) -> str:
    """What a signal's trade is called in the journal of an account."""
    return f"{account}: {signal_id}"


def entry_ids(ticket: Ticket, cause: Cause, rungs: tuple[Rung, ...]) -> tuple[tuple[str, Rung], ...]:
    """Entry orders with their client ids."""
    return tuple(
        (client_id(ticket.account, cause, f"{ticket.id}: entry {number}"), rung) for number, rung in enumerate(rungs, 1)
    )


def wanted_targets(standing: Standing) -> dict[float, float]:
    """Whole contracts that should rest at each target's price: its share of what was filled, less what it sold.

    The last target takes all that is left, as in the simulation.
    """
    sold: dict[float, float] = {}
    for sent in standing.of("target"):
        sold[sent.price or 0.0] = sold.get(sent.price or 0.0, 0.0) + sent.filled
    entered, left = standing.entered, standing.held
    wanted: dict[float, float] = {}
    share, given = 0.0, 0.0
    for n, (price, part) in enumerate(standing.targets, 1):
        share += part
        upto = float(math.floor(entered * share + 1e-9))
        need = left if n == len(standing.targets) else min(max(upto - given - sold.get(price, 0.0), 0.0), left)
        given = upto
        if need > 0:
            wanted[price] = wanted.get(price, 0.0) + need
        left -= need
    return wanted


def _average(parts: Sequence[tuple[float, float]]) -> float | None:
    """The average price of parts (contracts, price)."""
    whole = sum(contracts for contracts, _ in parts)
    return sum(contracts * price for contracts, price in parts) / whole if whole else None


def _level(level: float | Distance | None, entry: float, direction: int, risk: float | None) -> float | None:
    """A price, or a distance from the entry in a direction (+1 up). R needs the distance to the stop."""
    if not isinstance(level, Distance):
        return level
    if level.unit == "percent":
        return entry * (1 + direction * level.value / 100)
    if level.unit == "R":
        return None if risk is None else entry + direction * level.value * risk
    return entry + direction * level.value
