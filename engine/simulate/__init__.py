"""From plans to trades: what the candles make of a plan, and what an account makes of the paths.

Phase 1 (``kernel.py``) computes the path of every plan at once, vectorised; ``step.py`` says the same bar by bar and
is its independent twin (and the one that trades live candles). ``money.py`` adds fees, funding and the R multiple,
``calls.py`` marks repeated calls, and phase 2 (``walk.py``) is one chronological walk in which the risk rules speak.
The meaning of every fill is in docs/realism.md. Start reading at ``planning.py``.
"""
