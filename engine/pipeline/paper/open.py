"""What is open on paper: the live table on a terminal, and a trade's worth at the last price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.domain import BY_HAND, UNTIL_RESUMED_MS, Halt
from engine.paper.worth import leaving, leaving_all, marked
from engine.pipeline.paper.fates import who
from engine.report.tables import clean
from engine.simulate.flows import held_entry
from engine.units import show_time

if TYPE_CHECKING:
    from rich.console import Group

    from engine.paper.call import PaperCall
    from engine.paper.desk import Desk

Last = Mapping[str, tuple[int, float]]
"""When a price was seen (epoch ms) and the price, by symbol."""
COLUMNS = ("call", "side", "symbol", "since", "entry", "stop", "next target", "last", "open R")
FEW = ("call", "side", "symbol", "last", "open R")
NARROW = 105  # columns of a terminal; below that only a few of the table's are shown
RESTING = "resting"


def open_table(calls: Iterable[PaperCall], last: Last, zone: str, title: str, width: int = NARROW) -> Group:
    """The trades of the account that are resting or open, at the last prices, for a terminal of a width."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    shown = COLUMNS if width >= NARROW else FEW
    table = Table()
    for name in shown:
        table.add_column(name, justify="left" if name in COLUMNS[:4] else "right", no_wrap=name != "call")
    for call in calls:
        row = dict(zip(COLUMNS, open_row(call, last, zone), strict=True))
        table.add_row(*(Text(row[name]) for name in shown))
    return Group(*(Text(clean(line)) for line in title.split("\n")), table)


def title_of(
    desk: Desk,
    calls: Sequence[PaperCall],
    last: Last,
    currency: str,
    equity: float | None = None,
    pauses: Sequence[Halt] = (),
) -> str:
    """The account in a line, and a line for each pause.

    ``equity`` is its marked worth where the caller knows it better than the record and the last prices; what is shown
    is what would be left if the calls were left at these. ``pauses`` are those that rules gave at live prices only.
    """
    books, marks = desk.books.books.books, desk.books.marks
    known = {symbol: price for symbol, (_, price) in last.items()}
    prices = {symbol: marks.price(symbol, desk.through_ms) for symbol in books.held} | known
    equity = (marked(books.cash, books.held, prices) if equity is None else equity) - leaving_all(calls, prices)
    resting = sum(not call.acting.stepper.filled for call in calls)
    lines = [f"{desk.account}  equity {equity:,.2f} {currency}  {len(calls) - resting} open, {resting} resting"]
    now = desk.through_ms if desk.now_ms is None else desk.now_ms()
    return "\n".join([*lines, *(halted(halt, desk.zone) for halt in (*books.halts, *pauses) if halt.until_ms > now)])


def halted(halt: Halt, zone: str) -> str:
    """A pause: whose calls it concerns, who asked for it, and until when."""
    of = " and ".join(part for part in (", ".join(halt.channels), ", ".join(halt.symbols)) if part)
    until = f"until {show_time(halt.until_ms, zone)[:16]}"
    if halt.until_ms >= UNTIL_RESUMED_MS:
        until = f"until: paper resume{''.join(f' --channel {name}' for name in halt.channels)}"
    by = halt.by if halt.rule == BY_HAND else who(halt.rule, halt.where)
    return f"HALTED {of or 'all new trades'} {by}, {until}"


def open_row(call: PaperCall, last: Last, zone: str) -> tuple[str, ...]:
    """One trade of the table."""
    stepper, plan = call.acting.stepper, call.plan
    fills = stepper.path().fills
    price = last[plan.symbol][1] if plan.symbol in last else None
    entry = held_entry(stepper.path())
    target = stepper.position.first_target()
    made = "" if price is None or not fills else f"{open_r(call, price):+.2f}"
    return (
        clean(plan.signal_id),
        plan.side.value,
        plan.symbol,
        show_time(fills[0].ts_ms if fills else plan.act_ms, zone)[5:16],
        _price(entry) if fills else RESTING,
        _price(stepper.stop),
        _price(target),
        _price(price),
        made if fills else RESTING,
    )


def open_r(call: PaperCall, price: float) -> float:
    """What a trade would have made, in R, if what is held went out at a price: as a report and a backtest value it."""
    acting = call.acting
    if not acting.risk > 0:
        return 0.0
    stepper = acting.stepper
    gross, fees, funding = acting.money()
    worth = acting.plan.side.sign * stepper.held * price
    return (gross + worth - fees - leaving(acting, price) - funding) / acting.risk


def _price(value: float | None) -> str:
    return "" if value is None else f"{value:.8g}"
