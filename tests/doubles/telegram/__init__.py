"""A loopback Telegram for the real client: what the collector meets, without an account and without the network.

Real on the wire: TCP with full framing, the key exchange, MTProto 2.0 encryption, salts, containers, RPC results and
errors, pts-ordered channel updates, differences that are too long, sign-in by code, password and QR. Not real: one data
centre, one user, no flood limits but those that a test orders. Start reading at ``world.py`` (what exists: channels,
posts, the account), then ``server.py`` (what a client may ask) and ``wire.py`` (how bytes travel).

``python -m tests.doubles.telegram`` starts one to try ``collect`` with.
"""
