"""SignalProof on the command line.

Each command parses its options, calls one function of engine.pipeline and prints the result. Exit codes: 0 fine,
1 findings, 2 wrong usage or unreadable input, 3 internal fault.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from engine import __version__

if TYPE_CHECKING:
    from engine.pipeline.workspace import Workspace

T = TypeVar("T")
Command = Callable[..., Any]
FOLDER = click.Path(path_type=Path, file_okay=False)


class Commands(click.Group):
    """A group that turns what went wrong below it into one clear message and the right exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a user's mistake becomes lines and exit code 1 or 2, a fault of ours 3 and a log."""
        from engine.pipeline.errors import InputError

        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except InputError as error:
            show_input_error(ctx, error)
            raise click.exceptions.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            click.echo("stopped; what was written before is whole", err=True)
            raise click.exceptions.Exit(130) from None
        except BrokenPipeError:
            raise
        except Exception as error:
            logs = log_fault(ctx)
            click.echo(f"internal fault: {type(error).__name__}: {error}; the details are in {logs}", err=True)
            raise click.exceptions.Exit(3) from None


def log_fault(ctx: click.Context) -> Path:
    """Write the traceback of the present exception to the day's log; the path of that log."""
    from engine.pipeline.logs import start_logging

    handler = start_logging(workspace_of(ctx).logs_path)
    logging.getLogger("engine.cli").exception("internal fault in: %s", " ".join(sys.argv[1:]))
    return handler.path_of_today()


def show_input_error(ctx: click.Context, error: Any) -> None:
    """Print problems and findings on standard error."""
    from engine.config.render import render

    for problem in error.problems:
        click.echo(f"error: {problem}", err=True)
    if error.findings:
        click.echo(render(error.findings, workspace_of(ctx).sources, "text"), err=True)


def workspace_of(ctx: click.Context) -> Workspace:
    """The workspace of this call: one object, made on first use."""
    from engine.pipeline.workspace import Workspace

    root = ctx.find_root()
    if "workspace" not in root.meta:
        root.meta["workspace"] = Workspace(root.meta.get("root") or Path())
    return root.meta["workspace"]  # type: ignore[no-any-return]


def set_root(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    """Keep the folder named by --workspace, wherever on the line it stands."""
    if value is not None:
        if not value.is_dir():
            raise click.BadParameter(f"{value} is not a folder", ctx)
        ctx.find_root().meta["root"] = value


workspace_option = click.option(
    "--workspace",
    type=FOLDER,
    expose_value=False,
    callback=set_root,
    is_eager=True,
    metavar="DIR",
    help="The folder with channels/, rules/, strategies/ and data/ (default: the current folder).",
)


def command(group: click.Group, name: str, *examples: str, logged: bool = False) -> Callable[[Command], click.Command]:
    """A command that gets the workspace as its first argument, takes --workspace, and shows examples in its help.

    ``logged`` commands change data: what they do goes into the day's log.
    """

    def wrap(function: Command) -> click.Command:
        @click.pass_context
        def call(ctx: click.Context, /, **options: Any) -> Any:
            workspace = workspace_of(ctx)
            if logged:
                from engine.pipeline.logs import start_logging

                start_logging(workspace.logs_path)
            return function(workspace, **options)

        shown = "".join(f"\n  cli.py {example}" for example in examples)
        call.__doc__ = f"{function.__doc__}\n\n\b\nExamples:{shown}"
        call.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
        return group.command(name)(workspace_option(call))

    return wrap


def track(items: Sequence[T], text: str) -> Iterable[T]:
    """A progress bar on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track as bar

    return bar(items, text, console=Console(stderr=True), transient=True)


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


@cli.group(name="explain")
def explain_group() -> None:
    """Tell how something came about."""


@command(cli, "validate", "validate", "validate channels/ --format json", "validate --explain S101")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH ...]")
@click.option("--format", "form", type=click.Choice(["text", "concise", "json", "github", "sarif"]), default="text")
@click.option("--strict", is_flag=True, help="Warnings count as findings too.")
@click.option("--explain", "code", metavar="CODE", help="Print the page of a code, such as S101.")
def validate(workspace: Workspace, paths: tuple[Path, ...], form: str, strict: bool, code: str | None) -> None:
    """Check profiles, rules and strategies: all errors at once, with file, line, column and how to mend them."""
    from engine.pipeline.validate import explain, validate_workspace

    if code is not None:
        click.echo(explain(code))
        return
    result = validate_workspace(workspace, paths)
    text = result.render(form)
    if text:
        click.echo(text)
    if form == "text":
        click.echo(result.summary, err=bool(result.findings))
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
@click.option("--channel", "traded", metavar="NAME", help="The channel that a new strategy trades.")
def new(workspace: Workspace, kind: str, name: str, traded: str | None) -> None:
    """Add a commented channel profile, rule file or strategy that validates at once."""
    from engine.pipeline.scaffold import new_file

    click.echo(new_file(workspace, kind, name, traded))


@command(cli, "schema", "schema strategy")
@click.argument("name", type=click.Choice(["strategy", "rules", "workspace"]))
def schema(_: Workspace, name: str) -> None:
    """Print the JSON Schema of a kind of file, for editors."""
    import json

    from engine.config.schema import load_schema

    click.echo(json.dumps(load_schema(name), indent=2, ensure_ascii=False))


@command(channel, "test", "channel test", "channel test demo_keel", "channel test --cases x.jsonl --profile demo_keel")
@click.argument("profiles", nargs=-1, metavar="[PROFILE ...]")
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
@click.argument("profile")
@click.option(
    "--message", type=click.Path(path_type=Path, allow_dash=True), default="-", help="A file, or - (default)."
)
def channel_explain(workspace: Workspace, profile: str, message: Path) -> None:
    """Show what was read from a message and from which characters, or how far each layout got."""
    from engine.pipeline.channels import explain_message

    click.echo(explain_message(workspace, profile, message))


@command(channel, "coverage", "channel coverage demo_keel data/signals_raw.jsonl --by month")
@click.argument("profile")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--by", type=click.Choice(["month"]), help="Also count month by month.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def channel_coverage(workspace: Workspace, profile: str, source: Path, by: str | None, form: str) -> None:
    """Show how much of a history a profile reads, what it refuses, and what it may be missing.

    SOURCE is an export (result.json), the archive, or a .jsonl file of {"id": ..., "text": ...}.
    """
    from engine.pipeline.coverage import coverage

    click.echo(coverage(workspace, profile, source, by, form, track))


@command(cli, "import", "import result.json --channel fast_scalps", logged=True)
@click.argument("export", type=click.Path(path_type=Path))
@click.option("--channel", "name", required=True, metavar="NAME", help="The profile's name: channels/NAME.channel.")
@click.option("--chat", metavar="NAME", help="Which chat, when the export holds several (name or id).")
def import_(workspace: Workspace, export: Path, name: str, chat: str | None) -> None:
    """Put a Telegram Desktop export (result.json) into the archive data/signals_raw.jsonl."""
    from engine.pipeline.messages import import_export

    click.echo(import_export(workspace, export, name, chat))


@command(cli, "parse", "parse", logged=True)
def parse(workspace: Workspace) -> None:
    """Read the archive with the channel profiles and write data/signals_parsed.csv."""
    from engine.pipeline.messages import parse_archive

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


@command(market, "list", "market list")
def market_list(workspace: Workspace) -> None:
    """Show what the candle store holds."""
    from engine.pipeline.market import list_store

    click.echo(list_store(workspace))


@command(
    cli, "backtest", "backtest strategies/demo.yaml", "backtest demo --from 2025-03-01 --to 2025-04-01", logged=True
)
@click.argument("strategy")
@click.option("--from", "from_", metavar="DATE", help="Calls from this day on (UTC); over the strategy's period.")
@click.option("--to", metavar="DATE", help="Calls before this day (UTC); over the strategy's period.")
@click.option("--out", type=FOLDER, help="Folder of the run (default: runs/<time>-<strategy>).")
def backtest(workspace: Workspace, strategy: str, from_: str | None, to: str | None, out: Path | None) -> None:
    """Replay a strategy's calls on candles with honest costs and write a report."""
    from rich.console import Console

    from engine.pipeline.backtest import run_backtest
    from engine.report.summary import print_summary

    folder, run = run_backtest(workspace, strategy, from_, to, out, track)
    print_summary(run, folder, Console())


@command(cli, "report", "report", "report runs/20250601-120000-demo")
@click.argument("run", default="last")
def report(workspace: Workspace, run: str) -> None:
    """Render the report of a run again (default: the last run)."""
    from engine.pipeline.report import render_again

    click.echo(render_again(workspace, run))


@command(
    explain_group, "trade", "explain trade demo_keel/12", "explain trade fast_scalps/4711 --run runs/20250601-demo"
)
@click.argument("identity", metavar="ID")
@click.option("--run", "run", default="last", metavar="RUN", help="A run's folder or name (default: the last run).")
def explain_trade(workspace: Workspace, identity: str, run: str) -> None:
    """Tell the whole story of one call: message, values, plan, fills, money, and the rule that refused it."""
    from engine.pipeline.story import tell_trade

    click.echo(tell_trade(workspace, identity, run))


def main() -> None:
    """The console command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    cli(prog_name="signalproof" if Path(sys.argv[0]).name == "signalproof" else "cli.py")


if __name__ == "__main__":
    main()
