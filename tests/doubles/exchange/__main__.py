"""Start the double for a person: ``python -m tests.doubles.exchange``; Ctrl-C ends it.

``price BTCUSDT`` asks a double that runs for a price, ``price BTCUSDT 65000`` (or ``+1%``, ``-1%``) moves it there. The
price goes on from where it was put, in candles, trades and quotes, until the double ends.
"""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import click

from tests.doubles.exchange.asking import VARIABLE, AskedInVainError, address, price_of


@click.group(invoke_without_command=True, help=__doc__)
@click.option("--port", type=int, help=f"Default: that of {VARIABLE}, else 18080.")
@click.option("--exchange", type=click.Choice(["mexc", "binance"]), default="mexc", help="Whose interface it speaks.")
@click.option("--symbols", type=int, help="So many coins TK00, TK01 ... instead of the usual ones.")
@click.option("--faults", "wrong", type=int, default=0, help="So many of the next 500 questions for candles go wrong.")
@click.option("--seed", type=int, default=1, help="Which ones.")
@click.pass_context
def main(ctx: click.Context, port: int | None, exchange: str, symbols: int | None, wrong: int, seed: int) -> None:
    """Listen until Ctrl-C."""
    if ctx.invoked_subcommand is not None:
        return
    from tests.doubles.exchange.double import ExchangeDouble
    from tests.doubles.exchange.faults import KINDS, Faults
    from tests.doubles.exchange.world import World

    faults = Faults()
    if wrong:
        faults.plan(wrong, 500, seed, KINDS)
    world = World.many(symbols) if symbols else World()
    usual = urlsplit(address()).port or 0
    with ExchangeDouble(world, faults, usual if port is None else port, exchange=exchange) as double:
        names = " ".join(listing.base for listing in double.world.listings)
        click.echo(f"an exchange with invented prices listens at {double.url}: {names}")
        click.echo(f"in another window: export {VARIABLE}={double.url}")
        click.echo(f'orders: testnet: {{address: "{double.url}"}} in a strategy, and in .env:')
        click.echo(f"TESTNET_API_KEY={double.key}\nTESTNET_API_SECRET={double.secret}")
        try:
            while True:
                time.sleep(1)
        except KeyboardInterrupt:
            click.echo(f"{len(double.requests):,} requests answered")


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("symbol")
@click.argument("price", required=False, metavar="[PRICE|+1%|-1%]")
@click.option("--at", metavar="URL", help=f"Where it listens (default: {VARIABLE}, else http://127.0.0.1:18080).")
def price(symbol: str, price: str | None, at: str | None) -> None:
    """Tell the price of SYMBOL, after moving it where one is given."""
    try:
        found, decimals = price_of(symbol, address(at))
        if price is not None:
            number = float(price.removesuffix("%"))
            found, _ = price_of(symbol, address(at), found * (1 + number / 100) if price.endswith("%") else number)
    except ValueError:
        raise click.UsageError(f"{price} is no price; write 65000, +1% or -1%") from None
    except AskedInVainError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{symbol.upper()} {found:.{decimals}f}")


if __name__ == "__main__":
    main()
