"""From plans to trades: what the candles make of a plan, and what an account makes of the paths.

``planning.py`` makes plans (``sharing.py`` orders and shares, ``distances.py`` levels in percent, points and R,
``amending.py`` what the channel said later, ``targets.py`` which target is which then, ``grid.py`` prices on the
contract's tick). Phase 1 computes the path of every plan at once, vectorised: ``prepared.py`` lays the
plans out as columns (``columns.py``), ``kernel.py`` takes them through the candles, ``rows.py`` holds their state,
``pyramid.py`` finds the next event, ``changes.py`` and ``writing.py`` act on it. ``step.py`` (with ``position.py`` and
``state.py``) says the same bar by bar and is its independent twin, and the one for live candles. ``money.py`` adds
fees, funding and the R multiple, ``calls.py`` marks repeated calls, and phase 2 (``walk.py``) is one chronological walk
in which the risk rules speak and each size is fitted to its contract (``fitting.py``, ``impact.py``). What it takes of
a path lies ready in columns (``outcomes.py``); between calls the account (``account.py``) is looked at closely
(``outlook.py``) only where its equity can get that far (``reach.py``).
The meaning of every fill is in docs/realism.md. Start reading at ``planning.py``.
"""
