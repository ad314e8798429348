"""Prices: the candle store, the import of candle files, exchanges' history and live prices, contract facts, dated
fees, and the synthetic market of the demo.

Start reading at ``candles.py`` (what candles are), then ``store.py`` (how they are kept) and ``importing.py`` (how
files of others get in: ``tablefile.py`` reads columns, ``filename.py`` and ``timeframes.py`` say what they are,
``quality.py`` finds what is wrong). ``synthetic.py`` makes the invented market, ``foresight.py`` lets the makers of
invented channels look into its future.

An exchange's history: ``gathering.py`` (the whole of a fetch), ``fetching.py`` (one series), ``pages.py`` (one answer),
``asking.py`` (until there is one), ``venue.py`` (clients), ``listing.py`` (symbols). Live prices: ``feed.py``.
"""
