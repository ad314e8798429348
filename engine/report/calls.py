"""The calls of a run as columns: one row per call, also the untraded ones, as trades.csv has them.

A call has two lives where the account took it: what became of the account's trade, and what the call did by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar, overload
from zoneinfo import ZoneInfo

import numpy as np

from engine.units import moment_ms

T = TypeVar("T")
SHOWN_CALLS = 5_000  # a report shows the latest; all of them stand in trades.csv
FILLED = ("closed", "open")  # the statuses of calls that were filled and count in a verdict


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call and what became of it. Text that does not apply is "", a figure that does not apply is None.

    Times are ISO 8601 in UTC; ``acted`` is when the call could first be acted upon. ``entry`` holds the planned prices
    (none for a market call, two bounds for a zone), ``stop`` and ``targets`` the planned levels; those
    that count from a fill which never came stand in words in ``from_entry``. ``status`` is the
    call's fate as in ``Funnel.calls``. ``exits`` reads ``target 1 65000 x 0.5 @ 2025-05-04T15:40Z; stop ...``,
    ``r`` is net profit / planned risk, ``delay_s`` the seconds from post to fill or first bar.
    ``taken`` says whether the account took it, ``rule`` and ``rule_where`` which rule refused it; ``quantity`` (base
    units), ``risk``, ``gross``, ``fees``, ``funding`` and ``net`` are the account's, in its currency;
    fees and funding are positive when paid.

    A call may live twice. Of one that the account took, ``status`` and everything from ``filled_at`` to ``delay_s`` are
    those of the account's trade, as the money is; of another one they are those of the call by itself. What begins with
    ``own_`` is always the call by itself, as its channel is judged, whatever rules, sizes and people made of the trade;
    ``own_mae_r`` and ``own_mfe_r`` are how far the price went against and for it (in R, positive).
    """

    signal_id: str
    channel: str
    posted: str
    acted: str = ""
    symbol: str = ""
    side: str = ""
    entry_kind: str = ""
    entry: tuple[float, ...] = ()
    stop: float | None = None
    targets: tuple[float, ...] = ()
    from_entry: str = ""
    leverage: float | None = None
    layout: str = ""
    status: str = ""
    filled_at: str = ""
    closed_at: str = ""
    entry_price: float | None = None
    exit_reason: str = ""
    exits: str = ""
    r: float | None = None
    ambiguous: bool = False
    delay_s: float | None = None
    taken: bool = False
    rule: str = ""
    rule_where: str = ""
    notes: str = ""
    quantity: float | None = None
    risk: float | None = None
    gross: float | None = None
    fees: float | None = None
    funding: float | None = None
    net: float | None = None
    own_status: str = ""
    own_filled_at: str = ""
    own_closed_at: str = ""
    own_exit_reason: str = ""
    own_r: float | None = None
    own_mae_r: float | None = None
    own_mfe_r: float | None = None

    @property
    def counted_r(self) -> float | None:
        """The call's own R multiple when it was filled and stands in its channel's verdict, else None."""
        return self.own_r if self.own_status in FILLED else None

    @property
    def went_its_own_way(self) -> bool:
        """Whether the account's trade went otherwise than the call by itself."""
        return any(not alike(getattr(self, name), getattr(self, own)) for name, own in OWN.items())


def alike(one: Any, other: Any) -> bool:
    """Whether two cells say the same to a reader, for whom an R has three decimals."""
    both = isinstance(one, float) and isinstance(other, float)
    return bool(round(one, 3) == round(other, 3) if both else one == other)


Row = TypeVar("Row", bound=CallRow)
CALL_COLUMNS = tuple(f.name for f in fields(CallRow))
TIME_COLUMNS = ("posted", "acted", "filled_at", "closed_at", "own_filled_at", "own_closed_at")
OWN = {name: f"own_{name}" for name in ("status", "filled_at", "closed_at", "exit_reason", "r")}


class Calls(Sequence[CallRow]):
    """Calls as columns of one length, named as in ``kind`` (``CallRow``, or one with more columns).

    A row is made when it is looked at.
    """

    def __init__(self, columns: Mapping[str, Sequence[Any]], kind: type[CallRow] = CallRow) -> None:
        self.columns, self.kind = columns, kind
        self._made: dict[object, Any] = {}

    @classmethod
    def of(cls, rows: Iterable[CallRow], kind: type[CallRow] = CallRow) -> Calls:
        """The columns of rows (of calls that are columns already, those)."""
        if isinstance(rows, Calls):
            return rows
        rows = list(rows)
        return cls({f.name: [getattr(row, f.name) for row in rows] for f in fields(kind)}, kind)

    def __len__(self) -> int:
        """How many calls."""
        return len(self.columns["signal_id"])

    @overload
    def __getitem__(self, at: int) -> CallRow: ...
    @overload
    def __getitem__(self, at: slice) -> Calls: ...
    def __getitem__(self, at: int | slice) -> CallRow | Calls:
        """One call, or some that follow each other."""
        if isinstance(at, slice):
            return Calls({name: column[at] for name, column in self.columns.items()}, self.kind)
        return self.kind(**{name: column[at] for name, column in self.columns.items()})

    def taken(self, rows: Sequence[int]) -> Calls:
        """Some of the calls; a column is picked when it is looked at, and most of them never are."""
        return Calls(_Picked(self.columns, rows), self.kind)

    @cached_property
    def by_itself(self) -> Calls:
        """The same calls as each of them went by itself: ``own_r`` stands as ``r`` too, and so on."""
        return Calls(_Own(self.columns), self.kind)

    @cached_property
    def counted(self) -> Calls:
        """Those that were filled and stand in their channel's verdict, as they went by themselves."""
        r, status = self.columns["own_r"], self.columns["own_status"]
        found = [i for i, fate in enumerate(status) if fate in FILLED and r[i] is not None]
        return self.by_itself if len(found) == len(self) else self.by_itself.taken(found)

    @cached_property
    def by_channel(self) -> dict[str, Calls]:
        """The calls of each channel."""
        found: dict[str, list[int]] = {}
        for i, channel in enumerate(self.columns["channel"]):
            found.setdefault(channel, []).append(i)
        return {channel: self.taken(rows) for channel, rows in found.items()}

    @cached_property
    def start_ms(self) -> list[int]:
        """When each was filled, or else posted."""
        times = zip(self.columns["filled_at"], self.columns["posted"], strict=True)
        return _moments_ms([filled or posted for filled, posted in times])

    @cached_property
    def end_ms(self) -> list[int]:
        """When each was closed, or else when it began."""
        times = zip(self.columns["closed_at"], self.columns["filled_at"], self.columns["posted"], strict=True)
        return _moments_ms([closed or filled or posted for closed, filled, posted in times])

    def posted_in(self, zone: str) -> list[datetime]:
        """When each was posted, as the clock of a zone showed it."""
        there, posted = ZoneInfo(zone), self.columns["posted"]
        return self.once(
            ("posted", zone), lambda: [datetime.fromtimestamp(ms / 1000, there) for ms in _moments_ms(posted)]
        )

    def once(self, what: object, make: Callable[[], T]) -> T:
        """What is made of these calls, made for the first who asks: tables and page tell the same."""
        if what not in self._made:
            self._made[what] = make()
        found: T = self._made[what]
        return found


class _Picked(Mapping[str, Sequence[Any]]):
    """Some rows of columns."""

    def __init__(self, columns: Mapping[str, Sequence[Any]], rows: Sequence[int]) -> None:
        self._columns, self._rows = columns, rows
        self._known: dict[str, Sequence[Any]] = {}

    def __getitem__(self, name: str) -> Sequence[Any]:
        if name not in self._known:
            self._known[name] = list(map(self._columns[name].__getitem__, self._rows))
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


class _Own(Mapping[str, Sequence[Any]]):
    """Columns in which each call is told as it went by itself."""

    def __init__(self, columns: Mapping[str, Sequence[Any]]) -> None:
        self._columns = columns

    def __getitem__(self, name: str) -> Sequence[Any]:
        return self._columns[OWN.get(name, name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


def _moments_ms(texts: Sequence[str]) -> list[int]:
    """``moment_ms`` of many times: all at once where they stand as ``iso`` writes them."""
    if not all(len(text) in (20, 24) and text[4:11:3] == "--T" and text[-1] == "Z" for text in texts):
        return list(map(moment_ms, texts))
    moments: list[int] = np.array([text[:-1] for text in texts], "datetime64[ms]").astype(np.int64).tolist()
    return moments
