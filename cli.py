"""SignalProof on the command line.

Each command parses its options, calls one function of engine.pipeline and prints the result. Exit codes: 0 fine,
1 findings, 2 wrong usage or unreadable input, 3 internal fault.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

try:
    import click
except ModuleNotFoundError:  # a Python that has nothing installed: shell.py tells of the other packages
    print(
        f"error: the package click is not installed for {sys.executable}; "
        "use the Python that SignalProof was installed into: . .venv/bin/activate (README.md)",
        file=sys.stderr,
    )
    raise SystemExit(2) from None

from engine import __version__
from engine.pipeline.completion import SHELLS, call_ids, codes, names_in
from engine.pipeline.shell import FOLDER, Commands, Either, begin, command, leave, track, workspace_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.pipeline.workspace import Workspace


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="signalproof")
@workspace_option
def cli() -> None:
    """Find out which Telegram signal channels are worth following, before real money is at risk.

    You edit text files: a profile for each channel (channels/), risk rules (rules/) and strategies (strategies/).
    The commands read, replay and judge.

    \b
    Start here:
      cli.py backtest strategies/demo.yaml    three invented channels, no network, no keys
      cli.py validate                         check every file you wrote
    """  # noqa: D301 - click reads the backspace


@cli.group()
def channel() -> None:
    """Work on channel profiles."""


@cli.group()
def market() -> None:
    """Candles and funding on disk."""


@cli.group()
def notify() -> None:
    """Notices to your phone, chat or mail."""


@cli.group(cls=Either)
def paper() -> None:
    """Trade live calls with invented money, or the same over history (paper STRATEGY --replay SOURCE).

    `paper STRATEGY` is `paper run STRATEGY`: its options are in `cli.py paper run --help`.
    """


@cli.group(name="explain")
def explain_group() -> None:
    """Tell how something came about."""


@command(cli, "validate", "validate", "validate channels/ --format json", "validate --explain S101")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH ...]")
@click.option("--format", "form", type=click.Choice(["text", "concise", "json", "github", "sarif"]), default="text")
@click.option("--strict", is_flag=True, help="Warnings count as findings too.")
@click.option("--explain", "code", metavar="CODE", shell_complete=codes, help="Print the page of a code, such as S101.")
@click.option("--no-cache", is_flag=True, help="Check every file anew, also those that have not changed.")
def validate(
    workspace: Workspace, paths: tuple[Path, ...], form: str, strict: bool, code: str | None, no_cache: bool
) -> None:
    """Check profiles, rules and strategies: all errors at once, with file, line, column and how to mend them."""
    from engine.pipeline.validate import explain, validate_workspace

    if code is not None:
        click.echo(explain(code))
        return
    result = validate_workspace(workspace, paths, track, remember=not no_cache)
    text = result.render(form)
    if text:
        click.echo(text)
    if form == "text":
        click.echo(result.summary, err=bool(result.findings or result.problems))
    for problem in result.problems:
        click.echo(f"error: {problem}", err=True)
    if result.problems:
        raise click.exceptions.Exit(2)
    if result.failed(strict):
        raise click.exceptions.Exit(1)


@command(cli, "init", "init trading")
@click.argument("folder", type=FOLDER)
def init(_: Workspace, folder: Path) -> None:
    """Make a workspace in a new folder: a profile, rules and a strategy, commented, ready to change."""
    from engine.pipeline.scaffold import init_workspace

    for made in init_workspace(folder):
        click.echo(made)
    click.echo(f"next: cli.py validate --workspace {folder}")


@command(cli, "new", "new channel fast_scalps", "new strategy scalps --channel fast_scalps", "new rules careful")
@click.argument("kind", type=click.Choice(["channel", "rules", "strategy"]))
@click.argument("name")
@click.option(
    "--channel",
    "traded",
    metavar="NAME",
    shell_complete=names_in("channels", ".channel"),
    help="The channel that a new strategy trades.",
)
def new(workspace: Workspace, kind: str, name: str, traded: str | None) -> None:
    """Add a commented channel profile, rule file or strategy that validates at once.

    A profile made of a message of your own: channel new; of a whole history: channel suggest.
    """
    from engine.pipeline.scaffold import new_file

    click.echo(new_file(workspace, kind, name, traded))


@command(
    cli, "completion", "completion bash >> ~/.bashrc", "completion fish > ~/.config/fish/completions/signalproof.fish"
)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(_: Workspace, shell: str) -> None:
    """Print the script with which a shell completes the commands of signalproof and the names of your files."""
    from engine.pipeline.completion import completion_script

    click.echo(completion_script(cli, shell))


@command(cli, "schema", "schema strategy")
@click.argument("name", type=click.Choice(["strategy", "rules", "workspace"]))
def schema(_: Workspace, name: str) -> None:
    """Print the JSON Schema of a kind of file, for editors."""
    import json

    from engine.config.schema import load_schema

    click.echo(json.dumps(load_schema(name), indent=2, ensure_ascii=False))


@command(channel, "test", "channel test", "channel test demo_keel", "channel test --cases x.jsonl --profile demo_keel")
@click.argument("profiles", nargs=-1, metavar="[PROFILE ...]", shell_complete=names_in("channels", ".channel"))
@click.option("--cases", type=click.Path(path_type=Path), help="Labelled messages, one JSON object a line.")
@click.option("--profile", "profile", metavar="NAME", help="The profile that reads the cases.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def channel_test(
    workspace: Workspace, profiles: tuple[str, ...], cases: Path | None, profile: str | None, form: str
) -> None:
    """Run the tests inside profiles, or read labelled messages with one profile."""
    import json

    from engine.pipeline.channels import read_cases, test_profiles

    if cases is not None:
        if profile is None:
            raise click.UsageError("--cases needs --profile NAME")
        result = read_cases(workspace, profile, cases, track)
        click.echo(json.dumps(result, ensure_ascii=False, indent=1) if form == "json" else result["text"])
        return
    report = test_profiles(workspace, profiles)
    click.echo(report.render(form))
    if report.failed:
        raise click.exceptions.Exit(1)


@command(
    channel,
    "explain",
    "channel explain demo_keel --message post.txt",
)
@click.argument("profile", shell_complete=names_in("channels", ".channel"))
@click.option(
    "--message", type=click.Path(path_type=Path, allow_dash=True), default="-", help="A file, or - (default)."
)
def channel_explain(workspace: Workspace, profile: str, message: Path) -> None:
    """Show what was read from a message and from which characters, or how far each layout got."""
    from engine.pipeline.channels import explain_message

    click.echo(explain_message(workspace, profile, message))


@command(channel, "coverage", "channel coverage fast_scalps", "channel coverage demo_keel result.json --by month")
@click.argument("profile", shell_complete=names_in("channels", ".channel"))
@click.argument("source", type=click.Path(path_type=Path), required=False)
@click.option("--by", type=click.Choice(["month"]), help="Also count month by month.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def channel_coverage(workspace: Workspace, profile: str, source: Path | None, by: str | None, form: str) -> None:
    """Show how much of a history a profile reads, what it refuses, and what it may be missing.

    SOURCE is an export (result.json), an archive, or a .jsonl file of {"id": ..., "text": ...}; without it, the
    workspace's own archive.
    """
    from engine.pipeline.coverage import coverage

    click.echo(coverage(workspace, profile, source, by, form, track))


@command(
    channel, "suggest", "channel suggest result.json", "channel suggest data/signals_raw.jsonl --channel scalps --write"
)
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--channel", "name", metavar="NAME", help="The channel's name in the draft, and in the archive.")
@click.option("--write", is_flag=True, help="Write channels/NAME.channel instead of printing.")
def channel_suggest(workspace: Workspace, source: Path, name: str | None, write: bool) -> None:
    """Draft a profile from a history: the layouts that repeat in it, with marked samples and the share each reads.

    SOURCE is an export (result.json), the archive, or a .jsonl file of {"id": ..., "text": ...}. From one message:
    channel new. Exit code 1: the draft reads none of the posts.
    """
    from engine.pipeline.suggest import suggest_profile

    draft, note, reads = suggest_profile(workspace, source, name, write, track)
    click.echo(draft)
    click.echo(note, err=True)
    if not reads:
        raise click.exceptions.Exit(1)


@command(channel, "new", "channel new < post.txt", "channel new fast_scalps --message post.txt")
@click.argument("name", required=False)
@click.option(
    "--message", type=click.Path(path_type=Path, allow_dash=True), default="-", help="A file, or - (default)."
)
def channel_new(workspace: Workspace, name: str | None, message: Path) -> None:
    """Propose the marks for one message: print a whole profile made of it, or write channels/NAME.channel.

    The message comes from standard input: paste it, then end the input. Without a message: new channel NAME; from a
    whole history: channel suggest. Exit code 1: marks are missing, which a comment in the profile names.
    """
    from engine.pipeline.suggest import new_from_message

    if str(message) == "-" and sys.stdin.isatty():
        click.echo("Paste a call of the channel, then end with Ctrl-D (Windows: Ctrl-Z, Enter):", err=True)
    draft, note, whole = new_from_message(workspace, name, message)
    click.echo(draft)
    click.echo(note, err=True)
    if not whole:
        raise click.exceptions.Exit(1)


@command(channel, "integrity", "channel integrity", "channel integrity fast_scalps --format json")
@click.argument("profiles", nargs=-1, metavar="[PROFILE ...]")
@click.option("--format", "form", type=click.Choice(["table", "plain", "json"]), help="Default: table on a terminal.")
def channel_integrity(workspace: Workspace, profiles: tuple[str, ...], form: str | None) -> None:
    """Show what a channel did to its calls after posting: edits, which way levels moved, deletions, missing ids."""
    from engine.pipeline.integrity import integrity, print_tables, render

    found = integrity(workspace, profiles, track)
    chosen = form or ("table" if sys.stdout.isatty() else "plain")
    if chosen == "table":
        print_tables(found)
    else:
        click.echo(render(found, chosen))


@command(cli, "import", "import result.json --channel fast_scalps", logged=True)
@click.argument("export", type=click.Path(path_type=Path))
@click.option("--channel", "name", required=True, metavar="NAME", help="The profile's name: channels/NAME.channel.")
@click.option("--chat", metavar="NAME", help="Which chat, when the export holds several (name or id).")
def import_(workspace: Workspace, export: Path, name: str, chat: str | None) -> None:
    """Put a Telegram Desktop export (result.json) into the archive data/signals_raw.jsonl.

    Exit code 1: the file is damaged, and only what is whole in it was imported.
    """
    from engine.pipeline.messages import import_export

    done = import_export(workspace, export, name, chat)
    click.echo(done.text)
    if not done.whole:
        raise click.exceptions.Exit(1)


@command(cli, "collect", "collect", "collect --once", "collect --qr", logged=True)
@click.option("--once", is_flag=True, help="Bring every channel up to date and end.")
@click.option("--qr", "by_qr", is_flag=True, help="Sign in by a QR code, not by phone number and code.")
@click.option("--quiet", is_flag=True, help="Do not show the posts that arrive.")
def collect(workspace: Workspace, once: bool, by_qr: bool, quiet: bool) -> None:
    """Collect the channels of the profiles from Telegram into the archive; it only ever reads.

    Exit code 1 with --once: a channel could not be read.
    """
    from engine.pipeline.collect import collect as run_collector

    if not run_collector(workspace, once, by_qr, quiet, click.echo):
        raise click.exceptions.Exit(1)


@command(cli, "parse", "parse", logged=True)
def parse(workspace: Workspace) -> None:
    """Read the archive with the channel profiles and write data/signals_parsed.csv."""
    from engine.pipeline.parse import parse_archive

    click.echo(parse_archive(workspace, track))


@command(
    market,
    "import",
    "market import BTCUSDT_1m.parquet",
    "market import eth.csv --symbol ETHUSDT --type spot",
    logged=True,
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH ...")
@click.option("--symbol", metavar="SYMBOL", help="Such as BTCUSDT, when the file name does not say it.")
@click.option("--timeframe", metavar="TF", help="Such as 1m or 1h, when the file name does not say it.")
@click.option("--type", "kind", type=click.Choice(["swap", "spot"]), default="swap", show_default=True)
@click.option("--source", default="imported", show_default=True, help="The name a strategy calls these prices by.")
def market_import(
    workspace: Workspace, paths: tuple[Path, ...], symbol: str | None, timeframe: str | None, kind: str, source: str
) -> None:
    """Put candle or funding files (parquet, feather, csv) into the candle store."""
    from engine.pipeline.market import import_files

    click.echo(import_files(workspace, paths, symbol, timeframe, kind, source, track))


@command(
    market,
    "fetch",
    "market fetch BTCUSDT ETHUSDT --from 2025-01-01 --to 2025-07-01",
    "market fetch --strategy vip-ladder",
    "market fetch SOLUSDT --type spot --timeframe 5m --source binance",
    "market fetch",
    logged=True,
)
@click.argument("symbols", nargs=-1, metavar="[SYMBOL ...]")
@click.option("--strategy", metavar="NAME", help="The symbols and the time that this strategy's signals need.")
@click.option("--from", "from_", metavar="DATE", help="From this moment on, UTC (default: the last 30 days).")
@click.option("--to", metavar="DATE", help="Before this moment, UTC (default: now).")
@click.option("--timeframe", "timeframes", multiple=True, metavar="TF", help="Such as 1m, 1h; several times (1m).")
@click.option("--type", "kind", type=click.Choice(["swap", "spot"]), help="Which markets (default: swap).")
@click.option("--source", metavar="EXCHANGE", help="mexc (default), or another exchange that ccxt knows.")
@click.option(
    "--only", multiple=True, type=click.Choice(["candles", "mark", "funding", "contracts"]), help="Not everything."
)
@click.option("--again", is_flag=True, help="Ask again for candles that the exchange did not have last time.")
def market_fetch(workspace: Workspace, **options: Any) -> None:
    """Fetch candles, mark prices, funding and contract facts from an exchange: only what is missing.

    Stop it at any time; the same command goes on where it was. Without symbols, what the store holds of exchanges is
    brought up to date.
    """
    import time

    from engine.pipeline.errors import InputError
    from engine.pipeline.marketfetch import Request, fetch_market
    from engine.pipeline.rowbar import row_bar

    with row_bar("fetching") as progress:
        report = fetch_market(workspace, Request(**options), int(time.time() * 1000), track, progress)
    if report.text:
        click.echo(report.text)
    if report.problems:
        raise InputError(*report.problems)


@command(market, "list", "market list")
def market_list(workspace: Workspace) -> None:
    """Show what the candle store holds."""
    from engine.pipeline.market import list_store

    click.echo(list_store(workspace))


@command(market, "check", "market check", "market check BTCUSDT --against binance", "market check --format json")
@click.argument("symbols", nargs=-1, metavar="[SYMBOL ...]")
@click.option("--source", metavar="NAME", help="Only this source.")
@click.option("--against", metavar="NAME", help="Compare closes with those of another source.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def market_check(
    workspace: Workspace, symbols: tuple[str, ...], source: str | None, against: str | None, form: str
) -> None:
    """Check stored series: gaps and whose they are, overlaps, impossible prices, drift. Exit code 1: faults."""
    from engine.pipeline.market import check_store

    report = check_store(workspace, symbols, source, against)
    click.echo(report.render(form))
    if report.faulty:
        raise click.exceptions.Exit(1)


@command(market, "export", "market export BTCUSDT --format csv --out candles", "market export BTCUSDT --series 1m")
@click.argument("symbols", nargs=-1, required=True, metavar="SYMBOL ...")
@click.option("--series", multiple=True, metavar="NAME", help="Such as 1m, mark_1m or funding; several times (all).")
@click.option("--source", metavar="NAME", help="Only this source.")
@click.option("--format", "form", type=click.Choice(["csv", "parquet", "feather"]), default="csv", show_default=True)
@click.option("--out", "folder", type=FOLDER, default="export", show_default=True, help="The folder of the files.")
def market_export(
    workspace: Workspace, symbols: tuple[str, ...], series: tuple[str, ...], source: str | None, form: str, folder: Path
) -> None:
    """Write series of the store as files; market import reads them back."""
    from engine.pipeline.market import export_files

    click.echo(export_files(workspace, symbols, series, source, form, folder))


@command(
    cli, "backtest", "backtest strategies/demo.yaml", "backtest demo --from 2025-03-01 --to 2025-04-01", logged=True
)
@click.argument("strategy", shell_complete=names_in("strategies", ".yaml"))
@click.option("--from", "from_", metavar="DATE", help="Calls from this day on (UTC); over the strategy's period.")
@click.option("--to", metavar="DATE", help="Calls before this day (UTC); over the strategy's period.")
@click.option("--holdout", metavar="DATE", help="Keep what comes from this day on out of all but one final table.")
@click.option("--out", type=FOLDER, help="Folder of the run (default: runs/<time>-<strategy>).")
def backtest(
    workspace: Workspace, strategy: str, from_: str | None, to: str | None, holdout: str | None, out: Path | None
) -> None:
    """Replay a strategy's calls on candles with honest costs and write a report."""
    from rich.console import Console

    from engine.pipeline.backtest import run_backtest
    from engine.report.summary import print_summary

    folder, run = run_backtest(workspace, strategy, from_, to, out, track, holdout)
    print_summary(run, folder, Console())


@command(
    paper,
    "run",
    "paper vip-ladder",
    "paper demo --replay demo",
    "paper vip-ladder --replay data/signals_raw.jsonl --compare",
    logged=True,
)
@click.argument("strategies", nargs=-1, metavar="[STRATEGY ...]", shell_complete=names_in("strategies", ".yaml"))
@click.option("--replay", "source", metavar="SOURCE", help="Over history: an archive, an export, or the word demo.")
@click.option("--out", type=FOLDER, help="Folder of a replay (default: runs/<time>-paper-<strategy>).")
@click.option("--compare", is_flag=True, help="After a replay: does a backtest give the same trades? Exit code 1: no.")
def paper_run(
    workspace: Workspace, strategies: tuple[str, ...], source: str | None, out: Path | None, compare: bool
) -> None:
    """Trade the calls of one or more strategies on paper, live, until stopped; nothing is ever sent to an exchange.

    Without STRATEGY: the one that the ledger knows, or the only one there is. How to practise without an account:
    docs/paper-trading.md.
    """
    from engine.pipeline.paper.commands import paper as run_paper

    if not run_paper(workspace, strategies, source, out, compare, track, click.echo, tuple(paper.commands)):
        raise click.exceptions.Exit(1)


ACCOUNT = click.option("--account", metavar="NAME", help="Only this account (its strategies' names; default: all).")


CHANNELS = click.option(
    "--channel", "channels", multiple=True, metavar="NAME", help="Only calls of this channel; several times."
)
SINCE = click.option("--since", metavar="DATE|TIME", help="From a day on (2025-03-01), or not longer ago than (7d).")


def form_option(*forms: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--format``: a table on a terminal, plain lines in a pipe, or what is asked for."""

    def chosen(_: click.Context, __: click.Parameter, value: str | None) -> str:
        return value or ("table" if sys.stdout.isatty() else "plain")

    return click.option(
        "--format", "form", type=click.Choice(forms), callback=chosen, help="Default: table on a terminal, else plain."
    )


@command(paper, "status", "paper status", "paper status --format json")
@ACCOUNT
@form_option("table", "plain", "json")
def paper_status(workspace: Workspace, account: str | None, form: str) -> None:
    """Show what each account is worth, what is open, halted or waits, where the calls went, how each channel does."""
    from engine.pipeline.paper.status import show_status

    show_status(workspace, account, form, click.echo)


@command(paper, "trades", "paper trades", "paper trades --since 7d", "paper trades --format csv > trades.csv")
@ACCOUNT
@CHANNELS
@SINCE
@form_option("table", "plain", "csv", "json")
def paper_trades(
    workspace: Workspace, account: str | None, channels: tuple[str, ...], since: str | None, form: str
) -> None:
    """List the trades that were filled and are over, in the order in which they ended."""
    from engine.pipeline.paper.lists import trades
    from engine.pipeline.paper.table import print_rows

    print_rows("trades", *trades(workspace, account, channels, since), form, workspace.settings.timezone, click.echo)


@command(paper, "calls", "paper calls", "paper calls --refused --since 2025-03-01", "paper calls --channel fast_scalps")
@ACCOUNT
@CHANNELS
@SINCE
@click.option("--refused", is_flag=True, help="Only calls that were not taken.")
@form_option("table", "plain", "csv", "json")
def paper_calls(
    workspace: Workspace, account: str | None, channels: tuple[str, ...], since: str | None, refused: bool, form: str
) -> None:
    """List every call that was heard: what became of it, and who said no."""
    from engine.pipeline.paper.lists import calls
    from engine.pipeline.paper.table import print_rows

    found = calls(workspace, account, channels, since, refused)
    print_rows("calls", *found, form, workspace.settings.timezone, click.echo)


@command(paper, "halt", "paper halt", "paper halt --for 4h", "paper halt --channel fast_scalps")
@ACCOUNT
@click.option("--for", "for_", metavar="TIME", help="So long (default: until paper resume).")
@CHANNELS
def paper_halt(workspace: Workspace, account: str | None, for_: str | None, channels: tuple[str, ...]) -> None:
    """Take no new trades; what is open goes on."""
    from engine.pipeline.paper.orders import halt

    for line in halt(workspace, account, for_, channels):
        click.echo(line)


@command(paper, "resume", "paper resume", "paper resume --channel fast_scalps")
@ACCOUNT
@CHANNELS
def paper_resume(workspace: Workspace, account: str | None, channels: tuple[str, ...]) -> None:
    """End all pauses, those of rules too; with --channel only those of that channel."""
    from engine.pipeline.paper.orders import resume

    for line in resume(workspace, account, channels):
        click.echo(line)


@command(paper, "close", "paper close fast_scalps/4711", "paper close all")
@ACCOUNT
@click.argument("identity", metavar="ID|all", shell_complete=call_ids)
def paper_close(workspace: Workspace, account: str | None, identity: str) -> None:
    """End a trade at the next candle's open, or take its orders away when nothing is filled."""
    from engine.pipeline.paper.orders import close

    for line in close(workspace, account, identity):
        click.echo(line)


@command(paper, "reconcile", "paper reconcile", "paper reconcile 2026-03-01", logged=True)
@ACCOUNT
@click.argument("day", required=False, metavar="[DAY]")
def paper_reconcile(workspace: Workspace, account: str | None, day: str | None) -> None:
    """Hold the trades that closed on a day (default: yesterday) against a replay from the exchange's history."""
    from engine.pipeline.paper.day import reconcile

    for line in reconcile(workspace, account, day):
        click.echo(line)


@command(paper, "report", "paper report", "paper report --account vip-ladder --lang tr")
@ACCOUNT
@click.option("--out", type=FOLDER, help="Its folder (default: runs/<time>-paper-<account>).")
@click.option("--lang", type=click.Choice(["en", "tr"]), help="Its language (default: that of workspace.yaml).")
def paper_report(workspace: Workspace, account: str | None, out: Path | None, lang: str | None) -> None:
    """Write the page of each account: what it is worth, each channel's forward record, all calls and trades."""
    from engine.pipeline.paper.report import report_paper

    for line in report_paper(workspace, account, out, lang):
        click.echo(line)


@command(paper, "verdicts", "paper verdicts vip-ladder", "paper verdicts vip-ladder --fetch", logged=True)
@click.argument("strategy", shell_complete=names_in("strategies", ".yaml"))
@click.option("--fetch", is_flag=True, help="Bring the candles of its calls up to date first.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def paper_verdicts(workspace: Workspace, strategy: str, fetch: bool, form: str) -> None:
    """Say which verdict a rule (channel verdict in) would see now on each channel of a strategy."""
    from engine.pipeline.paper.verdict import give_verdicts

    for line in give_verdicts(workspace, strategy, form, track, fetch=fetch):
        click.echo(line)


@command(paper, "reset", "paper reset", "paper reset --yes")
@click.option("--yes", is_flag=True, help="Do not ask.")
def paper_reset(workspace: Workspace, yes: bool) -> None:
    """Begin anew with an empty ledger; the old one is kept under another name."""
    from engine.pipeline.paper.ledgerfiles import reset

    click.echo(reset(workspace, lambda text: yes or click.confirm(text, default=False)))


@command(paper, "restore", "paper restore", "paper restore --yes", logged=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
def paper_restore(workspace: Workspace, yes: bool) -> None:
    """Mend a damaged ledger from what can be read of it and of its daily copy; the damaged one is kept."""
    from engine.pipeline.paper.ledgerfiles import restore

    click.echo(restore(workspace, lambda text: yes or click.confirm(text, default=False)))


@command(notify, "test", "notify test")
def notify_test(workspace: Workspace) -> None:
    """Send a trial notice to every address of NOTIFY_URLS in .env."""
    from engine.pipeline.notify import try_addresses

    lines, all_taken = try_addresses(workspace)
    for line in lines:
        click.echo(line)
    if not all_taken:
        raise click.exceptions.Exit(1)


@command(
    cli, "report", "report", "report runs/20250601-120000-demo --lang tr", "report compare 20250601-120000-demo last"
)
@click.argument("runs", nargs=-1, metavar="[RUN] | compare RUN RUN", shell_complete=names_in("runs"))
@click.option(
    "--lang", type=click.Choice(["en", "tr"]), help="Language (default: that of workspace.yaml, else English)."
)
def report(workspace: Workspace, runs: tuple[str, ...], lang: str | None) -> None:
    """Render the report of a run again (default: the last run), or lay two runs side by side."""
    from engine.pipeline.report import compare_runs, render_again

    if runs[:1] == ("compare",) and len(runs) == 3:
        from rich.console import Console

        click.echo(f"comparison: {compare_runs(workspace, runs[1], runs[2], lang, Console())}")
    elif len(runs) > 1 or runs[:1] == ("compare",):
        raise click.UsageError("give one RUN, or: compare RUN RUN")
    else:
        click.echo(render_again(workspace, runs[0] if runs else "last", lang))


@command(
    explain_group,
    "trade",
    "explain trade demo_keel/12",
    "explain trade fast_scalps/4711 --run runs/20250601-demo",
    "explain trade fast_scalps/4711 --paper",
    "explain trade demo_keel/12 --run runs/20250601-paper-demo",
)
@click.argument("identity", metavar="ID", shell_complete=call_ids)
@click.option(
    "--run",
    "run",
    metavar="RUN",
    shell_complete=names_in("runs"),
    help="The run of a backtest or of a replay: its folder or name (default: the last backtest).",
)
@click.option("--paper", "on_paper", is_flag=True, help="In the accounts on paper (data/paper.db).")
@click.option("--account", metavar="NAME", help="Only in this account on paper.")
def explain_trade(workspace: Workspace, identity: str, run: str | None, on_paper: bool, account: str | None) -> None:
    """Tell the whole story of one call: message, values, plan, fills, money, and the rule that refused it.

    ID stands in the first column of trades.csv, and in the lists of paper trades and paper calls. Without --run and
    --paper it is looked for in the last backtest, then in the accounts on paper.
    """
    from engine.pipeline.story import tell_trade

    click.echo(tell_trade(workspace, identity, run, on_paper, account))


def main() -> None:
    """The console command."""
    begin()
    try:
        cli(prog_name="signalproof" if Path(sys.argv[0]).name == "signalproof" else "cli.py")
    except SystemExit as ended:
        leave(ended)


if __name__ == "__main__":
    main()
