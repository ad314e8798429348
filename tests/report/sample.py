"""A seeded run of three made-up channels with about 600 calls, as a backtest would leave it; one channel is hostile."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from engine.report.calls import OWN, CallRow
from engine.report.evidence import EVIDENCE_FILE, Chart, Evidence, Move, Version, packed_evidence, write_evidence
from engine.report.run import (
    FORMAT,
    AccountResult,
    ChannelResult,
    Followed,
    Funnel,
    Hardened,
    Held,
    Judged,
    Run,
)
from engine.report.runfile import save_run
from engine.report.tables import CALLS_FILE, EQUITY_FILE, write_calls, write_equity
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS, iso, moment_ms
from engine.verdict.checks import Check
from engine.verdict.crowd import Copies
from engine.verdict.following import Following
from engine.verdict.hits import TargetHits
from engine.verdict.latency import DELAYS_S, Delayed
from engine.verdict.missing import Missing
from engine.verdict.pump import Pump
from engine.verdict.random_entry import RandomEntry
from engine.verdict.sharpe import SharpeEvidence

HOSTILE = "<script>alert(1)</script>"
START = moment_ms("2025-01-01")
DAYS = 180
SYMBOLS = {"BTCUSDT": 95_000.0, "ETHUSDT": 3_300.0, "SOLUSDT": 190.0, "DOGEUSDT": 0.32, "PEPEUSDT": 0.0000131}
UNFILLED = ("expired", "target first", "too late", "no data", "repeat", "opposite", "no stop")
RULES = (("two-at-a-time", "rules/conservative.yaml:21"), ("daily-stop", "rules/conservative.yaml:27"))


def sample_calls(hostile: bool = True, seed: int = 7) -> list[CallRow]:
    """The calls of all channels, in the order in which they were posted."""
    rng = np.random.default_rng(seed)
    rows = [
        row
        for channel, number, skill in (("keel", 390, 0.34), ("fast_scalps", 150, -0.06), ("moon_room", 60, -0.02))
        for row in _channel(rng, channel, number, skill, hostile and channel == "moon_room")
    ]
    return sorted(rows, key=lambda row: row.posted)


def sample_run(rows: list[CallRow], hostile: bool = True) -> Run:
    """The figures of the run that the calls add up to (the intervals by a plain bootstrap)."""
    names = {"keel": "Keel Signals", "fast_scalps": "Fast Scalps", "moon_room": HOSTILE if hostile else "Moon Room"}
    names["quiet"] = "Quiet Desk"
    taken = [row for row in rows if row.taken]
    net = sum(row.net or 0.0 for row in taken)
    refused = Counter((row.rule, row.rule_where) for row in rows if row.rule)
    return Run(
        format=FORMAT,
        created="2025-07-02T09:14:05Z",
        version="0.1.0",
        strategy="vip-ladder",
        strategy_path="strategies/vip_ladder.yaml",
        period=("2025-01-01T00:00:00Z", "2025-06-30T00:00:00Z"),
        timezone="Europe/Sofia",
        timeframe="1m",
        price_source="synthetic market, seed 7",
        seed=7,
        channels=[_result(key, name, [row for row in rows if row.channel == key]) for key, name in names.items()],
        account=AccountResult(
            currency="USDT",
            start_equity=10_000.0,
            end_equity=10_000.0 + net,
            trades=len(taken),
            refused=refused.total(),
            max_drawdown=float(_curve(rows)[2].max()),
            fees=sum(row.fees or 0.0 for row in taken),
            funding=sum(row.funding or 0.0 for row in taken),
            refusals=[{"rule": rule, "where": at, "count": n} for (rule, at), n in refused.most_common()],
        ),
        assumptions=[
            "Fees: maker 0.02%, taker 0.06% since 2024-11-01 (fee schedule of the exchange, read 2025-06-30).",
            "Latency 5 s after the post; the first bar that opens after it counts.",
            "Slippage 2 bp on market, stop and time exits.",
            "Same candle: stop first.",
            "Funding: history, every 8 h.",
        ],
        warnings=[
            f"{sum(row.status == 'no data' for row in rows)} calls name symbols without candles; "
            "they stand in the funnel as no data."
        ],
        inputs={
            "channels/keel.channel": "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
            "strategies/vip_ladder.yaml": "d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35",
        },
        held=Held("BTCUSDT", 1042.5),
        copies=[Copies("keel", "moon_room", 17, 3, 60, 1.4, 95_000.0)],
        without_skill=0.6,
        decimals={"BTCUSDT": 1, "ETHUSDT": 2, "SOLUSDT": 2, "DOGEUSDT": 5, "PEPEUSDT": 10},
    )


def write_sample(folder: Path, hostile: bool = True) -> Run:
    """The three files of the sample run in a folder."""
    rows = sample_calls(hostile)
    run = sample_run(rows, hostile)
    save_run(folder, run)
    write_calls(folder / CALLS_FILE, rows)
    write_evidence(folder / EVIDENCE_FILE, packed_evidence(sample_evidence(row) for row in rows))
    write_equity(folder / EQUITY_FILE, *_curve(rows))
    return run


def sample_evidence(row: CallRow) -> Evidence:
    """A message that names the call's levels, an edit of it, and a few candles around its entry."""
    posted = moment_ms(row.posted)
    text = f"🚀 {row.symbol} {row.side}\nentry {row.entry[0]:.6g}\n{HOSTILE} {{{{7*7}}}} =cmd()"
    versions = [Version(posted, "post", text, (("symbol", 2, 2 + len(row.symbol)),))]
    if row.signal_id.endswith("7"):
        versions += [Version(posted + HOUR_MS, "edit", "edited away"), Version(posted + DAY_MS, "deletion", "")]
    if not row.filled_at:
        return Evidence(row.signal_id, tuple(versions))
    price = row.entry[0]
    candles = tuple(
        (i, price, price * 1.004, price * 0.997, price * (1 + 0.001 * (i % 3))) for i in range(40) if i != 9
    )
    start = posted // MINUTE_MS * MINUTE_MS - 10 * MINUTE_MS
    moves = (
        Move(posted + MINUTE_MS, price, 1.0, "entry"),
        Move(posted + 20 * MINUTE_MS, price * 1.01, 1.0, "target 1"),
    )
    return Evidence(row.signal_id, tuple(versions), moves, Chart(start, MINUTE_MS, candles))


def _channel(rng: np.random.Generator, channel: str, number: int, skill: float, hostile: bool) -> list[CallRow]:
    rows = []
    for i in range(number):
        posted = START + int(rng.integers(0, DAYS * DAY_MS // 1000)) * 1000
        symbol = str(rng.choice(list(SYMBOLS)))
        price = SYMBOLS[symbol] * float(rng.uniform(0.8, 1.2))
        side, sign = ("long", 1) if rng.random() < 0.6 else ("short", -1)
        distance = float(rng.uniform(0.01, 0.03))
        stop = price * (1 - sign * distance)
        targets = tuple(price * (1 + sign * distance * k) for k in (1.0, 2.0))
        call = {
            "signal_id": f"{channel}/{1000 + i}",
            "channel": channel,
            "posted": iso(posted),
            "acted": iso(posted + 5000),
            "symbol": symbol,
            "side": side,
            "entry_kind": "limit",
            "entry": (price,),
            "stop": stop,
            "targets": targets,
            "leverage": 5.0,
            "layout": "block",
        }
        if hostile and i % 3 == 0:
            call |= {"symbol": "=cmd()", "layout": "{{7*7}} ${7*7}", "notes": f"'{HOSTILE}\u2028--ink\x00 \u202e%{{x}}"}
        if rng.random() < 0.22:
            fate = str(rng.choice(UNFILLED))
            rows.append(CallRow(**call, status=fate, own_status=fate))
            continue
        outcome = rng.random()
        win = 0.45 + skill / 2
        r, reason = (-1.04, "stop") if outcome > win else (1.46, "target") if outcome > win / 2 else (0.47, "breakeven")
        r += float(rng.normal(0, 0.05))
        filled = posted + int(rng.integers(1, 600)) * MINUTE_MS
        closed = filled + int(rng.integers(5, 3000)) * MINUTE_MS
        first = targets[0] if reason != "stop" else stop
        call |= {
            "status": "closed",
            "filled_at": iso(filled),
            "closed_at": iso(closed),
            "entry_price": price,
            "exit_reason": reason,
            "exits": f"{reason} {first:.8g} x 1 @ {iso(closed)}",
            "r": r,
            "ambiguous": bool(rng.random() < 0.03),
            "delay_s": (filled - posted) / 1000,
        }
        call |= {own: call[name] for name, own in OWN.items()}
        call |= {"own_mae_r": 0.2 + (i % 17) / 20, "own_mfe_r": max(r, 0.0) + (i % 13) / 20}
        if rng.random() < 0.2:
            rule, where = RULES[int(rng.integers(len(RULES)))]
            rows.append(CallRow(**call, rule=rule, rule_where=where))
            continue
        risk = 50.0
        costs = {"fees": 3.1, "funding": float(rng.normal(0, 0.4))}
        if i % 7 == 0:  # a rule ended the account's trade, and the call went on by itself
            r, ended = r / 4, iso(filled + 5 * MINUTE_MS)
            call |= {"r": r, "closed_at": ended, "exit_reason": "rule", "exits": f"rule {price:.8g} x 1 @ {ended}"}
        net = r * risk
        call |= {"taken": True, "quantity": risk / abs(price - stop), "risk": risk, "net": net}
        rows.append(CallRow(**call, **costs, gross=net + costs["fees"] + costs["funding"]))
    return rows


def _result(channel: str, name: str, rows: list[CallRow]) -> ChannelResult:
    r = np.array([row.counted_r for row in rows if row.counted_r is not None])
    known = len(r) > 0
    low, high = None, None
    if len(r) >= 20:
        means = np.random.default_rng(3).choice(r, (2000, len(r))).mean(axis=1)
        low, high = (float(x) for x in np.quantile(means, [0.025, 0.975]))
    total = np.cumsum(r)
    mean = float(r.mean()) if known else None
    fates = dict(Counter(row.status for row in rows).most_common())
    word, missing, why = "NOT ENOUGH DATA", 260 - len(r), "An edge of +0.2R cannot be told from luck yet."
    if low is not None and low > 0:
        word, missing, why = "FOLLOW", 0, "all 13 tests passed."
    elif high is not None and high < 0:
        word, missing, why = "AVOID", 0, "the whole interval lies below zero."
    elif len(r) > 100:
        word, missing, why = "PAPER ONLY", 0, "not shown: not luck (p 0.3)."
    return ChannelResult(
        channel=channel,
        name=name,
        trades=len(r),
        clusters=round(len(r) * 0.8),
        mean_r=mean,
        low=low,
        high=high,
        median_r=float(np.median(r)) if known else None,
        win_rate=float((r > 0).mean()) if known else None,
        win_rate_low=float((r > 0).mean()) - 0.05 if known else None,
        win_rate_high=float((r > 0).mean()) + 0.05 if known else None,
        fair_win_rate=0.46 if known else None,
        average_win_r=float(r[r > 0].mean()) if known else None,
        average_loss_r=float(r[r < 0].mean()) if known else None,
        profit_factor=float(r[r > 0].sum() / -r[r < 0].sum()) if known else None,
        total_r=float(r.sum()),
        max_drawdown_r=float((np.maximum.accumulate(total) - total).max()) if known else 0.0,
        median_mae_r=0.71 if known else None,
        median_mfe_r=0.94 if known else None,
        fill_rate=len(r) / len(rows) if rows else None,
        median_delay_ms=4.0 * HOUR_MS if known else None,
        ambiguous=sum(row.ambiguous for row in rows),
        decided=len(rows) // 40,
        stop_first_r=mean,
        target_first_r=mean + 0.04 if mean is not None else None,
        touch_through_r=mean - 0.03 if mean is not None else None,
        edited=len(rows) // 25,
        deleted=len(rows) // 50,
        hindsight=len(rows) // 60,
        word=word,
        verdict=f"{word} (about {missing} more trades)" if missing else word,
        why=why,
        judged=Judged(
            luck=0.0004 if known else None,
            discovery=0.003 if known else None,
            needed=262,
            shrunk_r=0.8 * mean if mean is not None else None,
            sharpe=SharpeEvidence(0.31, 0.9995, 28, 0.997, 0.04, 3) if known else None,
            random=RandomEntry(0.001, mean, -0.09, -0.2, 0.02, 1000, len(rows), len(rows))
            if mean is not None
            else None,
            checks=[
                Check(
                    "enough trades",
                    len(r) > 260,
                    f"{len(r):,} trades in {round(len(r) * 0.8):,} bursts",
                    "262 trades, 30 bursts",
                ),
                Check("better than random entries", True, "p 0.001, random -0.09R", "p at most 0.005"),
                Check("touch through", None, "not known", "above 0R"),
            ]
            if known
            else [],
        ),
        targets=[TargetHits(1, len(r), 0.55, 0.49, 0.01, 0.11), TargetHits(2, len(r), 0.24, 0.25, -0.06, 0.04)]
        if known
        else [],
        latency=[Delayed(d, len(r), mean - d / 3000 if mean is not None else None, d / 3000) for d in DELAYS_S],
        gone_after_s=300 if known else None,
        robust=[
            Hardened("without the best 1", mean and mean - 0.01),
            Hardened("without BTCUSDT, its best symbol", mean and mean - 0.1),
            Hardened("touch through", None),
        ],
        missing=Missing(3, len(rows) // 60, 2, mean and mean - 0.05, mean),
        pump=Pump(len(r), 0.2, -0.05, False) if known else None,
        followed=Followed(
            "each trade risks 1.0% of the account",
            1000 + 9 * float(r.sum()),
            1000 + 10 * float(r.sum()),
            Following(
                1000 + 9 * float(r.sum()),
                0.4 if known else None,
                0.1,
                41.0,
                1.7 if known else None,
                2.4 if known else None,
                4.0 if known else None,
                0.6,
                310.0,
                41.2,
                -1.3,
            ),
        ),
        funnel=Funnel(
            posted=len(rows) * 3 + 41,
            signals=len(rows),
            updates=len(rows) // 2,
            refused=len(rows) // 12,
            unread=len(rows) * 3 + 41 - len(rows) - len(rows) // 2 - len(rows) // 12,
            calls=fates,
            reasons={"level-order": len(rows) // 20, "unclaimed-number": len(rows) // 12 - len(rows) // 20}
            if rows
            else {},
            unfollowed={"other-side": 2, "no-layout": 5} if rows else {},
        ),
        account_trades=sum(row.taken for row in rows),
        account_net=sum(row.net or 0.0 for row in rows),
        alone=AccountResult("USDT", 10_000.0, 10_000.0 + 105 * float(r.sum()), len(r), 4, 0.083, 61.2, -3.4, [])
        if known
        else None,
    )


def _curve(rows: list[CallRow]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Equity marked every hour: what was won and lost until then, with a little noise for the open trades."""
    ts = START + np.arange(DAYS * 24 + 96) * HOUR_MS
    won = sorted((moment_ms(row.closed_at), row.net or 0.0) for row in rows if row.taken)
    at = np.searchsorted([ms for ms, _ in won], ts, side="right")
    sums = np.concatenate([[0.0], np.cumsum([net for _, net in won])])
    noise = np.random.default_rng(11).normal(0, 8, len(ts))
    noise[0] = noise[-1] = 0.0
    equity = 10_000 + sums[at] + noise
    peak = np.maximum.accumulate(equity)
    return ts, equity, (peak - equity) / peak
