"""What lies before an account until its next move: its equity at every close of a candle, and the rule that will speak.

This is the close look, for stretches in which the equity may get so far that somebody speaks (``reach.py``).

Between two moves (fills, exits, funding, midnights) an account's positions stay the same, so its equity at the closes
in between is one sum over columns, and the rules look at all of them at once. Nothing of it is known to a call before
its time: the account only takes what lies behind it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from engine.domain import Account
from engine.simulate.books import Books, Marks
from engine.simulate.judge import Alarm, Course, Judge


@dataclass(frozen=True, slots=True)
class Outlook:
    """The course of an account up to and with ``until_ms``, and the first rule that speaks on it.

    ``rises_ms`` is when the highest equity so far is passed for the first time.
    """

    course: Course
    until_ms: int
    alarm: Alarm | None
    rises_ms: int

    def calm(self, until_ms: int) -> bool:
        """Whether nothing is booked and no rule speaks up to a moment."""
        return until_ms <= self.until_ms and (self.alarm is None or until_ms < self.alarm.at_ms)

    def peak(self, now_ms: int) -> float:
        """The highest equity up to a moment."""
        if now_ms < self.rises_ms:
            return self.course.account.peak_equity
        i = int(self.course.ts_ms.searchsorted(now_ms, side="right"))
        return float(self.course.peak[i - 1])


def look_ahead(account: Account, books: Books, marks: Marks, judge: Judge, until_ms: int, *, now: bool) -> Outlook:
    """The outlook of an account, given that nothing is booked up to and with ``until_ms``.

    ``now``: its present moment is looked at too, because something was booked at it.
    """
    ts, worth = marks.course(books.held, books.symbols, account.now_ms, until_ms)
    if now:
        ts = np.concatenate([np.array([account.now_ms], np.int64), ts])
        worth = np.concatenate([np.array([account.equity - books.cash]), worth])
    if not len(ts):
        return Outlook(Course(ts, ts.astype(np.float64), ts.astype(np.float64), account), until_ms, None, sys.maxsize)
    equity = books.cash + worth
    peak = np.maximum.accumulate(np.maximum(equity, account.peak_equity))
    course = Course(ts, equity, peak, account, tuple(books.halts), books.closable)
    higher = ts[peak > account.peak_equity]
    rises_ms = int(higher[0]) if len(higher) else sys.maxsize
    return Outlook(course, until_ms, judge.watch(course), rises_ms)
