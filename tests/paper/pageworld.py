"""A ledger with everything in it that a page can show: half a month of the demo, and what people and days did."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from engine.market.candles import Candles
from engine.paper.desk import Desk
from engine.paper.ledger import Event, Ledger
from engine.paper.replay import play
from engine.pipeline.paper.book import Book, book_at
from engine.pipeline.paper.desk import begin, load
from engine.pipeline.paper.report import write_paper
from engine.pipeline.paper.sources import Sources
from engine.pipeline.workspace import Workspace
from engine.report.paperrun import load_paper
from engine.units import HOUR_MS, MINUTE_MS, moment_ms
from tests.conftest import ROOT
from tests.paper.world import Month, month

SAID = ("assumptions", "inputs")  # the text of other modules
END_MS = moment_ms("2025-01-16T15:00Z")


def workspace(folder: Path) -> Workspace:
    """The shipped channels, rules and strategies in a folder of their own."""
    for part in ("channels", "rules", "strategies"):
        shutil.copytree(ROOT / part, folder / part)
    return Workspace(folder)


def ledger_of(place: Workspace, path: Path, until_ms: int = END_MS, calls: int | None = None) -> Desk:
    """A ledger of the demo up to a moment (of its first calls alone), closed again; the desk that wrote it."""
    world = month()
    ledger = Ledger(path, every=500)
    cut = cut_at(world, until_ms)
    desk = world.desk(ledger, cut)
    load(place, "demo")  # the hashes that a live account writes down
    start_ms = world.loaded.strategy.from_ms
    assert start_ms is not None
    begin(desk, [world.loaded], {name: lane.terms for name, lane in desk.lanes.items()}, place, start_ms)
    messages = [message for message in world.messages if message.known_ms < until_ms]
    if calls is not None:
        ids = [signal.message.key for signal in world.played.signals if signal.message.known_ms < until_ms]
        messages = [message for message in messages if message.key in ids[:calls]]
    play(desk, messages, cut)
    return desk


def cut_at(world: Month, until_ms: int) -> dict[str, Candles]:
    """The candles up to a moment."""
    return {symbol: bars.before(until_ms) for symbol, bars in world.candles.items()}


def eventful(desk: Desk, until_ms: int = END_MS) -> None:
    """Halts, a close by hand, first prices, a gap, a late mark, and two days against history."""
    ledger, account = desk.ledger, desk.account
    open_ = desk.books.open_calls
    assert open_
    ledger.append(
        Event(account, "halt", until_ms, {"until_ms": until_ms + HOUR_MS, "channels": ["demo_coin"]}),
        Event(account, "halt", until_ms, {"until_ms": None, "channels": []}),
    )
    for order in list(ledger.events(account, 0, "halt")):
        desk.obey(order, until_ms)
    filled = [call for call in desk.books.rows if call.stepper.path().fills][:3]
    for call, worse in zip(filled, (1.001, 0.999, 1.0), strict=True):
        average = sum(f.price * f.share for f in call.stepper.path().fills) / call.stepper.filled
        desk.note("live", call.posted_ms + 2_500, live_data(average * worse), call.row)
    desk.note("started", until_ms - 3 * HOUR_MS, {"alive_ms": None})
    desk.note("stopped", until_ms - 2 * HOUR_MS, {})
    desk.note("started", until_ms - HOUR_MS, {"alive_ms": until_ms - 2 * HOUR_MS})
    differing = [["demo_keel/8", "fills", "[(1, True)]", "[(2, True)]", "its call arrived late"]]
    same = {"line": "2025-01-14: 4 of 4 closed trades are as history has them", "trades": 4, "different": 0}
    desk.note("reconciled", until_ms - HOUR_MS, {"day": "2025-01-14", **same, "ours_r": 1.5, "theirs_r": 1.5})
    other = {"day": "2025-01-15", "line": "2025-01-15: 4 of 5 ...", "trades": 5, "different": 1}
    desk.note("reconciled", until_ms, {**other, "ours_r": 0.5, "theirs_r": 1.25, "differing": differing})
    late = Event(account, "alarm", until_ms - MINUTE_MS, {
        "note": {"rule": "daily-stop", "where": "rules/default.yaml:30", "text": "The account lost 6.00%: halted."},
        "halt": None, "close": None,
    }, late=True, made_ms=until_ms + 4 * MINUTE_MS)  # fmt: skip
    ledger.append(late)
    ledger.flush()


def live_data(price: float, fills: Sequence[dict] = ()) -> dict:
    """What a live event says of a call that was taken at a price."""
    said = {"number": 1, "price": price, "decides": True, "fate": "", "taken": True, "quantity": 1.0, "facts": None}
    return said | {"notes": [], "fills": list(fills), "legs": [], "status": None, "equity": 10_000.0}


def book_of(desk: Desk) -> Book:
    """The account as its ledger has it."""
    desk.ledger.flush()
    return book_at(desk.ledger.path)


def sources_of(desk: Desk, replay: str = "demo") -> Sources:
    """What a replay knows besides its ledger."""
    world = month()
    return Sources([world.loaded], prices(), desk.market.candles, world.messages, replay)


def prices():
    """The demo's prices."""
    from engine.pipeline.asked import prices_of

    return prices_of(Workspace(ROOT), month().loaded.strategy)[0]


def plain(record: object) -> dict:
    """A record as rounded JSON values, without what each writing has of its own."""

    def rounded(value: object) -> object:
        if isinstance(value, dict):
            return {name: rounded(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [rounded(item) for item in value]
        return round(value, 6) if isinstance(value, float) else value

    found = rounded(asdict(record))
    assert isinstance(found, dict)
    return {name: value for name, value in found.items() if name not in ("created", "version", "ledger", "head", *SAID)}


def main(target: Path) -> None:
    """Write the figures of the eventful ledger as they are now: ``python -m tests.paper.pageworld FILE``."""
    with tempfile.TemporaryDirectory() as name:
        place = workspace(Path(name))
        desk = ledger_of(place, place.root / "paper.db")
        eventful(desk)
        write_paper(place, book_of(desk), sources_of(desk), place.root / "page")
        run = load_paper(place.root / "page")
        target.write_text(json.dumps(plain(run), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
