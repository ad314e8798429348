"""Changes of single rows, by the channel or a later call, as the kernel applies them. They are rare: row by row."""

from __future__ import annotations

from operator import itemgetter

import numpy as np

from engine.domain import Change, Distance, ExitReason, PathStatus
from engine.market.candles import Ints
from engine.simulate.amending import same_levels
from engine.simulate.rows import DUST
from engine.simulate.writing import Writer


class Changing(Writer):
    """A writer that knows what changes do to a row."""

    def apply_due(self, live: Ints) -> Ints:
        """Apply all changes due at the open of the bar at ``cur``; the rows whose new orders arrive there."""
        rows, arriving = self.rows, []
        for row in live[rows.change[live] <= rows.cur[live]].tolist():
            changes, ts = rows.plan.changes[row], int(self.bars.ts[rows.cur[row]])
            while not rows.done[row] and rows.changed[row] < len(changes):
                change = changes[rows.changed[row]]
                if change.act_ms > ts:
                    break
                rows.changed[row] += 1
                if self._apply(row, change):
                    arriving.append(row)
            left = changes[rows.changed[row] :]
            rows.change[row] = np.searchsorted(self.bars.ts, left[0].act_ms) if left else len(self.bars)
        return np.array([row for row in dict.fromkeys(arriving) if not rows.done[row]], np.int64)

    def _apply(self, row: int, change: Change) -> bool:
        """One change of one row; whether it has new orders."""
        rows, at = self.rows, np.array([row])
        if change.unfilled and rows.filled[row] > 0:
            return False
        if change.kind == "close":
            self._close(row, change)
        elif change.kind == "cancel":
            if change.order is None:
                rows.drop_orders(at)
            elif rows.rung[row] < change.order <= rows.orders[row]:
                rows.dead[row, change.order - 1] = True
                rows.skip_dead(at)
            if rows.rung[row] >= rows.orders[row] and rows.filled[row] <= 0:
                self.end(at, PathStatus.CANCELLED)
        elif change.kind == "stop":
            self._put_stop(row, change)
        elif change.kind == "targets":
            self._put_targets(row, change)
        elif not rows.taken[row] and rows.filled[row] < 1 - DUST and rows.cur[row] < rows.expire[row]:
            first = int(rows.orders[row])
            for j, order in enumerate(change.orders, first):
                rows.price[row, j] = np.inf if order.price is None else order.price * self.sign[row]
                rows.weight[row, j] = order.weight * (1 - rows.filled[row])
            rows.rung[row], rows.orders[row] = first, first + len(change.orders)
            return True
        return False

    def _close(self, row: int, change: Change) -> None:
        rows, at = self.rows, np.array([row])
        if rows.held[row] > DUST:
            reason = ExitReason.CHANNEL if change.by == "channel" else ExitReason.REPLACED
            share = rows.held[at] * min(change.share, 1.0)
            self.leg(at, self.worse(at, self._open(row), share, up=False), share, reason, maker=False)
            if rows.held[row] <= DUST:
                self.end(at, PathStatus.CLOSED)
        elif change.share >= 1:
            self.end(at, PathStatus.CANCELLED)

    def _put_stop(self, row: int, change: Change) -> None:
        rows, at = self.rows, np.array([row])
        if change.unfilled:  # it is still the call's stop, and waits for a close where it did
            where = rows.close_level if np.isfinite(rows.close_level[row]) else rows.stop
            where[row] = rows.level(row, change.stop, -1) if isinstance(change.stop, float | Distance) else where[row]
            return
        rows.look[row] = rows.trailing[row]  # the new stop holds in this bar, whatever the trail says; then it goes on
        if change.target is not None:
            known = self._numbers(row)
            level = change.stop if isinstance(change.stop, float | int | Distance) else np.inf
            price = rows.level(row, level, 1) if rows.filled[row] > 0 or not isinstance(level, Distance) else np.inf
            if change.target in known:
                price = float(rows.target[row, known.index(change.target)])
            if np.isfinite(price):
                rows.set_stop(at, np.array([price]), ExitReason.MOVED)
        elif change.stop == "breakeven":
            if rows.filled[row] > 0:
                rows.raise_stop(at, rows.average(at), ExitReason.BREAKEVEN)
        elif isinstance(change.stop, Distance):
            if rows.filled[row] > 0:
                rows.set_stop(at, np.array([rows.level(row, change.stop, -1)]), ExitReason.MOVED)
            else:
                rows.said_stop[row] = change.stop
        elif change.stop is not None:
            rows.set_stop(at, change.stop * self.sign[at], ExitReason.MOVED)

    def _numbers(self, row: int) -> tuple[int, ...]:
        """The numbers of the targets that are taken or ahead."""
        return self.rows.numbers.get(row) or tuple(range(1, int(self.rows.targets[row]) + 1))

    def _put_targets(self, row: int, change: Change) -> None:
        rows, taken = self.rows, int(self.rows.taken[row])
        last = rows.target[row, taken - 1] if taken else -np.inf
        known = self._numbers(row)
        gone = {number for number in known[:taken] if number}
        waits = rows.filled[row] <= 0 and any(isinstance(level, Distance) for level, _ in change.targets)
        numbered = zip(change.targets, change.numbers or [0] * len(change.targets), strict=True)
        levels = [(np.inf if waits else rows.level(row, level, 1), share, n) for (level, share), n in numbered]
        if change.stay and rows.filled[row] > 0:
            stands = dict(zip(known[taken:], rows.target[row, taken:].tolist(), strict=False))
            levels = [(stands.get(n, at) if n in change.stay else at, share, n) for at, share, n in levels]
            levels.sort(key=itemgetter(0))
        ahead = [(price, share, n) for price, share, n in levels if price > last and n not in gone]
        if not ahead:
            return
        rows.said_targets.pop(row, None)
        if waits:
            rows.said_targets[row] = tuple(level for level, _ in change.targets)
        part = 1.0 - float(rows.share[row, :taken].sum())  # what the targets taken have not sold of what was filled
        total = sum(share for _, share, _ in ahead)
        end = taken + len(ahead)
        stood = rows.target[row, taken : rows.targets[row]].tolist()
        prices = [price for price, _, _ in ahead]
        rows.target[row, taken:end] = prices
        rows.share[row, taken:end] = [share / total * part for _, share, _ in ahead]
        rows.targets[row] = end
        rows.numbers[row] = (*known[:taken], *(n for _, _, n in ahead))
        if not same_levels(prices, stood):  # those that rest where they did fill there
            self.market_targets(np.array([row]), self._open(row))
        rows.look[row] |= rows.taken[row] > taken  # stops may move after this bar

    def market_targets(self, at: Ints, open_: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
        """Targets that the market is already beyond go out at the market."""
        rows = self.rows
        while len(at):
            got = ~rows.done[at] & (rows.held[at] > DUST) & (open_ >= rows.next_target(at))
            at, open_ = at[got], open_[got]
            if len(at):
                self.take(at, open_, maker=False)

    def _open(self, row: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """The open of a row's bar."""
        return np.array([self.bars.open[self.rows.cur[row]] * self.sign[row]])
