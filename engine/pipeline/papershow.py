"""What paper trading says: a line and a notice for each event, and the table of what is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.domain import PathStatus
from engine.notify.notice import Notice, NoticeKind
from engine.report.tables import clean
from engine.units import show_time

if TYPE_CHECKING:
    from rich.table import Table

    from engine.paper.call import PaperCall
    from engine.paper.ledger import Event

STOPS = ("stop", "breakeven", "moved stop", "trailing", "liquidation")


@dataclass(frozen=True, slots=True)
class Said:
    """A line, and the kind of notice that it is worth (None: none)."""

    line: str
    kind: NoticeKind | None = None

    def notice(self, account: str) -> Notice | None:
        """The notice of the line."""
        title, _, text = self.line.partition(": ")
        return None if self.kind is None else Notice(self.kind, f"{account}: {title}", text or title)


def told(event: Event, call: PaperCall | None, currency: str) -> Iterable[Said]:
    """What an event means to people; nothing for what the account does not trade."""
    data = event.data
    late = " (late)" if event.late else ""
    if event.kind == "refused" and data["code"] in ("stale", "hindsight"):
        yield Said(f"{data['signal']} not taken: {data['text']}")
    if event.kind == "alarm":
        closes = ", open trades are closed" if data["close"] else ""
        yield Said(f"rule {data['note']['rule']}: {data['note']['text']}{closes}", NoticeKind.HALT)
    if call is None:
        return
    name = call.name
    if event.kind == "glance":
        if data["taken"] and data["fills"]:
            yield Said(f"{name} arrived: at {data['price']:.8g} now, {data['quantity']:.6g} would be taken")
        else:
            why = "orders wait" if data["taken"] else data["notes"][-1]["text"] if data["notes"] else "not taken"
            yield Said(f"{name} arrived: price {data['price']:.8g}, {why}")
    elif event.kind == "decided":
        if not data["taken"]:
            yield Said(f"{name} refused: {data['notes'][-1]['text'] if data['notes'] else ''}")
        else:
            yield from _filled(call, call.acting.stepper.path().fills, late)
        if data["halt"]:
            text = data["notes"][-1]["text"]
            yield Said(f"no new trades: {text}", NoticeKind.HALT)
    elif event.kind == "step" and data["taken"]:
        yield from _filled(call, data["fills"], late)
        for leg in data["legs"]:
            yield _left(call, leg, late, currency, ended=data.get("status") == PathStatus.CLOSED)
    elif event.kind == "early":
        net = data["trade"]["net"]
        yield Said(f"{name} closed by {call.closing_notes[0].rule}: {net:+,.2f} {currency}{late}", NoticeKind.CLOSE)


def _filled(call: PaperCall, fills: Iterable[Any], late: str) -> Iterable[Said]:
    """Entry fills of a trade."""
    name = call.name
    for fill in fills:
        price, share = (fill["price"], fill["share"]) if isinstance(fill, dict) else (fill.price, fill.share)
        stop = call.acting.stepper.stop
        yield Said(
            f"{name} open: {call.quantity * share:.6g} at {price:.8g}"
            f"{f', stop {stop:.8g}' if stop is not None else ''}{late}",
            NoticeKind.OPEN,
        )


def _left(call: PaperCall, leg: Mapping[str, Any], late: str, currency: str, *, ended: bool) -> Said:
    """An exit of a trade."""
    reason = leg["reason"]
    kind = NoticeKind.TARGET if reason == "target" else NoticeKind.STOP if reason in STOPS else NoticeKind.CLOSE
    what = f"target {leg['target']}" if reason == "target" else reason
    line = f"{call.name} {what}: "
    line += f"{call.quantity * leg['share']:.6g} out at {leg['price']:.8g}"
    if ended:
        gross, fees, funding = call.acting.money(call.stepper.terms)
        net = (gross - fees - funding) * call.quantity
        line += f"; closed with {net:+,.2f} {currency}"
    return Said(line + late, kind)


COLUMNS = ("call", "side", "symbol", "since", "entry", "stop", "next target", "last", "open R")
FEW = ("call", "side", "symbol", "last", "open R")
NARROW = 105  # columns of a terminal; below that only a few of the table's are shown


def open_table(
    calls: Iterable[PaperCall], last: Mapping[str, tuple[int, float]], zone: str, title: str, width: int = NARROW
) -> Table:
    """The trades of the account that are resting or open, at the last prices, for a terminal of a width."""
    from rich.table import Table

    shown = COLUMNS if width >= NARROW else FEW
    table = Table(title=title, title_justify="left")
    for name in shown:
        table.add_column(name, justify="left" if name in COLUMNS[:4] else "right", no_wrap=name != "call")
    for call in calls:
        row = dict(zip(COLUMNS, open_row(call, last, zone), strict=True))
        table.add_row(*(row[name] for name in shown))
    return table


def open_row(call: PaperCall, last: Mapping[str, tuple[int, float]], zone: str) -> tuple[str, ...]:
    """One trade of the table."""
    stepper, plan = call.acting.stepper, call.plan
    fills = stepper.path().fills
    price = last[plan.symbol][1] if plan.symbol in last else None
    entry = stepper.position.average if fills else None
    target = stepper.position.first_target()
    return (
        clean(plan.signal_id),
        plan.side.value,
        plan.symbol,
        show_time(fills[0].ts_ms if fills else plan.act_ms, zone)[5:16],
        _price(entry) if fills else "resting",
        _price(stepper.stop),
        _price(target),
        _price(price),
        "" if price is None or not fills else f"{open_r(call, price):+.2f}",
    )


def open_r(call: PaperCall, price: float) -> float:
    """What a trade would have made, in R, if what is held went out at a price (before its fees)."""
    acting = call.acting
    if not acting.risk > 0:
        return 0.0
    gross, fees, funding = acting.money(acting.stepper.terms)
    worth = acting.plan.side.sign * acting.stepper.held * price
    return (gross + worth - fees - funding) / acting.risk


def _price(value: float | None) -> str:
    return "" if value is None else f"{value:.8g}"
