"""Where a channel's result comes from: its trades by symbol, side, exit, weekday, hour and month, and its streaks.

Everything is made from the rows of trades.csv; days, hours and months are those of posting in the zone of the run.
The trades of every split add up to the trades of the channel: what does not fit into a table is its last row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.market.candles import Floats
from engine.report.calls import CallRow, Calls
from engine.simulate.table import Bools
from engine.verdict.robust import Robustness, robustness

MOST_ROWS = 12
FEWEST = 5
HOURS = 4
TINTS = 3
NO_NAME = "–"
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURS_OF = tuple(f"{hour // HOURS * HOURS:02}–{hour // HOURS * HOURS + HOURS:02} h" for hour in range(24))
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Group:
    """The trades of one value of a split, or of the ``merged`` values that share the last row of a table.

    ``win_rate`` is the share of the closed trades with R above zero, as in the verdict; None where none was closed.
    """

    label: str
    trades: int
    total_r: float
    win_rate: float | None
    merged: int = 0

    @property
    def mean_r(self) -> float:
        """The mean R of a trade."""
        return self.total_r / self.trades

    @property
    def few(self) -> bool:
        """Whether the trades are too few to say anything about their mean."""
        return self.trades < FEWEST


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the result of one channel comes from: its splits (heading and rows) and how it came about."""

    splits: tuple[tuple[str, tuple[Group, ...]], ...]
    robust: Robustness


@dataclass(frozen=True, slots=True)
class Cell:
    """The trades of one channel in one month or year; ``tint`` is -3 (a great loss) to 3 (a great win)."""

    trades: int
    total_r: float
    tint: int = 0


@dataclass(frozen=True, slots=True)
class Year:
    """One year of the monthly table: the headings of its months and, of each channel, a cell a month and the sum."""

    year: int
    months: tuple[str, ...]
    rows: tuple[tuple[tuple[Cell | None, ...], Cell | None], ...]


def origin(calls: Iterable[CallRow], zone: str, seed: int) -> Origin | None:
    """Where the result of a channel comes from; None without a trade.

    Parameters
    ----------
    calls
        Calls of the channel; those that do not stand in its verdict are left out.
    zone
        Time zone of weekdays and hours.
    seed
        Of the intervals of the halves.
    """
    counted = Calls.of(calls).counted
    return counted.once(("origin", zone, seed), lambda: _origin(counted, zone, seed)) if counted else None


def _origin(counted: Calls, zone: str, seed: int) -> Origin:
    """See ``origin``; all of the calls count."""
    columns, posted = counted.columns, counted.posted_in(zone)
    keys = (
        ("Symbol", columns["symbol"]),
        ("Side", columns["side"]),
        ("Exit", columns["exit_reason"]),
        ("Weekday", [DAYS[moment.weekday()] for moment in posted]),
        ("Hour", [HOURS_OF[moment.hour] for moment in posted]),
    )
    start, end = np.array(counted.start_ms, np.int64), np.array(counted.end_ms, np.int64)
    r = np.array(columns["r"], np.float64)
    return Origin(tuple((name, split(counted, labels)) for name, labels in keys), robustness(r, start, end, seed))


def split(counted: Iterable[CallRow], labels: Sequence[str]) -> tuple[Group, ...]:
    """Counted calls by their labels, the most trades first; beyond twelve rows the smallest groups share the last."""
    columns = Calls.of(counted).columns
    r, closed = np.array(columns["r"], np.float64), np.array([fate == "closed" for fate in columns["status"]], np.bool_)
    number = {label: i for i, label in enumerate(dict.fromkeys(labels))}
    place = np.array([number[label] for label in labels], np.int64)
    found = {label: np.flatnonzero(place == i) for label, i in number.items()}
    ranked = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    kept = len(ranked) if len(ranked) <= MOST_ROWS else MOST_ROWS - 1
    groups = [_group(label or NO_NAME, r[rows], closed[rows]) for label, rows in ranked[:kept]]
    if rest := [rows for _, rows in ranked[kept:]]:
        rows = np.concatenate(rest)
        groups.append(_group("", r[rows], closed[rows], len(rest)))
    return tuple(groups)


def monthly(channels: Sequence[Iterable[CallRow]], zone: str) -> tuple[Year, ...]:
    """The counted calls of each channel by month of posting, one block a year, from the first to the last month.

    A run within one year has only its own months; a longer one has all twelve, so that the blocks line up.
    """
    sums: list[dict[tuple[int, int], list[float]]] = []
    for calls in channels:
        found: dict[tuple[int, int], list[float]] = defaultdict(list)
        sums.append(found)
        counted = Calls.of(calls).counted
        for posted, r in zip(counted.posted_in(zone), counted.columns["r"], strict=True):
            found[posted.year, posted.month].append(r)
    moments = sorted({moment for found in sums for moment in found})
    years = sorted({year for year, _ in moments})
    months = range(moments[0][1], moments[-1][1] + 1) if len(years) == 1 else range(1, 13)
    highest = max((abs(sum(values)) for found in sums for values in found.values()), default=0.0)
    return tuple(
        Year(
            year,
            tuple(MONTHS[month - 1] for month in months),
            tuple(
                (
                    tuple(_cell(found.get((year, month), []), highest) for month in months),
                    _cell([r for month in months for r in found.get((year, month), [])], 0.0),
                )
                for found in sums
            ),
        )
        for year in years
    )


def _group(label: str, r: Floats, closed: Bools, merged: int = 0) -> Group:
    won = float((r[closed] > 0).mean()) if closed.any() else None
    return Group(label, len(r), sum(r.tolist()), won, merged)


def _cell(values: Sequence[float], highest: float) -> Cell | None:
    """A cell, tinted by its share of the greatest sum of a month; none without trades."""
    if not values:
        return None
    total = sum(values)
    level = min(TINTS, int(TINTS * abs(total) / highest) + 1) if highest and round(total, 1) else 0
    return Cell(len(values), total, level if total > 0 else -level)
