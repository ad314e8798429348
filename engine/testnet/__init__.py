"""Practice with real orders at a test exchange: off unless a strategy names its address.

Paper trading itself has no private exchange client at all; this room has one, so nothing of ``engine/paper`` may import
it (both lie in the same layer). It cannot trade for money: ``client.py`` makes the only client here, which reaches one
declared test host (``engine/config/testhosts.py``) and no other.

Start reading at ``broker.py``. ``driving.py`` makes the exchange equal to what is wanted, ``sending.py`` sends an order
once, ``journal.py`` remembers what was sent before it is sent, ``exchange.py`` asks and orders over a ``line.py``,
``ticket.py`` is a trade as it stands there.
"""
