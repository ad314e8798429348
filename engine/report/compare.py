"""Two runs side by side: what went in differently, and what each channel and the account came to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.files import write_text
from engine.report import show
from engine.report.run import AccountResult, ChannelResult, Run
from engine.report.tables import clean
from engine.report.templating import environment
from engine.report.words import Words

COMPARE_FILE = "compare.html"


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of both runs, as text; ``about`` is a channel, the account, or the inputs."""

    about: str
    what: str
    first: str
    second: str

    @property
    def same(self) -> bool:
        """Whether both runs say the same."""
        return self.first == self.second


def comparison(first: Run, second: Run) -> list[Line]:
    """Every figure that is laid side by side: the runs, their inputs, their channels, their accounts."""
    return [*_runs(first, second), *_inputs(first, second), *_channels(first, second), *_accounts(first, second)]


def print_comparison(lines: list[Line], console: Console) -> None:
    """A table on a terminal, plain lines in a pipe. Text came from strangers: no markup, no control characters."""
    if not console.is_terminal:
        for line in lines:
            said = clean(f"{line.about}: {line.what}: {line.first} | {line.second}")
            console.print(Text(said), soft_wrap=True)
        return
    table = Table()
    for heading in ("", "", "First", "Second"):
        table.add_column(heading, overflow="fold")
    about = ""
    for line in lines:
        if about and line.about != about:
            table.add_section()
        cells = ("" if line.about == about else line.about, line.what, line.first, line.second)
        table.add_row(*(Text(clean(cell)) for cell in cells), style="" if line.same else "bold")
        about = line.about
    console.print(table)


def render_comparison(path: Path, lines: list[Line], words: Words) -> Path:
    """Write the same as a page of its own; its path."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.about, []).append(line)
    page = environment(words).get_template("compare.html.j2").render(groups=groups, lang=words.language)
    write_text(path, page)
    return path


def _runs(first: Run, second: Run) -> Iterator[Line]:
    for what, one, other in (
        ("strategy", first.strategy, second.strategy),
        ("from", first.period[0][:10], second.period[0][:10]),
        ("to", first.period[1][:10], second.period[1][:10]),
        ("prices", f"{first.price_source}, {first.timeframe}", f"{second.price_source}, {second.timeframe}"),
        ("made", first.created, second.created),
    ):
        yield Line("run", what, one, other)


def _inputs(first: Run, second: Run) -> Iterator[Line]:
    """The inputs that differ: the start of their hashes."""
    for name in sorted(first.inputs.keys() | second.inputs.keys()):
        one, other = (run.inputs.get(name, show.NOTHING)[:16] for run in (first, second))
        if first.inputs.get(name) != second.inputs.get(name):
            yield Line("inputs that differ", name, one, other)
    for number, (one, other) in enumerate(_padded(first.assumptions, second.assumptions), 1):
        if one != other:
            yield Line("assumptions that differ", str(number), one, other)


def _channels(first: Run, second: Run) -> Iterator[Line]:
    both = [{channel.channel: channel for channel in run.channels} for run in (first, second)]
    for name in dict.fromkeys([*both[0], *both[1]]):
        one, other = (_figures(found.get(name)) for found in both)
        shown = (both[0].get(name) or both[1][name]).name
        for what in dict.fromkeys([*one, *other]):
            yield Line(shown, what, one.get(what, show.NOTHING), other.get(what, show.NOTHING))


def _figures(channel: ChannelResult | None) -> dict[str, str]:
    """The figures of a channel by their names; none when the run has no such channel."""
    if channel is None:
        return {}
    interval = show.NOTHING if channel.low is None else f"{show.r_text(channel.low)} .. {show.r_text(channel.high)}"
    random = channel.judged.random
    followed = channel.followed.figures
    minute = next((point.mean_r for point in channel.latency if point.delay_s == 60), None)
    return {
        "verdict": channel.verdict,
        "calls": show.whole(sum(channel.funnel.calls.values())),
        "filled": show.whole(channel.trades),
        "mean R": show.r_text(channel.mean_r),
        "95% interval": interval,
        "by luck, corrected": show.chance(channel.judged.discovery),
        "random entries": show.NOTHING
        if random is None
        else f"{show.r_text(random.random_r)}, p {show.chance(random.p)}",
        "won / fair": f"{show.percent(channel.win_rate)} / {show.percent(channel.fair_win_rate)}",
        "profit factor": show.plain(channel.profit_factor),
        "one minute later": show.r_text(minute),
        "1,000 became": show.money(followed.end),
        "max drawdown": show.percent(followed.drawdown, 1),
        "Sharpe": show.plain(followed.sharpe),
        **_alone(channel.alone),
    }


def _alone(account: AccountResult | None) -> dict[str, str]:
    """The figures of an account that a channel had for itself."""
    if account is None:
        return {}
    return {
        "alone, end": f"{show.money(account.end_equity)} {account.currency}",
        "alone, trades": show.whole(account.trades),
        "alone, max drawdown": show.percent(account.max_drawdown, 1),
    }


def _accounts(first: Run, second: Run) -> Iterator[Line]:
    one, other = first.account, second.account
    for what, a, b in (
        (
            "start",
            f"{show.money(one.start_equity)} {one.currency}",
            f"{show.money(other.start_equity)} {other.currency}",
        ),
        ("end", f"{show.money(one.end_equity)} {one.currency}", f"{show.money(other.end_equity)} {other.currency}"),
        ("trades", show.whole(one.trades), show.whole(other.trades)),
        ("refused by rules", show.whole(one.refused), show.whole(other.refused)),
        ("max drawdown", show.percent(one.max_drawdown, 1), show.percent(other.max_drawdown, 1)),
        ("fees", show.money(one.fees), show.money(other.fees)),
        ("funding", show.money(one.funding), show.money(other.funding)),
    ):
        yield Line("account", what, a, b)


def _padded(first: list[str], second: list[str]) -> Iterator[tuple[str, str]]:
    """Pairs of lines, "-" where one list has fewer."""
    for i in range(max(len(first), len(second))):
        yield (
            first[i] if i < len(first) else show.NOTHING,
            second[i] if i < len(second) else show.NOTHING,
        )
