"""Paper trading: live calls at live prices with invented money, by the same rules as a backtest.

1. ``desk.py`` takes messages and closed candles in the order of time, live or from history: it is the whole pipeline.
2. A message is read; a call becomes a plan, an update a change of a plan (``intake.py``).
3. The virtual broker (``broker.py``) holds every call's orders, whether the account takes it or not, and steps them
   through each closed candle. That is each channel's record, whatever the rules refuse.
4. The account (``account.py``) is asked about each call in the order of action, by the walk of a backtest; it shows the
   rules what they ask for (``offered.py``). ``trades.py`` tells it what the candles did, and writes down its answers.
5. All that happens is an event in the ledger (``ledger.py``), written and synced before anybody hears of it. What the
   desk knows is what the events say (``fold.py``): a kill at any moment costs nothing, a restart acts on nothing twice.
6. ``replay.py`` drives a desk over history, ``live.py`` over Telegram and an exchange: it watches symbols
   (``watching.py``), tells closed candles (``minutes.py``) and moves the live side of each call (``instant.py``).

Nothing in here can send an order: start reading at ``desk.py``.
"""
