"""An exchange on the loopback interface: MEXC's spot v3 and contract v1, for the real ccxt and ccxt.pro clients.

``python -m tests.doubles.exchange`` starts it for a person, ``ExchangeDouble`` for a test. Start reading at
``double.py``. ``world.py`` makes the prices (every candle can be computed, so a test knows what must have arrived),
``shapes.py`` writes MEXC's JSON, ``rest.py`` and ``sockets.py`` answer. ``futures.py`` and ``spot.py`` keep an account,
``private.py`` checks the signatures of its requests. ``faults.py`` breaks things on demand. ``binance.py`` shows the
same market as Binance does.
"""

from tests.doubles.exchange.double import ExchangeDouble
from tests.doubles.exchange.faults import Faults
from tests.doubles.exchange.world import Listing, World

__all__ = ["ExchangeDouble", "Faults", "Listing", "World"]
