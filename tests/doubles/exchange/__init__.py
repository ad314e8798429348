"""An exchange on the loopback interface: MEXC's spot v3 and contract v1, for the real ccxt and ccxt.pro clients.

``python -m tests.doubles.exchange`` starts it for a person, ``ExchangeDouble`` for a test. Start reading at
``double.py``. ``world.py`` makes the prices (every candle can be computed, so a test knows what must have arrived) by
the time of ``clock.py``, ``shapes.py`` writes MEXC's JSON, ``rest.py`` and ``sockets.py`` answer. ``futures.py`` and
``spot.py`` keep an account, ``private.py`` checks the signatures of its requests. ``faults.py`` breaks things on
demand. ``binance.py`` shows the same market as Binance does. ``asking.py`` is for other processes that want a price, or
to move one.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.doubles.exchange.double import ExchangeDouble
    from tests.doubles.exchange.faults import Faults
    from tests.doubles.exchange.world import Listing, World

__all__ = ["ExchangeDouble", "Faults", "Listing", "World"]


def __getattr__(name: str) -> Any:
    """What a test wants; a person who asks for a price waits for none of it."""
    if name not in __all__:
        raise AttributeError(name)
    from tests.doubles.exchange import double, faults, world

    return getattr(next(module for module in (double, faults, world) if hasattr(module, name)), name)
