"""Start the double for a person: ``python -m tests.doubles.exchange``; Ctrl-C ends it."""

from __future__ import annotations

import argparse
import time

from tests.doubles.exchange.double import ExchangeDouble
from tests.doubles.exchange.faults import KINDS, Faults
from tests.doubles.exchange.world import World


def main() -> None:
    """Listen until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m tests.doubles.exchange", description=__doc__)
    parser.add_argument("--port", type=int, default=18080)
    parser.add_argument("--exchange", choices=("mexc", "binance"), default="mexc", help="whose interface it speaks")
    parser.add_argument("--symbols", type=int, help="so many coins TK00, TK01 ... instead of the usual ones")
    parser.add_argument("--faults", type=int, default=0, help="so many of the next 500 questions for candles go wrong")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    options = parser.parse_args()
    faults = Faults()
    if options.faults:
        faults.plan(options.faults, 500, options.seed, KINDS)
    world = World.many(options.symbols) if options.symbols else World()
    with ExchangeDouble(world, faults, options.port, exchange=options.exchange) as exchange:
        names = " ".join(listing.base for listing in world.listings)
        print(f"an exchange with invented prices listens at {exchange.url}: {names}")
        print(f"in another window: export SIGNALPROOF_EXCHANGE_URL={exchange.url}")
        print(f'orders: testnet: {{address: "{exchange.url}"}} in a strategy, and in .env:')
        print(f"TESTNET_API_KEY={exchange.key}\nTESTNET_API_SECRET={exchange.secret}")
        try:
            while True:
                time.sleep(1)
        except KeyboardInterrupt:
            print(f"{len(exchange.requests):,} requests answered")


if __name__ == "__main__":
    main()
