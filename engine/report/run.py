"""What a run has to say, as the records that ``run.json`` holds (``runfile.py`` saves and loads them).

``Run`` has all figures of a report but the rows of trades.csv and equity.csv; its ``format`` grows when a field comes,
goes or changes its meaning.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.verdict.checks import Check
from engine.verdict.crowd import Copies
from engine.verdict.following import Following
from engine.verdict.hits import TargetHits
from engine.verdict.latency import Delayed
from engine.verdict.missing import Missing
from engine.verdict.pump import Pump
from engine.verdict.random_entry import RandomEntry
from engine.verdict.sharpe import SharpeEvidence

FORMAT = 5


@dataclass(frozen=True, slots=True)
class Funnel:
    """What became of a channel's messages, in order; every message and every call is counted exactly once per level.

    posted = read + updates + refused + unread; read (calls) = sum of ``calls`` values. ``reasons`` counts the refusal
    codes of messages, ``unfollowed`` those of later versions of calls, which changed nothing. ``calls`` counts calls by
    fate: closed, open, expired, target first, too late, no data, repeat, opposite, no stop, stop too near, hindsight,
    refused by rule ...
    """

    posted: int
    signals: int
    updates: int
    refused: int
    unread: int
    calls: dict[str, int]
    reasons: dict[str, int]
    unfollowed: dict[str, int]


@dataclass(frozen=True, slots=True)
class Judged:
    """How sure a channel's record is.

    ``luck`` is the chance that luck alone makes such a mean, ``discovery`` the same after the correction for all
    channels ever judged; ``needed`` is how many trades a verdict takes. ``shrunk_r`` is the mean R pulled towards that
    of all channels. ``checks`` are the tests that FOLLOW requires.
    """

    luck: float | None
    discovery: float | None
    needed: int
    shrunk_r: float | None
    sharpe: SharpeEvidence | None
    random: RandomEntry | None
    checks: list[Check]


@dataclass(frozen=True, slots=True)
class Hardened:
    """The mean R under one harder reading of a channel's record, by its name (None: not known)."""

    name: str
    mean_r: float | None


@dataclass(frozen=True, slots=True)
class Followed:
    """What 1,000 of the account's currency became that followed the channel alone (``verdict.following``).

    ``low`` and ``high`` are the ends under the two orders inside a candle, ``stake`` words the size of a trade.
    """

    stake: str
    low: float
    high: float
    figures: Following


@dataclass(frozen=True, slots=True)
class ChannelResult:
    """One channel, from all its paths without account rules. R figures are per filled trade, net of costs.

    ``low``/``high`` bound the mean R (95%, cluster bootstrap); None when there are too few trades to say.
    ``target_first_r`` is the mean R under the other same-candle reading, ``touch_through_r`` when limits need a trade
    one tick through; ``ambiguous`` counts trades whose order inside a candle is not known, ``decided`` those in which
    finer candles told it. ``alone`` is what an account of its own made of the channel, with the same money, sizes and
    rules as the one that all channels share.
    """

    channel: str
    name: str
    trades: int
    clusters: int
    mean_r: float | None
    low: float | None
    high: float | None
    median_r: float | None
    win_rate: float | None
    win_rate_low: float | None
    win_rate_high: float | None
    fair_win_rate: float | None
    average_win_r: float | None
    average_loss_r: float | None
    profit_factor: float | None
    total_r: float
    max_drawdown_r: float
    median_mae_r: float | None
    median_mfe_r: float | None
    fill_rate: float | None
    median_delay_ms: float | None
    ambiguous: int
    stop_first_r: float | None
    target_first_r: float | None
    touch_through_r: float | None
    edited: int
    deleted: int
    hindsight: int
    word: str
    verdict: str
    why: str
    judged: Judged
    targets: list[TargetHits]
    latency: list[Delayed]
    gone_after_s: int | None
    robust: list[Hardened]
    missing: Missing
    pump: Pump | None
    followed: Followed
    funnel: Funnel
    account_trades: int
    account_net: float
    alone: AccountResult | None = None
    decided: int = 0


@dataclass(frozen=True, slots=True)
class AccountResult:
    """What the one account did with all channels under the rules.

    Money in ``currency``, fees and funding positive when paid; ``max_drawdown`` is a fraction of the highest equity
    before it; each of ``refusals`` has rule, where (file:line) and count.
    """

    currency: str
    start_equity: float
    end_equity: float
    trades: int
    refused: int
    max_drawdown: float
    fees: float
    funding: float
    refusals: list[dict[str, str | int]]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One channel in the time that was held out; figures as in ``ChannelResult``.

    ``evidence`` is the wealth of a bet on the channel from one unit (``verdict.forward``): 20 shows an edge.
    """

    channel: str
    name: str
    calls: int
    trades: int
    mean_r: float | None
    low: float | None
    high: float | None
    evidence: float
    verdict: str


@dataclass(frozen=True, slots=True)
class Holdout:
    """What was kept out of everything else in the run, looked at once."""

    period: tuple[str, str]
    channels: list[HeldOut]


@dataclass(frozen=True, slots=True)
class Held:
    """What 1,000 became by buying ``symbol`` at the start of the period and holding it."""

    symbol: str
    end: float


@dataclass(frozen=True, slots=True)
class Run:
    """Everything a report says, except the rows of trades.csv and equity.csv.

    ``without_skill`` is the estimated share of channels without an edge (None: too few channels). ``decimals`` are
    those of each symbol's tick.
    """

    format: int
    created: str
    version: str
    strategy: str
    strategy_path: str
    period: tuple[str, str]
    timezone: str
    timeframe: str
    price_source: str
    seed: int
    channels: list[ChannelResult]
    account: AccountResult
    assumptions: list[str]
    warnings: list[str]
    inputs: dict[str, str] = field(default_factory=dict)  # path or name -> sha256
    holdout: Holdout | None = None
    held: Held | None = None
    copies: list[Copies] = field(default_factory=list)
    without_skill: float | None = None
    decimals: dict[str, int] = field(default_factory=dict)
