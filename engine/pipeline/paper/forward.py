"""Each channel's record since paper trading began, from all its calls, and what a backtest of the same said before.

1. The calls of a channel in one strategy; those that closed give R multiples, as in a verdict (``docs/verdict.md``).
2. Their evidence is that of ``channels.py``.
3. The word is that of ``engine.verdict``; the tests that only history can make are not passed, so that the best a
   forward record can say is PAPER ONLY. What speaks for a channel is its evidence.
4. The newest run in ``runs/`` of the same strategy gives what was expected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from engine.pipeline.paper.channels import channel_records
from engine.pipeline.paper.fates import NOT_PLANNED
from engine.pipeline.paper.rows import Standing, own_fate
from engine.report.paperrun import Alone, Expected, Forward
from engine.report.runfile import load_run, run_folders
from engine.simulate.money import fee_of
from engine.verdict.checks import Record
from engine.verdict.following import Stakes, end_equity
from engine.verdict.verdict import Verdict, Word, judge

if TYPE_CHECKING:
    from pathlib import Path

    from engine.config.strategy import Strategy
    from engine.domain import Fill, Leg
    from engine.market.candles import Floats, Ints
    from engine.paper.call import PaperCall
    from engine.pipeline.paper.channels import ChannelRecord
    from engine.pipeline.paper.fates import CallFate
    from engine.report.run import Run

MOST_RUNS = 100  # so many of the newest runs are looked at


@dataclass(frozen=True, slots=True)
class _Closed:
    """The calls of a channel that closed and count, their R, first fills and ends; how many are filled and open."""

    calls: list[PaperCall]
    r: Floats
    start: Ints
    end: Ints
    running: int


def forward_records(
    stands: Sequence[Standing],
    fates: Sequence[CallFate],
    strategies: Mapping[str, Strategy],
    names: Mapping[str, str],
    expected: Mapping[tuple[str, str], Expected],
    alone: Mapping[str, Alone],
    unfollowed: Mapping[str, Mapping[str, int]],
    seed: int,
) -> list[Forward]:
    """The record of each channel in each strategy, judged together.

    ``expected`` is by strategy and channel; ``alone`` (the account of each channel) and ``unfollowed`` (its later
    versions of calls that were not followed, by code) by channel.
    """
    known = {(one.strategy, one.channel): one for one in channel_records(fates, [one.call for one in stands])}
    keys = {*known, *((name, channel) for name, strategy in strategies.items() for channel in strategy.channels)}
    order = sorted(keys)
    parts = [[one for one in stands if (one.call.lane, one.call.plan.channel) == key] for key in order]
    closed = [_closed(part) for part in parts]
    records = [Record(one.r, one.start, one.end, [call.plan.symbol for call in one.calls]) for one in closed]
    verdicts = judge(records, seed)
    return [
        replace(
            _record(key, part, one, verdict, known.get(key), strategies.get(key[0])),
            name=names.get(key[1], key[1]),
            unplanned=_unplanned(key, fates),
            expected=expected.get(key),
            alone=alone.get(key[1]),
            unfollowed=dict(unfollowed.get(key[1], {})),
        )
        for key, part, one, verdict in zip(order, parts, closed, verdicts, strict=True)
    ]


def _closed(part: Sequence[Standing]) -> _Closed:
    """What counts of a channel's calls."""
    known = [(call, call.r()) for one in part if (call := one.call).counted]
    closed = [(call, r) for call, r in known if r is not None]
    open_ = [call for call, _ in known if not call.stepper.done and call.stepper.path().fills]
    start = np.array([call.stepper.path().fills[0].ts_ms for call, _ in closed], np.int64)
    end = np.array([call.end_ms for call, _ in closed], np.int64)
    r = np.array([r for _, r in closed], np.float64)
    return _Closed([call for call, _ in closed], r, start, end, len(open_))


def _unplanned(key: tuple[str, str], fates: Sequence[CallFate]) -> dict[str, int]:
    """Why calls of a channel became no plan, and how often."""
    mine = (one.fate for one in fates if one.stage == NOT_PLANNED and (one.strategy, one.channel) == key)
    return dict(Counter(mine).most_common())


def _record(
    key: tuple[str, str],
    part: Sequence[Standing],
    closed: _Closed,
    verdict: Verdict,
    known: ChannelRecord | None,
    strategy: Strategy | None,
) -> Forward:
    """The figures of one channel; ``known`` is its record as the account has it."""
    no = [one.call for one in part if one.call.refused]
    r, interval = closed.r, verdict.interval
    return Forward(
        channel=key[1],
        name=key[1],
        strategy=key[0],
        heard=known.heard if known else 0,
        unplanned={},
        fates=dict(Counter(own_fate(one.call) for one in part).most_common()),
        refused=dict(Counter(call.notes[-1].rule if call.notes else "" for call in no).most_common()),
        taken=sum(one.trade is not None for one in part),
        filled=sum(one.filled for one in part),
        net=sum(one.trade.net for one in part if one.trade is not None),
        trades=len(r),
        running=closed.running,
        bursts=known.bursts if known else 0,
        total_r=float(r.sum()),
        mean_r=float(r.mean()) if len(r) else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        win_rate=float((r > 0).mean()) if len(r) else None,
        evidence=known.evidence if known else 1.0,
        shown_after=known.shown_after if known else None,
        word=verdict.word.value,
        verdict=str(verdict),
        why=_why(verdict),
        followed=None if strategy is None or not len(r) else _followed(closed, strategy),
    )


def _why(verdict: Verdict) -> str:
    """The sentence beside the word."""
    if verdict.word is not Word.PAPER_ONLY:
        return verdict.why
    return f"{verdict.why.partition(': ')[0]}: FOLLOW takes tests that only a backtest can make."


def _followed(closed: _Closed, strategy: Strategy) -> float:
    """What 1,000 became that followed the channel alone without rules, as ``results.py`` has it for a backtest."""
    size = strategy.size
    paths = [call.stepper.path() for call in closed.calls]
    moves: list[list[Fill | Leg]] = [[*path.fills, *path.legs] for path in paths]
    money = [call.money() for call in closed.calls]
    risk = np.array([call.risk for call in closed.calls])
    entry = np.array([call.entry for call in closed.calls])
    lever = np.array([call.plan.leverage or strategy.leverage for call in closed.calls], np.float64)
    if size.risk is not None:
        quantity = np.minimum(size.risk / risk, lever / entry)
    else:
        quantity = (size.fraction if size.fraction is not None else (size.fixed or 0.0) / strategy.equity) / entry
    traded = np.array([sum(move.price * move.share for move in mine) for mine in moves])
    fees = np.array([
        sum(fee_of(move, call.stepper.terms) for move in mine) for call, mine in zip(closed.calls, moves, strict=True)
    ])  # fmt: skip
    net = quantity * np.array([gross - paid - funding for gross, paid, funding in money])
    funding = quantity * np.array([funding for *_, funding in money])
    return end_equity(Stakes(closed.start, closed.end, net, quantity * traded, quantity * fees, funding))


# --------------------------------------------------------------------------- what a backtest said


def expectations(runs: Path, strategies: Sequence[str], inputs: Mapping[str, str]) -> dict[tuple[str, str], Expected]:
    """What the newest backtest of each strategy says of its channels; ``inputs`` are the hashes of the account."""
    found: dict[tuple[str, str], Expected] = {}
    missing = set(strategies)
    for folder in run_folders(runs)[::-1][:MOST_RUNS]:
        if not missing:
            break
        run = load_run(folder)
        if not isinstance(run, str) and run.strategy in missing:
            missing.discard(run.strategy)
            found |= dict(_of_run(folder.name, run, inputs))
    return found


def _of_run(name: str, run: Run, inputs: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], Expected]]:
    """What one run says of each channel."""
    days = run.period[0][:10], run.period[1][:10]
    for one in run.channels:
        mine = {
            path for path in inputs if not path.startswith("channels/") or path == f"channels/{one.channel}.channel"
        }
        changed = sorted(p for p in mine if p in run.inputs and not run.inputs[p].startswith(inputs[p]))
        said = Expected(name, days, one.trades, one.mean_r, one.low, one.high, one.word, one.verdict, changed)
        yield (run.strategy, one.channel), said
