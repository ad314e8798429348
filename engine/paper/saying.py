"""What the live side writes into the ledger: each call's word, fills and exits, once; and what it takes back.

A ``live`` event says what happened at live prices, a ``withdrawn`` event what of it the record never made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from engine.domain import ExitReason, PathStatus
from engine.paper.call import WAITING, Bar, PaperCall
from engine.paper.codec import Data, margins_of
from engine.paper.desk import Desk
from engine.paper.fold import call_data
from engine.paper.liveaccount import LiveAccount
from engine.paper.spoken import Spoken, moves_of
from engine.simulate.answers import Answer


@dataclass
class Saying:
    """See the module's docstring. ``spoken`` is what was said, ``account`` the account as it stands live."""

    desk: Desk
    spoken: Spoken
    account: LiveAccount

    def against(self, row: int) -> Data:
        """The earlier call that one was held against, and whether the account has a trade of it."""
        call = self.desk.books.rows[row]
        missing = call.missing or ("" if call.asked or self.spoken.of(row).word != ("", False) else "refused")
        return {"of": call.plan.signal_id} | ({"missing": missing} if missing else {})

    def write(
        self,
        side: PaperCall,
        bar: Bar,
        answer: Answer | None,
        *,
        stands: bool = False,
        against: Data | None = None,
        by: str = "",
    ) -> None:
        """Write down what is new of a call; nothing where that was said, unless it ``stands`` otherwise.

        ``against`` is the call that it was held against, as ``against`` says it; ``by`` the rule that ended it.
        """
        known, call = self.spoken.of(side.row), self.desk.books.rows[side.row]
        path = side.acting.stepper.path()
        fills, legs = [asdict(fill) for fill in path.fills], [asdict(leg) for leg in path.legs]
        named = [
            moved | {"what": move.what} for moved, move in zip((*fills, *legs), moves_of(fills, legs), strict=True)
        ]
        done = set() if call.fate == WAITING or side.facts is None else {move.what for move in known.moves}
        new = [one for one in named if one["what"] not in done and one["what"] not in known.owed]
        if side.facts is None:
            new = []
        if answer is None and not new and not stands:
            return
        data: Data = {
            "number": known.number + 1,
            "price": bar.close,
            "decides": answer is not None,
            "fate": side.fate,
            "taken": side.facts is not None,
            "quantity": side.quantity,
            "facts": None if side.facts is None else asdict(side.facts),
            "notes": [] if answer is None else [asdict(note) for note in answer.notes],
            "fills": [one for one in new if "reason" not in one],
            "legs": [one for one in new if "reason" in one],
            "stop": side.acting.stepper.stop,
            "status": path.status,
            "equity": self.account.equity(),
        } | (against or {})
        if answer is not None and answer.holders:
            data["margins"] = margins_of(answer)
        if by:
            data["by"] = by
        if path.status is PathStatus.CLOSED and side.facts is not None:
            data["net"] = side.trade().net
        data["stands"] = call_data(side) | {"quantity": side.quantity}
        if side.own is not None:
            data["stands"]["own"] = call_data(side.own)
        key = (side.plan.channel, side.row, 0, f"{side.lane}/live/{data['number']}")
        self.desk.note("live", bar.ts, data, side.row, key)

    def withdraw(self, symbol: str, told_ms: int, awaited: Callable[[int], bool]) -> None:
        """Take back what the record has not confirmed, once it could have: its candles were told up to ``told_ms``.

        ``awaited``: whether the record may still end the trade of a row, as a rule or a person ended it live.
        """
        step = self.desk.market.timeframe_ms
        for row, known in self.spoken.owing():
            call = self.desk.books.rows[row]
            if call.plan.symbol != symbol or call.fate == WAITING or (call.counted and not call.asked):
                continue
            over = not call.counted or call.facts is None or call.over
            moves = [move for move in known.owed.values() if over or self.account.over_ms(move.ts_ms + step) <= told_ms]
            gone = [move for move in moves if over or not (move.ordered and awaited(row))]
            if gone:
                ruled = all(move.ordered and move.reason is ExitReason.RULE for move in gone) and not over
                why = "no rule spoke when its candle was over" if ruled else _why(call)
                data: Data = {"moves": [asdict(move) for move in gone], "why": why}
                key = (call.plan.channel, row, 0, f"{call.lane}/withdrawn/{known.number}/{gone[0].what}")
                self.desk.note("withdrawn", max(told_ms, gone[-1].ts_ms), data, row, key)


def _why(call: PaperCall) -> str:
    """Why the record has not what was said."""
    if not call.counted:
        return f"by its candles the call is: {call.fate}"
    if call.facts is None:
        return call.notes[-1].text if call.notes else "the account did not take it"
    status = call.acting.stepper.path().status
    if call.early is not None and not call.early.path.fills:
        return "it was closed before its candles would have filled it"
    if status not in (PathStatus.OPEN, PathStatus.CLOSED):
        return f"by its candles the call is: {status}"
    return "its candles do not show it"
