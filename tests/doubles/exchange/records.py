"""What the exchange keeps of a contract account: orders, positions, stops, plan orders, and MEXC's numbers for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

QUARTER = 15_000
DAY = 86_400_000
TAKER, MAKER = 0.0002, 0.0
FAIR = 1.0001  # the fair price against the last one, as in the tickers
LONG, SHORT = 1, 2
OPEN_LONG, CLOSE_SHORT, OPEN_SHORT, CLOSE_LONG = 1, 2, 3, 4
LIMIT, POST_ONLY, IOC, FOK, MARKET, CHASE = 1, 2, 3, 4, 5, 6
RESTING, FILLED, CANCELLED = 2, 3, 4
UNTRIGGERED, STOP_CANCELLED, EXECUTED, INVALID, FAILED = 1, 2, 3, 4, 5
FIRST_ID = 814_218_083_416_790_528


class RefusedError(Exception):
    """What the exchange answers instead: a code and a sentence."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


@dataclass
class Order:
    """One order; ``vol`` and ``dealt`` in contracts, ``price`` None at the market."""

    id: int
    symbol: str
    side: int
    type: int
    vol: float
    price: float | None
    leverage: int
    created: int
    external: str = ""
    stop_loss: float | None = None
    take_profit: float | None = None
    category: int = 1
    state: int = RESTING
    updated: int = 0
    dealt: float = 0.0
    spent: float = 0.0
    fee: float = 0.0
    maker_fee: float = 0.0
    profit: float = 0.0
    frozen: float = 0.0
    position: int = 0
    deals: list[dict[str, Any]] = field(default_factory=list)

    @property
    def opens(self) -> bool:
        """Whether it adds to a position."""
        return self.side in (OPEN_LONG, OPEN_SHORT)

    @property
    def buys(self) -> bool:
        """Whether it takes the ask."""
        return self.side in (OPEN_LONG, CLOSE_SHORT)

    @property
    def type_of_position(self) -> int:
        """Which of the two positions of a contract it is about."""
        return LONG if self.side in (OPEN_LONG, CLOSE_LONG) else SHORT

    @property
    def left(self) -> float:
        """Contracts that are not dealt yet."""
        return self.vol - self.dealt


@dataclass
class Position:
    """What is held of a contract on one side. ``margin`` is isolated."""

    id: int
    symbol: str
    type: int
    leverage: int
    created: int
    updated: int = 0
    hold: float = 0.0
    average: float = 0.0
    closed: float = 0.0
    closed_for: float = 0.0
    margin: float = 0.0
    realised: float = 0.0
    liquidated: bool = False


@dataclass
class StopOrder:
    """A stop and a target of a position, or of an order (``order``) once that one is filled."""

    id: int
    order: int
    symbol: str
    position: int
    type: int
    vol: float
    stop_loss: float | None
    take_profit: float | None
    created: int
    loss_trend: int = 1
    profit_trend: int = 1
    state: int = UNTRIGGERED
    updated: int = 0
    trigger_side: int = 0
    placed: int = 0
    dealt: float = 0.0


@dataclass
class PlanOrder:
    """An order that waits for a price."""

    id: int
    symbol: str
    side: int
    vol: float
    type: int
    price: float | None
    trigger: float
    above: bool
    trend: int
    leverage: int
    created: int
    expires: int
    cycle: int
    external: str = ""
    stop_loss: float | None = None
    take_profit: float | None = None
    state: int = UNTRIGGERED
    updated: int = 0
    placed: int = 0


def sign_of(type_: int) -> int:
    """+1 for a long, -1 for a short."""
    return 1 if type_ == LONG else -1


def price_of(value: Any) -> float | None:
    """A price that may be missing: 0 and "" are none."""
    return float(value) if value not in (None, "", 0, "0") else None
