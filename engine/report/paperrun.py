"""What an account on paper has to say, as the record that ``paper.json`` holds: all figures of its page.

The rows of trades.csv, the points of equity.csv and the evidence behind each call lie beside it, as those of a
backtest do; ``paperpage.py`` renders report.html from these files alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.report.calls import CallRow
from engine.report.runfile import load_record, save_record

PAPER_FILE = "paper.json"
PAPER_FORMAT = 4
AGAIN = "make it again with cli.py paper report"


@dataclass(frozen=True, slots=True)
class PaperRow(CallRow):
    """A call on paper: what a backtest's row has, and what is known of a live one alone.

    ``late``: it arrived after it should have acted. ``why`` is the reason of a refusal in words. ``seen`` is the first
    live price that was said of it (its first fill, where it went in at once), ``behind_bp`` how much worse than that
    the record's entry is, in basis points of the price.
    """

    strategy: str = ""
    late: bool = False
    why: str = ""
    seen: float | None = None
    behind_bp: float | None = None


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A trade of the account that rests or is open. Times are ISO 8601; ``since`` is "" while it rests.

    ``entry`` is the average of what is held, or of the orders that rest; ``held`` the part of the planned quantity
    in the position. ``net`` (money) and ``r`` are what it would have made if it were left at ``price``, costs included.
    """

    signal_id: str
    channel: str
    symbol: str
    side: str
    acted: str
    since: str
    entry: float | None
    stop: float | None
    targets: list[float]
    held: float
    price: float | None
    net: float | None
    r: float | None
    ending: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """A halt in force: by which rule (or by hand), where that stands, until when ("": until it is taken back)."""

    rule: str
    where: str
    until: str
    channels: list[str]
    symbols: list[str]
    why: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What the newest backtest of the same strategy says of a channel. ``changed`` names files that differ since."""

    run: str
    period: tuple[str, str]
    trades: int
    mean_r: float | None
    low: float | None
    high: float | None
    word: str
    verdict: str
    changed: list[str]


@dataclass(frozen=True, slots=True)
class Alone:
    """What a channel made in an account of its own, with the same money, sizes and rules."""

    trades: int
    refused: int
    start_equity: float
    end_equity: float
    max_drawdown: float | None


@dataclass(frozen=True, slots=True)
class Forward:
    """A channel's record since paper trading began, from all its calls, whatever the rules of the account refused.

    ``heard`` = ``planned`` + ``unplanned``: calls that became a plan, and those that did not (by reason). Of the
    planned ones ``refused`` counts who refused them (a rule), ``taken`` those that the account took, ``filled`` those
    of them that were filled, ``net`` what they made. R figures are those of the ``trades`` calls that have closed;
    ``running`` are filled and still open. ``evidence`` is the wealth of a bet on the channel (``verdict.forward``),
    ``shown_after`` the burst at which it reached 20 (None: it did not). ``followed`` is what 1,000 became that followed
    the channel alone without rules. ``unfollowed`` counts the later versions of calls that were not followed, by code.
    """

    channel: str
    name: str
    strategy: str
    heard: int
    unplanned: dict[str, int]
    fates: dict[str, int]
    refused: dict[str, int]
    taken: int
    filled: int
    net: float
    trades: int
    running: int
    bursts: int
    total_r: float
    mean_r: float | None
    low: float | None
    high: float | None
    win_rate: float | None
    evidence: float
    shown_after: int | None
    word: str
    verdict: str
    why: str
    followed: float | None = None
    alone: Alone | None = None
    expected: Expected | None = None
    unfollowed: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Differing:
    """A trade that history has otherwise: ``what`` differs, and the reason as far as it is known."""

    signal_id: str
    what: str
    ours: str
    theirs: str
    why: str


@dataclass(frozen=True, slots=True)
class Day:
    """A day held against a replay of it from history; ``line`` is what was said then."""

    day: str
    trades: int
    different: int
    ours_r: float | None
    theirs_r: float | None
    line: str
    differing: list[Differing]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was said live of the calls of a channel, beside what the record made of it.

    ``calls`` had a live price, ``median_s`` after the post; ``compared`` fills and exits were answered by the record,
    on average ``mean_bp`` (basis points of the price) worse for the account than live, ``worst_bp`` where they were
    farthest apart; ``mean_r`` is the distance in R, ``money`` what the record has of all of them beyond what live
    prices would have made of the same quantities (negative: less). ``withdrawn`` counts what the record never made.
    """

    channel: str
    calls: int
    compared: int
    mean_bp: float | None
    worst_bp: float | None
    mean_r: float | None
    withdrawn: int
    median_s: float | None
    money: float | None


@dataclass(frozen=True, slots=True)
class Happened:
    """Something beside the calls: a person's word, a rule that spoke, a start. ``at`` is ISO 8601."""

    at: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Late:
    """Something that was worked out after the fact: what, of which call, and how many seconds after its time."""

    at: str
    signal_id: str
    what: str
    by_s: float


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which nobody traded: from the last sign of life to the next start."""

    start: str
    end: str
    seconds: float


@dataclass(frozen=True, slots=True)
class LaneTerms:
    """A strategy of the account and its costs, as fractions of price; ``latency_ms`` where its file could be read."""

    strategy: str
    maker: float
    taker: float
    slippage: float
    same_candle: str
    latency_ms: int | None


@dataclass(frozen=True, slots=True)
class PaperRun:
    """Everything the page says, except the rows and the curve.

    Money in ``currency``; ``equity`` is what the account would be worth if everything were left at the last known
    prices (of ``marked``); ``exact`` says that the drawdown is taken at every candle, and not only when the account
    moved. ``through`` is the last candle told. ``trades`` were filled, ``taken`` includes those that never were.
    """

    format: int
    created: str
    version: str
    account: str
    replay: str
    running: bool
    timezone: str
    currency: str
    price_source: str
    timeframe: str
    began: str
    through: str
    marked: str
    start_equity: float
    equity: float
    open_net: float
    max_drawdown: float
    drawdown: float
    exact: bool
    heard: int
    taken: int
    trades: int
    refused: int
    fees: float
    funding: float
    ledger: str
    events: int
    head: str
    open: list[OpenCall]
    pauses: list[Pause]
    channels: list[Forward]
    days: list[Day]
    seen: list[Seen]
    happened: list[Happened]
    late: list[Late]
    late_count: int
    gaps: list[Gap]
    lanes: list[LaneTerms]
    assumptions: list[str]
    warnings: list[str]
    inputs: dict[str, str] = field(default_factory=dict)
    decimals: dict[str, int] = field(default_factory=dict)


def save_paper(folder: Path, run: PaperRun) -> Path:
    """Write paper.json into a folder (made when missing), atomically; its path."""
    return save_record(folder / PAPER_FILE, run)


def load_paper(folder: Path) -> PaperRun | str:
    """The record of a folder, or one line that says why its paper.json cannot be used."""
    return load_record(folder / PAPER_FILE, PaperRun, PAPER_FORMAT, AGAIN)
