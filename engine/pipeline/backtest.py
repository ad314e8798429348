"""``cli.py backtest``: a strategy's calls, replayed and judged. The whole way of the data, in this order:

1. **files** - the strategy with its profiles and rules, checked (``workspace.py``);
2. **signals** - the channels' messages, read with their profiles (``readings.py``);
3. **plans** - each signal under the strategy: orders, stop, targets, expiry; or a named refusal;
4. **paths** - what the candles make of each plan, vectorised; again with the target first inside a candle, and again
   with limits that need a trade through their price, for the band (``engine.simulate``);
5. **calls** - repeated and opposite calls marked, so that re-posts do not inflate a sample;
6. **money** - fees and funding of each path, its R multiple;
7. **accounts** - one chronological walk in which the risk rules speak, and one of each channel alone (``accounts.py``);
8. **verdict** - each channel from all its paths, without account rules (``judging.py``, ``results.py``);
9. **files of the run** - run.json, trades.csv, moves.csv, equity.csv, evidence.jsonl.gz, tables/, the report;
   data/backtest_results.csv, and a line in data/trials.jsonl.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import __version__
from engine.beside import shared_out
from engine.config.strategy import Strategy
from engine.memory import uncollected
from engine.pipeline.accounts import Walks
from engine.pipeline.asked import check_held_out, cut_at, load_strategy, no_candles, prices_of, with_period
from engine.pipeline.asof import opinions
from engine.pipeline.callrows import call_rows
from engine.pipeline.conditions import conditions_of
from engine.pipeline.errors import InputError
from engine.pipeline.evidence import evidence_of, of_the_account
from engine.pipeline.heldout import holdout_result
from engine.pipeline.judging import Judgement, judge_channels, load_trials, trial_key
from engine.pipeline.moverows import move_columns
from engine.pipeline.pathcache import PathCache
from engine.pipeline.prices import Prices
from engine.pipeline.progress import Track
from engine.pipeline.readings import channel_messages, read_channels
from engine.pipeline.replay import Replay, replay
from engine.pipeline.results import channel_results, held_market
from engine.pipeline.runfolder import Behind, behind_of, inputs_of, new_folder, note_trial, whole_folder, write_run
from engine.pipeline.statements import (
    assumptions,
    deletion_note,
    inside,
    outside,
    shown_period,
    warnings,
    wrongly_numbered,
)
from engine.pipeline.ticks import shown_decimals
from engine.pipeline.workspace import Workspace
from engine.report.calls import SHOWN_CALLS, Calls
from engine.report.moves import moves_text
from engine.report.run import FORMAT, Run
from engine.risk import RuleBook
from engine.simulate.equity import EquityCurve
from engine.units import iso, moment_ms
from engine.verdict.crowd import copies
from engine.verdict.many import without_skill

if TYPE_CHECKING:
    from engine.channel import Profile
    from engine.collect.reading import ReadResult
    from engine.config.strategies import StrategyFile
    from engine.domain import Message
    from engine.market.candles import Candles, Floats

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Period:
    """What one period of a strategy gave, up to the paths: steps 2 to 6."""

    strategy: Strategy
    messages: dict[str, list[Message]]
    readings: dict[str, ReadResult]
    symbols: list[str]
    candles: dict[str, Candles]
    played: Replay
    notes: tuple[str, ...]  # about fees, funding, margin, contracts, finer candles


@dataclass(frozen=True, slots=True)
class Found:
    """What a backtest found: the run, its tables, what stands behind its calls.

    ``period`` is what it was found from, kept until the program ends: to free it piece by piece takes longer than to
    write a file.
    """

    run: Run
    rows: Calls
    moves: str  # the text of moves.csv
    curve: EquityCurve
    behind: Behind
    keys: dict[str, str]  # the name of each channel's trial
    period: Period


@uncollected()
def run_backtest(
    workspace: Workspace,
    given: str,
    from_: str | None,
    to: str | None,
    out: Path | None,
    track: Track,
    holdout: str | None = None,
) -> tuple[Path, Run]:
    """Run a backtest and write its folder; the folder and the run. Raises InputError for what the user can mend.

    What comes at or after ``holdout`` (a date) is kept out of everything but one table of its own.
    """
    found = find(workspace, given, from_, to, track, holdout)
    run = found.run
    folder = out or new_folder(workspace.runs_path, f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{run.strategy}")
    with whole_folder(folder) as begun:
        write_run(workspace, begun, run, found.rows, found.moves, found.curve, found.behind)
        note_trial(workspace, run, found.keys)
    LOG.info(
        "backtest %s: %d calls, %d trades, report in %s", run.strategy_path, len(found.rows), run.account.trades, folder
    )
    return folder, run


def find(
    workspace: Workspace, given: str, from_: str | None, to: str | None, track: Track, holdout: str | None
) -> Found:
    """Steps 1 to 8, and the rows of the tables; see ``run_backtest``."""
    file = load_strategy(workspace, given)
    whole = with_period(file.strategy, from_, to)
    strategy = whole if holdout is None else cut_at(whole, holdout)
    profiles = [p for p in map(workspace.profile, strategy.channels) if p is not None]
    zone = workspace.settings.timezone
    rules = RuleBook([r for r in map(workspace.rule_file, strategy.rules) if r is not None], zone)

    prices, world = prices_of(workspace, whole)
    known = channel_messages(workspace, profiles, world, strategy.seed)
    if holdout is not None:
        check_held_out(
            holdout, strategy, {name: [m for m in found if inside(m, whole)] for name, found in known.items()}
        )
    period = played_period(workspace, file, strategy, profiles, known, prices, track)
    played, candles = period.played, period.candles
    judged_then = opinions(profiles, period.readings, period.messages, played, strategy.seed)
    walks = Walks(played, strategy, rules, zone, judged_then)
    keys = {profile.id: trial_key(workspace, strategy, profile.id) for profile in profiles}

    alone = walks.alone()
    pieces: list[Callable[[], Any]] = [
        lambda: behind_of(evidence_of(played, played.by_posting[-SHOWN_CALLS:], period.messages), zone),
        *alone.values(),
        lambda: copies({profile.id: _posts(played, profile.id) for profile in profiles}),
    ]
    with shared_out(pieces, len(walks.rows)) as results:
        walked, curve, account = walks.shared(track)
        judged = judge_channels(
            profiles, period.readings, period.messages, played, strategy, load_trials(workspace), keys, track
        )
        behind, *accounts, copied = results()
    held = None
    if strategy.to_ms != whole.to_ms:
        later = played_period(workspace, file, replace(whole, from_ms=strategy.to_ms), profiles, known, prices, track)
        held = holdout_result(profiles, later.played, later.strategy, shown_period(later.strategy, later.messages))

    days = shown_period(strategy, period.messages)
    span = moment_ms(days[0]), max(moment_ms(days[1]), int(played.table.end_ms.max(initial=0)))
    of_channel = dict(zip(alone, accounts, strict=True)) or dict.fromkeys(strategy.channels, account)
    own = {row: trade.path for row, trade in walked.trades.own.items()}
    wrong = wrongly_numbered(period.readings, strategy)
    pieces = [
        lambda: moves_text(move_columns(played, own, period.messages, period.readings, strategy, wrong)),
        *channel_results(period.readings, played, walked, of_channel, strategy, span, profiles, judged),
    ]
    with shared_out(pieces, len(walks.rows)) as found:
        rows = call_rows(played, walked, *_excursions(judged, len(played.table)))
        inputs = inputs_of(workspace, strategy, prices, sorted(candles))
        market = held_market(prices, strategy, span)
        without = set(period.symbols) - set(candles)
        said = [*outside(known, strategy), *warnings(played, period.readings, without, wrong)]
        moves, *channels = found()
    behind = behind.told_by(of_the_account(played, own, played.by_posting[-SHOWN_CALLS:]), zone)
    luck = [one.verdict.luck for one in judged if one.verdict.luck is not None]
    run = Run(
        format=FORMAT,
        created=iso(int(datetime.now(UTC).timestamp()) * 1000),
        version=__version__,
        strategy=strategy.name,
        strategy_path=strategy.path,
        period=days,
        timezone=zone,
        timeframe=strategy.market.timeframe,
        price_source=prices.origin,
        seed=strategy.seed,
        channels=channels,
        account=account,
        assumptions=assumptions(strategy, workspace, prices, period.notes),
        warnings=said,
        inputs=inputs,
        holdout=held,
        held=market,
        copies=copied,
        without_skill=without_skill(luck),
        decimals={symbol: shown_decimals(bars, prices.contracts(symbol)) for symbol, bars in sorted(candles.items())},
    )
    LOG.info("paths: %d parts known from runs before, %d computed", played.cache.hits, played.cache.misses)
    return Found(run, rows, moves, curve, behind, keys, period)


def played_period(
    workspace: Workspace,
    file: StrategyFile,
    strategy: Strategy,
    profiles: Sequence[Profile],
    known: dict[str, list[Message]],
    prices: Prices,
    track: Track,
) -> Period:
    """Read, plan and replay the calls of the strategy's period; nothing after its end is looked at."""
    messages = {name: [m for m in found if inside(m, strategy)] for name, found in known.items()}
    readings = read_channels(profiles, messages, track)
    signals = [signal for profile in profiles for signal in readings[profile.id].signals]
    symbols = sorted({signal.setup.symbol for signal in signals})
    loaded = {symbol: prices.candles(symbol) for symbol in track(symbols, "reading candles")}
    candles = {symbol: bars.before(strategy.to_ms) for symbol, bars in loaded.items() if bars is not None}
    if signals and not candles:
        raise InputError(no_candles(workspace, strategy, symbols))
    met = conditions_of(file, strategy, prices, candles, signals)
    updates = [update for profile in profiles for update in readings[profile.id].updates]
    withdrawn = [update for profile in profiles for update in readings[profile.id].withdrawn]
    played = replay(
        signals, strategy, met.fees, met.candles, met.funding, [*updates, *withdrawn],
        later_fees=met.later_fees, fair=met.fair, contracts=met.contracts, coarse=met.coarse,
        cache=PathCache(workspace.paths_path, None if strategy.market.source == "synthetic" else _series(prices)),
    )  # fmt: skip
    notes = (*met.notes, *deletion_note(strategy, withdrawn))
    return Period(strategy, messages, readings, symbols, met.candles, played, notes)


def _series(prices: Prices) -> Callable[[str], bytes]:
    """The hashes of everything that the prices of a symbol come from."""
    return cache(lambda symbol: repr(sorted(prices.hashes([symbol]).items())).encode())


# --------------------------------------------------------------------------- figures


def _posts(played: Replay, channel: str) -> list[tuple[int, str]]:
    """When a channel called which coin and side."""
    mine = [played.signals[i] for i in played.of_channel.get(channel, [])]
    return [(s.message.known_ms, f"{s.setup.symbol} {s.setup.side}") for s in mine]


def _excursions(judged: Sequence[Judgement], paths: int) -> tuple[Floats, Floats]:
    """MAE and MFE of the trades of all channels, by row of the table."""
    mae, mfe = np.full(paths, np.nan), np.full(paths, np.nan)
    for channel in judged:
        mae[channel.rows], mfe[channel.rows] = channel.mae, channel.mfe
    return mae, mfe
