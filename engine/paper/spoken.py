"""What was said live of each call, and what the record made of it: a fold over the ledger's events, in their order.

1. A ``live`` event says fills and exits at live prices. They are owed until the record answers.
2. A fill or exit of the record (``step``, ``decided``, ``early``) answers the one of the same name: the first fill is
   "in 1", the second target "target 2", the first part that the channel closed "channel 1". It is news where nobody has
   said it, or where its price is another one by more than a tick (a basis point where that is more).
3. ``withdrawn`` takes back what the record never made.

Nothing in here moves a trade: it only keeps a thing from being said twice, and tells how far live was from the record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.domain import ExitReason
from engine.paper.codec import Data
from engine.paper.ledger import Event

KINDS = ("call", "placed", "live", "withdrawn", "step", "decided", "early")
ORDERED = (ExitReason.RULE, ExitReason.HAND)
SAME = 1e-4  # prices and shares that differ by less are the same to people
SIZED = 1e-3  # a size that differs by less is told as the same


@dataclass(frozen=True, slots=True)
class Move:
    """A fill or an exit: ``what`` it is, its time, its price, its share of the planned quantity."""

    what: str
    ts_ms: int
    price: float
    share: float

    @property
    def reason(self) -> ExitReason:
        """Why it went out; only an exit has a reason."""
        return ExitReason(self.what.rpartition(" ")[0])

    @property
    def ordered(self) -> bool:
        """Whether a rule or a person ended the trade."""
        return self.what.rpartition(" ")[0] in ORDERED


@dataclass(frozen=True, slots=True)
class Pair:
    """A move as it was said live, and as the record has it; ``risk`` is that of a planned unit (None: no stop)."""

    row: int
    live: Move
    record: Move
    risk: float | None

    @property
    def points(self) -> float:
        """How far the prices are from each other, in basis points."""
        return abs(self.live.price - self.record.price) / self.record.price * 1e4

    @property
    def r(self) -> float | None:
        """The same in R, for the share that moved."""
        return abs(self.live.price - self.record.price) * self.record.share / self.risk if self.risk else None


@dataclass
class Call:
    """What is known of one call: the number of live events, what was said of taking it, what the record owes.

    ``word`` is (fate, taken) as said live, None before, ``quantity`` the size that was said with it; ``stands`` is how
    the live side stood at the newest event (None: that was taken back), ``facts`` what the account would hold.
    ``moves`` are the record's own so far. ``gone``: its orders were taken away before anything was filled, and that was
    said.
    """

    tick: float = 0.0
    risk: float | None = None
    number: int = 0
    word: tuple[str, bool] | None = None
    quantity: float = 0.0
    stands: Data | None = None
    facts: Data | None = None
    owed: dict[str, Move] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    own: bool = False
    gone: bool = False


@dataclass
class Spoken:
    """See the module's docstring. ``pair`` is told of each live move that the record answered."""

    pair: Callable[[Pair], None] = lambda _: None
    calls: dict[int, Call] = field(default_factory=dict)

    def of(self, row: int) -> Call:
        """What is known of a call."""
        return self.calls.setdefault(row, Call())

    def owing(self) -> list[tuple[int, Call]]:
        """The calls of which something was said live that the record has not answered, by row."""
        return [(row, call) for row, call in self.calls.items() if call.owed]

    def take(self, event: Event) -> Event:
        """Hear an event; it comes back without what was said live already.

        What is left of it and was said otherwise carries the price of then as ``live``; ``said`` marks a decision that
        was said.
        """
        take = getattr(self, f"_on_{event.kind}", None)
        if event.row is None or take is None:
            return event
        data = take(self.of(event.row), event.row, event.data)
        return event if data is None else replace(event, data=data)

    # ------------------------------------------------------------------ live

    def _on_call(self, call: Call, _row: int, data: Data) -> None:
        call.tick = data["plan"]["tick"] or 0.0

    def _on_live(self, call: Call, _row: int, data: Data) -> None:
        call.number = data["number"]
        if data["decides"]:
            call.word = data["fate"], data["taken"]
            call.facts, call.quantity = data["facts"], data["quantity"]
        elif not data["fills"] and not data["legs"]:
            call.gone = True
        call.stands = data.get("stands", call.stands)
        for move in (*data["fills"], *data["legs"]):
            call.owed[move["what"]] = Move(move["what"], move["ts_ms"], move["price"], move["share"])

    def _on_withdrawn(self, call: Call, _row: int, data: Data) -> None:
        call.stands = None
        for move in data["moves"]:
            call.owed.pop(move["what"], None)

    # ------------------------------------------------------------------ the record

    def _on_placed(self, call: Call, _row: int, data: Data) -> Data | None:
        said = call.word is not None and call.word[0] != "" and call.word[0] == data["stands"]["fate"]
        return data | {"said": True} if said else None

    def _on_step(self, call: Call, row: int, data: Data) -> Data | None:
        if call.own and not data.get("own"):
            return None
        self._stand(call, data["stands"])
        return self._news(call, row, data) if data["taken"] else None

    def _on_decided(self, call: Call, row: int, data: Data) -> Data | None:
        if "stands" in data:
            call.own = True
            self._stand(call, data["stands"])
        if not data["taken"]:
            return data | {"said": True} if call.word is not None and not call.word[1] else None
        if call.word is None or not call.word[1]:
            return None
        closing_ms = data.get("closing_ms")  # asked for before the record had the call: no move from then on counts
        moves = [move for move in call.moves if closing_ms is None or move.ts_ms < closing_ms]
        left = [(move, *self._answer(call, row, move)) for move in moves]
        news = [_data(move, live) for move, new, live in left if new]
        legs = [one for one in news if "reason" in one]
        sized = {} if abs(call.quantity / data["quantity"] - 1) <= SIZED else {"sized": call.quantity}
        fills = [one for one in news if "reason" not in one]
        return data | sized | {"said": True, "fills": fills, "legs": legs}

    def _on_early(self, call: Call, row: int, data: Data) -> Data | None:
        path = data["trade"]["path"]
        if not path["legs"]:
            return data | {"said": True} if call.gone else None
        last = moves_of(path["fills"], path["legs"])[-1]
        new, live = self._answer(call, row, last)
        return data | ({} if live is None else {"live": live}) if new else data | {"said": True}

    def _stand(self, call: Call, stands: Data) -> None:
        state = stands["stepper"]["state"]
        call.moves, call.risk = moves_of(state["fills"], state["legs"]), stands["risk"]

    def _news(self, call: Call, row: int, data: Data) -> Data:
        """A step without the moves that were said."""
        into = [move for move in call.moves if move.what.startswith("in ")]
        out = [move for move in call.moves if not move.what.startswith("in ")]
        kept: dict[str, list[Data]] = {"fills": [], "legs": []}
        for name, moves in (("fills", into), ("legs", out)):
            for told, move in zip(data[name], moves[len(moves) - len(data[name]) :], strict=True):
                new, live = self._answer(call, row, move)
                if new:
                    kept[name].append(told if live is None else told | {"live": live})
        return data | kept

    def _answer(self, call: Call, row: int, move: Move) -> tuple[bool, float | None]:
        """Whether a move of the record is news, and at which price it was said live (None: it was not)."""
        what = next((one.what for one in call.owed.values() if one.ordered and move.ordered), move.what)
        live = call.owed.pop(what, None)  # a rule and a person may both want it ended: it ends once
        if live is None:
            return True, None
        self.pair(Pair(row, live, move, call.risk))
        near = max(call.tick, SAME * move.price)
        same = abs(live.price - move.price) <= near and abs(live.share - move.share) <= SAME
        return not same, live.price


def moves_of(fills: Sequence[Mapping[str, Any]], legs: Iterable[Mapping[str, Any]]) -> list[Move]:
    """The moves of a path as plain data, fills first, each with its name."""
    found = [Move(f"in {n}", fill["ts_ms"], fill["price"], fill["share"]) for n, fill in enumerate(fills, 1)]
    seen: dict[str, int] = {}
    for leg in legs:
        reason = str(leg["reason"])
        seen[reason] = leg["target"] or seen.get(reason, 0) + 1
        found.append(Move(f"{reason} {seen[reason]}", leg["ts_ms"], leg["price"], leg["share"]))
    return found


def in_words(what: str) -> str:
    """The name of a move for people, who count targets alone: ``in``, ``target 2``, ``stop``."""
    kind = what.rpartition(" ")[0]
    return what if kind == ExitReason.TARGET else kind


def _data(move: Move, live: float | None) -> Data:
    """A move as plain data, as a step has it."""
    reason, _, number = move.what.rpartition(" ")
    said: Data = {"ts_ms": move.ts_ms, "price": move.price, "share": move.share}
    if reason != "in":
        said |= {"reason": reason, "target": int(number) if reason == "target" else 0}
    return said if live is None else said | {"live": live}
