"""``cli.py paper STRATEGY --replay SOURCE``: the pipeline of paper trading over history, as fast as it goes.

Message by message and candle by candle, with the desk, the ledger and the account of live trading. What it gives is
what a backtest of the same strategy gives, trade by trade; ``compare`` runs that backtest and says whether it does.
The ledger lies in the run's folder. When there is one already, the replay goes on where it was stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from math import isclose
from pathlib import Path
from typing import TYPE_CHECKING

from engine.collect.archive import Archive
from engine.collect.reading import when_known
from engine.files import write_csv
from engine.paper.ledger import LedgerError
from engine.paper.reconcile import TOLERANCE, Difference, differences
from engine.paper.record import Record, record_of
from engine.paper.replay import play
from engine.pipeline.accounts import walk_accounts
from engine.pipeline.asked import no_candles, prices_of
from engine.pipeline.asof import opinions_at
from engine.pipeline.backtest import Period, played_period
from engine.pipeline.conditions import conditions_of
from engine.pipeline.errors import InputError
from engine.pipeline.paper.desk import Loaded, begin, load, make_desk, open_ledger, terms_of
from engine.pipeline.paper.fates import CallFate, Heard, fates_of
from engine.pipeline.paper.table import CALL_COLUMNS, COLUMNS, call_row, trade_rows
from engine.pipeline.paper.verdict import asks_verdict, courses_of, judged_by
from engine.pipeline.posts import whole_export
from engine.pipeline.progress import Track
from engine.pipeline.readings import channel_messages, read_channels, read_messages
from engine.pipeline.runfolder import new_folder
from engine.pipeline.statements import inside
from engine.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.domain import Message
    from engine.paper.desk import Desk
    from engine.pipeline.prices import Prices
    from engine.pipeline.workspace import Workspace
    from engine.verdict.asof import Course

LEDGER_FILE = "paper.db"
TRADES_FILE = "paper_trades.csv"
CALLS_FILE = "paper_calls.csv"
EVERY = 500  # events written at a time: a replay that is killed works the last ones out again


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did: its folder, its record and calls, and what a backtest has otherwise (None: not compared).

    ``alone`` is the record of each channel's own account, where the strategy has several channels.
    """

    folder: Path
    desk: Desk
    record: Record
    fates: list[CallFate]
    alone: Mapping[str, Record]
    different: list[Difference] | None
    loaded: Loaded
    prices: Prices
    messages: Sequence[Message]


def replay_paper(
    workspace: Workspace, given: str, source: str, out: Path | None, compare: bool, track: Track
) -> Replayed:
    """Replay a strategy over a source: an archive, an export, or the word ``demo``. Raises InputError."""
    loaded = load(workspace, given)
    strategy = loaded.strategy
    prices, _ = prices_of(workspace, strategy)
    known = _messages(workspace, loaded, source)
    messages = {name: [m for m in found if inside(m, strategy)] for name, found in known.items()}
    readings = read_channels(loaded.profiles, messages, track)  # which symbols are called, and when the last call came
    signals = [signal for profile in loaded.profiles for signal in readings[profile.id].signals]
    symbols = sorted({signal.setup.symbol for signal in signals})
    read = {symbol: prices.candles(symbol) for symbol in track(symbols, "reading candles")}
    candles = {symbol: bars.before(strategy.to_ms) for symbol, bars in read.items() if bars is not None}
    if signals and not candles:
        raise InputError(no_candles(workspace, strategy, symbols))
    met = conditions_of(loaded.file, strategy, prices, candles, signals)
    candles = met.candles
    folder = out or new_folder(workspace.runs_path, f"{datetime.now(UTC):%Y%m%d-%H%M%S}-paper-{strategy.name}")
    ledger = open_ledger(folder / LEDGER_FILE, EVERY)
    period = None
    if compare or asks_verdict(loaded):
        period = played_period(workspace, loaded.file, strategy, loaded.profiles, _lists(known), prices, track)
    courses = courses_of(loaded, period) if period is not None and asks_verdict(loaded) else None
    judged = {} if courses is None else {strategy.name: judged_by(courses)}
    try:
        terms = {strategy.name: terms_of(strategy, met.fees, met.later_fees)}
        zone = workspace.settings.timezone
        desk = make_desk([loaded], terms, ledger, candles, met.funding, zone, met.fair, met.contracts or None, judged)
        if not begin(desk, [loaded], terms, workspace, strategy.from_ms or 0):
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
    different = None
    if compare and period is not None:
        different = _against_backtest(workspace, loaded, period, courses, record, alone, track)
    return Replayed(folder, desk, record, fates, alone, different, loaded, prices, told)


def _messages(workspace: Workspace, loaded: Loaded, source: str) -> dict[str, list[Message]]:
    """The messages of each channel of a strategy, from the demo world, the archive, or an export of one channel."""
    strategy, profiles = loaded.strategy, loaded.profiles
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
            text = f"an export holds one channel, {strategy.name} has {len(profiles)}"
            raise InputError(Problem(text, source, hint="import the exports, and replay data/signals_raw.jsonl"))
        return {profiles[0].id: whole_export(path, profiles[0].id, workspace.settings.timezone)}
    messages: dict[str, list[Message]] = {profile.id: [] for profile in profiles}
    for message in read_messages(Archive(path)):
        if message.channel in messages:
            messages[message.channel].append(message)
    return messages


def _lists(known: Mapping[str, Sequence[Message]]) -> dict[str, list[Message]]:
    return {name: list(found) for name, found in known.items()}


def _against_backtest(
    workspace: Workspace,
    loaded: Loaded,
    period: Period,
    courses: Mapping[str, Course] | None,
    record: Record,
    alone: Mapping[str, Record],
    track: Track,
) -> list[Difference]:
    """Where a backtest of the same messages on the same candles has other trades, or a channel alone other money."""
    strategy, played = loaded.strategy, period.played
    opinions_then = None if courses is None else partial(opinions_at, courses, played.table.plans)
    accounts = walk_accounts(played, strategy, loaded.rules, workspace.settings.timezone, track, opinions_then)
    walked = accounts.walked
    ours = {trade.path.plan.signal_id: trade for trade in record.trades.values()}
    theirs = {trade.path.plan.signal_id: trade for trade in walked.trades.values()}
    found = differences(ours, theirs)
    mine, others = ({one.signal_id for one in refused} for refused in (record.refused, walked.refused))
    found += [Difference(name, "refused", str(name in mine), str(name in others)) for name in sorted(mine ^ others)]
    for channel, one in alone.items():
        there = accounts.alone[channel]
        if not isclose(one.equity, there.end_equity, rel_tol=TOLERANCE) or len(one.refused) != there.refused:
            said = (f"{equity:.10g} after {refused} refused" for equity, refused in
                    ((one.equity, len(one.refused)), (there.end_equity, there.refused)))  # fmt: skip
            found.append(Difference(channel, "equity alone", *said))
    return found
