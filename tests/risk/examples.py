"""Proposals and accounts for the tests of the rules, described by what matters in them."""

from __future__ import annotations

from engine.config.text import SourceText
from engine.domain import Account, History, MarketFacts, OpenTrade, Opinion, Proposal, Side, Standing
from engine.risk import RuleBook, load_rules
from engine.units import duration_ms, moment_ms

NOON = moment_ms("2025-01-15 12:00")
CALM = MarketFacts(100.0, 0.01, 0.0002, False, 1e8, 0.0001)


def proposal(
    *,
    side: Side = Side.LONG,
    entry: float = 100,
    stop: float | None = 98,
    notional: float = 1_000,
    leverage: float = 1,
    channel: str = "fast_scalps",
    symbol: str = "BTCUSDT",
    targets: tuple[float, ...] = (),
    shares: tuple[float, ...] = (),
    age: str = "5s",
    asked: float | None = 100,
    market: MarketFacts = CALM,
    standing: tuple[int, float, float, float] | None = None,
    verdict: tuple[str, int] | None = None,
) -> Proposal:
    """A trade that asks to be taken."""
    risk = 0.0 if stop is None else abs(entry - stop) / entry * notional
    margin = notional / leverage
    return Proposal(
        f"{channel}/7", channel, symbol, side, NOON - duration_ms(age), NOON, entry, stop, targets,
        notional / entry, notional, risk, margin, leverage, shares, asked, market,
        None if standing is None else Standing(channel, *standing),
        None if verdict is None else Opinion(*verdict),
    )  # fmt: skip


def account(
    *,
    equity: float = 10_000,
    day_start: float | None = None,
    peak: float | None = None,
    open_trades: int = 0,
    others: tuple[tuple[str, str, Side], ...] = (),
    now: str = "2025-01-15 12:00",
    week_start: float | None = None,
    losses: int = 0,
    lost: str = "0s",
    on_symbol: dict[str, str] | None = None,
    of_channel: dict[str, str] | None = None,
) -> Account:
    """An account at a moment (UTC); ``others`` are open trades by channel, symbol and side.

    ``lost``, ``on_symbol`` and ``of_channel`` say how long ago the last loss and the last trades closed.
    """
    at = moment_ms(now)
    history = History(
        losses,
        at - duration_ms(lost) if losses else None,
        {name: at - duration_ms(ago) for name, ago in (on_symbol or {}).items()},
        {name: at - duration_ms(ago) for name, ago in (of_channel or {}).items()},
    )
    start = equity if day_start is None else day_start
    others += (("x", "ETHUSDT", Side.LONG),) * open_trades
    trades = tuple(OpenTrade(f"{other[0]}/{i}", *other, 100, 100, 1) for i, other in enumerate(others))
    highest = max(equity, start) if peak is None else peak
    return Account(at, equity, start, highest, trades, week_start, history)


def book(*files: str, timezone: str = "UTC") -> RuleBook:
    """The rules of some texts; ``rules:`` stands before each. Their tests are not the subject, so none are needed."""
    loaded = []
    for number, text in enumerate(files, 1):
        rules, found = load_rules(SourceText(f"rules/file{number}.yaml", f"rules:\n{text}"))
        assert [d for d in found if d.code != "R202"] == []
        assert rules is not None
        loaded.append(rules)
    return RuleBook(loaded, timezone)
