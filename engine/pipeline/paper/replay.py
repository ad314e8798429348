"""``cli.py paper STRATEGY ... --replay SOURCE``: the pipeline of paper trading over history, as fast as it goes.

Message by message and candle by candle, with the desk, the ledger and the account of live trading; several strategies
share one account, as live. What it gives is what backtests of the same strategies give, trade by trade; ``compare``
runs them and says whether it does (``against.py``). The ledger lies in the run's folder. When there is one already, the
replay goes on where it was stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine.collect.archive import Archive
from engine.collect.reading import when_known
from engine.files import write_csv
from engine.paper.ledger import LedgerError
from engine.paper.reconcile import Difference
from engine.paper.record import Record, record_of
from engine.paper.replay import play
from engine.pipeline.asked import no_candles, prices_of
from engine.pipeline.backtest import played_period
from engine.pipeline.conditions import Conditions, conditions_of
from engine.pipeline.errors import InputError
from engine.pipeline.paper.against import against_backtest, calls_against_backtest
from engine.pipeline.paper.desk import (
    Loaded,
    account_name,
    begin,
    check_together,
    load,
    make_desk,
    open_ledger,
    terms_of,
)
from engine.pipeline.paper.fates import CallFate, Heard, fates_of
from engine.pipeline.paper.table import CALL_COLUMNS, COLUMNS, call_row, trade_rows
from engine.pipeline.paper.verdict import courses_of, judged_by
from engine.pipeline.paper.words import asks_verdict
from engine.pipeline.posts import whole_export
from engine.pipeline.progress import Track
from engine.pipeline.readings import channel_messages, read_channels, read_messages
from engine.pipeline.report import LEDGER_FILE
from engine.pipeline.runfolder import new_folder
from engine.pipeline.statements import inside
from engine.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.domain import Message
    from engine.paper.desk import Desk
    from engine.pipeline.backtest import Period
    from engine.pipeline.prices import Prices
    from engine.pipeline.workspace import Workspace
    from engine.simulate.terms import Terms

TRADES_FILE = "paper_trades.csv"
CALLS_FILE = "paper_calls.csv"
EVERY = 500  # events written at a time: a replay that is killed works the last ones out again


@dataclass(frozen=True, slots=True)
class Compared:
    """A strategy held against its backtest: how many ``things`` (trades, or calls) were compared, and what differs."""

    strategy: str
    things: int
    different: list[Difference]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did: its folder, its record and calls, and what backtests have otherwise (None: not compared).

    ``alone`` is the record of each channel's own account, where the account follows several channels; ``unfollowed``
    counts the later versions of calls that were not followed, by channel and code.
    """

    folder: Path
    desk: Desk
    record: Record
    fates: list[CallFate]
    alone: Mapping[str, Record]
    compared: list[Compared] | None
    loaded: Sequence[Loaded]
    prices: Prices
    messages: Sequence[Message]
    unfollowed: Mapping[str, Mapping[str, int]]


def replay_paper(
    workspace: Workspace, given: Sequence[str], source: str, out: Path | None, compare: bool, track: Track
) -> Replayed:
    """Replay strategies in one account over an archive, an export, or the word ``demo``. Raises InputError."""
    loaded = [load(workspace, name) for name in given]
    check_together(loaded, history=True)
    first, zone = loaded[0].strategy, workspace.settings.timezone
    profiles = list({profile.id: profile for one in loaded for profile in one.profiles}.values())
    prices, _ = prices_of(workspace, first)
    known = messages_of(workspace, loaded, source)
    messages = {name: [m for m in found if inside(m, first)] for name, found in known.items()}
    readings = read_channels(profiles, messages, track)  # which symbols are called, and when the last call came
    signals = [signal for profile in profiles for signal in readings[profile.id].signals]
    symbols = sorted({signal.setup.symbol for signal in signals})
    read = {symbol: prices.candles(symbol) for symbol in track(symbols, "reading candles")}
    found = {symbol: bars.before(first.to_ms) for symbol, bars in read.items() if bars is not None}
    if signals and not found:
        raise InputError(no_candles(workspace, first, symbols))
    met = {one.strategy.name: conditions_of(one.file, one.strategy, prices, found, signals) for one in loaded}
    folder = out or new_folder(workspace.runs_path, f"{datetime.now(UTC):%Y%m%d-%H%M%S}-paper-{account_name(loaded)}")
    ledger = open_ledger(folder / LEDGER_FILE, EVERY)
    periods = {
        one.strategy.name: _period(workspace, one, known, prices, track)
        for one in loaded
        if compare or asks_verdict(one)
    }
    courses = {one.strategy.name: courses_of(one, periods[one.strategy.name]) for one in loaded if asks_verdict(one)}
    terms = {one.strategy.name: _terms(one, met) for one in loaded}
    judged = {name: judged_by(found) for name, found in courses.items()}
    same = met[first.name]  # what does not hang on the strategy: candles, funding, fair prices, contracts
    candles = same.candles
    try:
        desk = make_desk(loaded, terms, ledger, candles, same.funding, zone, same.fair, same.contracts or None, judged)
        if not begin(desk, loaded, terms, workspace, first.from_ms or 0):
            hint = "give another folder: --out DIR"
            raise InputError(Problem("the ledger here was begun with other files", str(folder), hint=hint))
        told = sorted((message for found in messages.values() for message in found), key=when_known)
        play(desk, track(told, "replaying"), candles)
        record = record_of(desk, candles)
        heard = Heard().read(ledger.events(desk.account))
        fates = fates_of(desk.account, heard, desk.books.rows)
        alone = {channel: record_of(one, candles) for channel, one in desk.alone.items()}
        write_csv(folder / TRADES_FILE, COLUMNS, trade_rows(desk, record))
        write_csv(folder / CALLS_FILE, CALL_COLUMNS, (call_row(row, zone) for row in fates))
        ledger.close()
    except LedgerError as error:
        raise InputError(error.problem) from None
    compared = None
    if compare and len(loaded) == 1:
        different = against_backtest(
            loaded[0], periods[first.name], courses.get(first.name), record, alone, zone, track
        )
        compared = [Compared(first.name, len(record.trades), different)]
    elif compare:
        compared = [
            Compared(name, *calls_against_backtest(desk, name, period.played, candles))
            for name, period in periods.items()
        ]
    return Replayed(folder, desk, record, fates, alone, compared, loaded, prices, told, heard.unfollowed)


def _period(
    workspace: Workspace, one: Loaded, known: Mapping[str, Sequence[Message]], prices: Prices, track: Track
) -> Period:
    """A backtest of a strategy up to its paths."""
    messages = {profile.id: list(known[profile.id]) for profile in one.profiles}
    return played_period(workspace, one.file, one.strategy, one.profiles, messages, prices, track)


def _terms(one: Loaded, met: Mapping[str, Conditions]) -> Terms:
    found = met[one.strategy.name]
    return terms_of(one.strategy, found.fees, found.later_fees)


def messages_of(workspace: Workspace, loaded: Sequence[Loaded], source: str) -> dict[str, list[Message]]:
    """The messages of each channel of some strategies: of the demo world, the archive, or an export of one channel."""
    strategy = loaded[0].strategy
    profiles = list({profile.id: profile for one in loaded for profile in one.profiles}.values())
    if source == "demo":
        if strategy.market.source != "synthetic":
            text = f"{strategy.name} trades no demo channels"
            raise InputError(Problem(text, strategy.path, hint="--replay data/signals_raw.jsonl replays the archive"))
        _, world = prices_of(workspace, strategy)
        return channel_messages(workspace, profiles, world, strategy.seed)
    path = Path(source) if Path(source).exists() else workspace.root / source
    if not path.is_file():
        raise InputError(Problem("there is no such archive or export", source, hint="or write: --replay demo"))
    if path.suffix.lower() == ".json":
        if len(profiles) != 1:
            text = f"an export holds one channel, {account_name(loaded)} has {len(profiles)}"
            raise InputError(Problem(text, source, hint="import the exports, and replay data/signals_raw.jsonl"))
        return {profiles[0].id: whole_export(path, profiles[0].id, workspace.settings.timezone)}
    messages: dict[str, list[Message]] = {profile.id: [] for profile in profiles}
    for message in read_messages(Archive(path)):
        if message.channel in messages:
            messages[message.channel].append(message)
    return messages
