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
9. **files of the run** - run.json, trades.csv, equity.csv, evidence.jsonl.gz, tables/, the report;
   data/backtest_results.csv, and a line in data/trials.jsonl.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine import __version__
from engine.config.strategy import Strategy
from engine.files import append_synced, replacing, sha256_of
from engine.market.store import CandleStore
from engine.market.synthetic import SyntheticMarket
from engine.pipeline.accounts import walk_accounts
from engine.pipeline.asof import opinions
from engine.pipeline.conditions import conditions_of
from engine.pipeline.errors import InputError
from engine.pipeline.evidence import evidence_of
from engine.pipeline.judging import Judgement, judge_channels, load_trials, trial_key
from engine.pipeline.pathcache import PathCache
from engine.pipeline.prices import Prices, StoredPrices, SyntheticPrices
from engine.pipeline.progress import Track
from engine.pipeline.readings import channel_messages, read_channels
from engine.pipeline.replay import Replay, replay
from engine.pipeline.results import call_rows, channel_results, held_market, holdout_result
from engine.pipeline.statements import assumptions, inside, outside, shown_period, warnings
from engine.pipeline.stress import decimals
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from engine.report.evidence import EVIDENCE_FILE, Evidence, write_evidence
from engine.report.exports import write_tables
from engine.report.html import render_report
from engine.report.run import FORMAT, Run
from engine.report.runfile import save_run
from engine.report.tables import CALLS_FILE, EQUITY_FILE, SHOWN_CALLS, CallRow, write_calls, write_equity
from engine.risk import RuleBook
from engine.simulate.equity import EquityCurve
from engine.simulate.walk import uncollected
from engine.units import DAY_MS, HOUR_MS, iso, moment_ms
from engine.verdict.crowd import copies
from engine.verdict.many import without_skill

if TYPE_CHECKING:
    from engine.channel import Profile
    from engine.collect.reading import ReadResult
    from engine.config.strategies import StrategyFile
    from engine.domain import Message
    from engine.market.candles import Candles

LOG = logging.getLogger(__name__)
LONGEST_SYNTHETIC_MS = 3 * 366 * 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class _Period:
    """What one period of a strategy gave, up to the paths: steps 2 to 6."""

    strategy: Strategy
    messages: dict[str, list[Message]]
    readings: dict[str, ReadResult]
    symbols: list[str]
    candles: dict[str, Candles]
    played: Replay
    notes: tuple[str, ...]  # about fees, funding, margin, contracts, finer candles


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
    with uncollected():
        return _run(workspace, given, from_, to, out, track, holdout)


def _run(
    workspace: Workspace,
    given: str,
    from_: str | None,
    to: str | None,
    out: Path | None,
    track: Track,
    holdout: str | None,
) -> tuple[Path, Run]:
    """See ``run_backtest``."""
    file = _load(workspace, given)
    whole = _period(file.strategy, from_, to)
    strategy = whole if holdout is None else _cut_at(whole, holdout)
    profiles = [p for p in map(workspace.profile, strategy.channels) if p is not None]
    rules = RuleBook(
        [r for r in map(workspace.rule_file, strategy.rules) if r is not None], workspace.settings.timezone
    )

    prices, world = _prices(workspace, whole)
    known = channel_messages(workspace, profiles, world, strategy.seed)
    period = _play(workspace, file, strategy, profiles, known, prices, track)
    played, candles, signals = period.played, period.candles, period.played.signals
    judged_then = opinions(profiles, period.readings, period.messages, played, strategy.seed)
    accounts = walk_accounts(played, strategy, rules, workspace.settings.timezone, track, judged_then)
    walked, curve = accounts.walked, accounts.curve
    held = None
    if strategy.to_ms != whole.to_ms:
        later = _play(workspace, file, replace(whole, from_ms=strategy.to_ms), profiles, known, prices, track)
        held = holdout_result(profiles, later.played, later.strategy, shown_period(later.strategy, later.messages))

    keys = {profile.id: trial_key(workspace, strategy, profile.id) for profile in profiles}
    judged = judge_channels(
        profiles, period.readings, period.messages, played, strategy, load_trials(workspace), keys, track
    )
    days = shown_period(strategy, period.messages)
    span = moment_ms(days[0]), max(moment_ms(days[1]), int(played.table.end_ms.max(initial=0)))
    channels = channel_results(profiles, period.readings, played, walked, accounts.alone, strategy, judged, span)
    luck = [found.verdict.luck for found in judged if found.verdict.luck is not None]
    run = Run(
        format=FORMAT,
        created=iso(int(datetime.now(UTC).timestamp()) * 1000),
        version=__version__,
        strategy=strategy.name,
        strategy_path=strategy.path,
        period=days,
        timezone=workspace.settings.timezone,
        timeframe=strategy.market.timeframe,
        price_source=prices.origin,
        seed=strategy.seed,
        channels=channels,
        account=accounts.shared,
        assumptions=assumptions(strategy, workspace, prices, period.notes),
        warnings=[
            *outside(known, strategy),
            *warnings(played, period.readings, set(period.symbols) - set(candles)),
        ],
        inputs=_inputs(workspace, strategy, prices, sorted(candles)),
        holdout=held,
        held=held_market(prices, strategy, span),
        copies=copies({p.id: _posts(played, p.id) for p in profiles}),
        without_skill=without_skill(luck),
        decimals={symbol: decimals(bars) for symbol, bars in sorted(candles.items())},
    )
    folder = out or _new_folder(workspace.runs_path, f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{strategy.name}")
    rows = call_rows(played, walked, {row: (a, f) for j in judged for row, a, f in _excursions(j)})
    shown = [row.signal_id for row in rows[-SHOWN_CALLS:]]
    _write(workspace, folder, run, rows, curve, evidence_of(played, shown, period.messages))
    _note_trial(workspace, run, keys)
    LOG.info("backtest %s: %d calls, %d trades, report in %s", strategy.path, len(signals), run.account.trades, folder)
    LOG.info("paths: %d parts known from runs before, %d computed", played.cache.hits, played.cache.misses)
    return folder, run


def _play(
    workspace: Workspace,
    file: StrategyFile,
    strategy: Strategy,
    profiles: Sequence[Profile],
    known: dict[str, list[Message]],
    prices: Prices,
    track: Track,
) -> _Period:
    """Read, plan and replay the calls of the strategy's period; nothing after its end is looked at."""
    messages = {name: [m for m in found if inside(m, strategy)] for name, found in known.items()}
    readings = read_channels(profiles, messages, track)
    signals = [signal for profile in profiles for signal in readings[profile.id].signals]
    symbols = sorted({signal.setup.symbol for signal in signals})
    loaded = {symbol: prices.candles(symbol) for symbol in track(symbols, "reading candles")}
    candles = {symbol: bars.before(strategy.to_ms) for symbol, bars in loaded.items() if bars is not None}
    if signals and not candles:
        raise InputError(_no_candles(workspace, strategy, symbols))
    met = conditions_of(file, strategy, prices, candles, signals)
    updates = [update for profile in profiles for update in readings[profile.id].updates]
    played = replay(
        signals, strategy, met.fees, met.candles, met.funding, updates,
        later_fees=met.later_fees, fair=met.fair, contracts=met.contracts, coarse=met.coarse,
        cache=PathCache(workspace.paths_path),
    )  # fmt: skip
    return _Period(strategy, messages, readings, symbols, met.candles, played, met.notes)


# --------------------------------------------------------------------------- files in


def _load(workspace: Workspace, given: str) -> StrategyFile:
    """The strategy with everything it names, without errors."""
    file = workspace.strategy(workspace.find_strategy(given))
    _ = workspace.settings
    workspace.check()
    if file is None:
        raise InputError(findings=workspace.findings)
    return file


def _period(strategy: Strategy, from_: str | None, to: str | None) -> Strategy:
    """The strategy with the period of the command line over its own."""
    bounds = []
    for name, text, own in (("--from", from_, strategy.from_ms), ("--to", to, strategy.to_ms)):
        try:
            bounds.append(own if text is None else moment_ms(text))
        except ValueError:
            raise InputError(Problem(f"{name} {text} is no date", hint="write it as 2025-03-01")) from None
    start, end = bounds
    if start is not None and end is not None and start >= end:
        raise InputError(
            Problem("the period ends before it begins", hint="--from is the first day, --to the day after")
        )
    return replace(strategy, from_ms=start, to_ms=end)


def _cut_at(strategy: Strategy, holdout: str) -> Strategy:
    """The strategy up to the day from which everything is held out."""
    try:
        day = moment_ms(holdout)
    except ValueError:
        raise InputError(Problem(f"--holdout {holdout} is no date", hint="write it as 2025-03-01")) from None
    if day <= (strategy.from_ms or 0) or day >= (strategy.to_ms or day + 1):
        raise InputError(Problem(f"--holdout {holdout} does not lie inside the period"))
    return replace(strategy, to_ms=day)


def _prices(workspace: Workspace, strategy: Strategy) -> tuple[Prices, SyntheticMarket | None]:
    """Where this run's prices come from, and the synthetic market if it is that."""
    market = strategy.market
    if market.source != "synthetic":
        before = max(market.timeframe_ms, DAY_MS if strategy.costs.impact else 0)
        start = None if strategy.from_ms is None else strategy.from_ms - before
        store = CandleStore(workspace.candles_path)
        return StoredPrices(store, market, start, strategy.to_ms, strategy.finer), None
    if strategy.from_ms is None or strategy.to_ms is None:
        raise InputError(Problem("a synthetic market needs a period with from and to", strategy.path))
    if strategy.to_ms - strategy.from_ms > LONGEST_SYNTHETIC_MS:
        raise InputError(Problem("a synthetic market lasts three years at most", strategy.path))
    world = SyntheticMarket(market.seed or 0, strategy.from_ms, strategy.to_ms, market.timeframe_ms)
    return SyntheticPrices(world), world


def _no_candles(workspace: Workspace, strategy: Strategy, symbols: Sequence[str]) -> Problem:
    """The problem of a store without any candle for any call."""
    market = strategy.market
    held = sorted({f"{s.source} {s.type} {s.series}" for s in CandleStore(workspace.candles_path).list()})
    named = ", ".join(symbols[:5]) + (" ..." if len(symbols) > 5 else "")
    return Problem(
        f"no {market.source} {market.type} candles of {market.timeframe} for {named}",
        workspace.shown(workspace.candles_path),
        hint="cli.py market import FILE brings them" + (f"; the store has {', '.join(held)}" if held else ""),
    )


# --------------------------------------------------------------------------- figures


def _inputs(workspace: Workspace, strategy: Strategy, prices: Prices, symbols: Sequence[str]) -> dict[str, str]:
    """The hash of everything that went in."""
    hashes = {name: hashlib.sha256(s.text.encode()).hexdigest() for name, s in sorted(workspace.sources.items())}
    if strategy.market.source != "synthetic" and workspace.archive_path.is_file():
        hashes[workspace.shown(workspace.archive_path)] = sha256_of(workspace.archive_path)
    return hashes | prices.hashes(symbols)


def _posts(played: Replay, channel: str) -> list[tuple[int, str]]:
    """When a channel called which coin and side."""
    mine = (s for s in played.signals if s.message.channel == channel)
    return [(s.message.known_ms, f"{s.setup.symbol} {s.setup.side.value}") for s in mine]


def _excursions(judged: Judgement) -> Iterator[tuple[int, float, float]]:
    """Row, MAE and MFE of each trade of a channel."""
    return zip(judged.rows.tolist(), judged.mae.tolist(), judged.mfe.tolist(), strict=True)


# --------------------------------------------------------------------------- files out


def _new_folder(parent: Path, name: str) -> Path:
    """A folder that no run has yet: two runs of one second do not share one."""
    number = 1
    while (folder := parent / (name if number == 1 else f"{name}-{number}")).exists():
        number += 1
    return folder


def _write(
    workspace: Workspace, folder: Path, run: Run, rows: list[CallRow], curve: EquityCurve, evidence: list[Evidence]
) -> None:
    """Everything a run leaves in its folder, and the table of the last run."""
    folder.mkdir(parents=True, exist_ok=True)
    write_calls(folder / CALLS_FILE, rows)
    write_equity(folder / EQUITY_FILE, curve.ts, curve.equity, curve.drawdown)
    write_evidence(folder / EVIDENCE_FILE, evidence)
    save_run(folder, run)
    write_tables(folder, run, rows)
    render_report(folder, workspace.settings.language, (rows, evidence))
    with replacing(workspace.results_path) as temporary:
        shutil.copyfile(folder / CALLS_FILE, temporary)


def _note_trial(workspace: Workspace, run: Run, keys: dict[str, str]) -> None:
    """A line among the trials: what was tried on each channel, and how good it looked."""
    digest = hashlib.sha256(json.dumps([run.inputs, run.period, run.seed], sort_keys=True).encode()).hexdigest()
    trial = {
        "format": 2,
        "at": run.created,
        "strategy": run.strategy,
        "inputs": digest,
        "channels": {
            c.channel: {
                "trial": keys[c.channel],
                "trades": c.trades,
                "mean_r": c.mean_r,
                "sharpe": c.judged.sharpe.sharpe if c.judged.sharpe else None,
                "luck": c.judged.luck,
            }
            for c in run.channels
        },
    }
    append_synced(workspace.trials_path, [json.dumps(trial, ensure_ascii=False)])
