"""Prices: the candle store, the import of candle files, dated fees, and the synthetic market of the demo.

Start reading at ``candles.py`` (what candles are), then ``store.py`` (how they are kept) and ``importing.py`` (how
files of others get in: ``tablefile.py`` reads columns, ``filename.py`` and ``timeframes.py`` say what they are,
``quality.py`` finds what is wrong). ``synthetic.py`` makes the invented market, ``foresight.py`` lets the makers of
invented channels look into its future.
"""
