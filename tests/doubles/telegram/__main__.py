"""A Telegram on this machine, to try ``collect`` and ``paper`` with: ``python -m tests.doubles.telegram``.

It serves two channels that post, edit and delete now and then, and prints what to write where. With ``--workspace DIR``
it writes a workspace of its own there. Its calls quote the prices of the exchange double, as this computes them by the
clock or, with ``--exchange URL``, as the one that runs there has them. It listens on 127.0.0.1 only and ends with
Ctrl-C; what it knew is gone then, so begin with a new folder.

``post``, ``edit``, ``delete``, ``remove`` and ``readmit`` make a double that runs do something; ``--workspace`` names
the folder that it wrote.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import click

from tests.doubles.exchange.asking import AskedInVainError, ask
from tests.doubles.telegram.practice import CHANNELS, control_of


@click.group(invoke_without_command=True, help=__doc__)
@click.option("--port", type=int, default=0, help="Default: any free one.")
@click.option("--every", type=float, default=5.0, metavar="SECONDS", help="Between two events (5); 0: none by itself.")
@click.option("--history", type=int, default=120, metavar="N", help="Posts in each channel before (120).")
@click.option("--workspace", type=click.Path(path_type=Path), metavar="DIR", help="Write profiles and .env there.")
@click.option("--exchange", metavar="URL", help="Quote the prices of the exchange double that listens there.")
@click.pass_context
def main(
    ctx: click.Context, port: int, every: float, history: int, workspace: Path | None, exchange: str | None
) -> None:
    """Read the options and serve."""
    if ctx.invoked_subcommand is not None:
        return
    from tests.doubles.telegram.serving import serve

    try:
        asyncio.run(serve(port, every, history, workspace, exchange))
    except AskedInVainError as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        sys.exit(0)


def tell(what: str, workspace: Path, **given: object) -> None:
    """Make the double of a workspace do something, and print what it did."""
    url = control_of(workspace)
    if not url:
        raise click.ClickException(f"no double has written {workspace}; name its folder with --workspace")
    try:
        click.echo(ask(f"{url}/{what}", json.dumps(given).encode()))
    except AskedInVainError as error:
        raise click.ClickException(str(error)) from None


WHERE = click.option("--workspace", type=click.Path(path_type=Path), default=Path(), metavar="DIR", help="Its folder.")
CHANNEL = click.option("--channel", metavar="NAME", help=f"Default: {next(iter(CHANNELS))}.")


@main.command()
@click.argument("text")
@click.option("--reply-to", type=int, metavar="NUMBER", help="The post that it answers.")
@CHANNEL
@WHERE
def post(workspace: Path, channel: str | None, text: str, reply_to: int | None) -> None:
    """Post TEXT, such as "BUY BTCUSDT @ market, TP 1%, SL 1%"."""
    tell("post", workspace, channel=channel, text=text, number=reply_to)


@main.command()
@click.argument("number", type=int)
@click.argument("text")
@CHANNEL
@WHERE
def edit(workspace: Path, channel: str | None, number: int, text: str) -> None:
    """Give a post another TEXT."""
    tell("edit", workspace, channel=channel, number=number, text=text)


@main.command()
@click.argument("number", type=int)
@CHANNEL
@WHERE
def delete(workspace: Path, channel: str | None, number: int) -> None:
    """Delete a post."""
    tell("delete", workspace, channel=channel, number=number)


@main.command()
@CHANNEL
@WHERE
def remove(workspace: Path, channel: str | None) -> None:
    """Throw the account out of a channel."""
    tell("remove", workspace, channel=channel)


@main.command()
@CHANNEL
@WHERE
def readmit(workspace: Path, channel: str | None) -> None:
    """Let the account read a channel again."""
    tell("readmit", workspace, channel=channel)


if __name__ == "__main__":
    main()
