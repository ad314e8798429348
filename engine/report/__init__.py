"""What a run leaves behind: run.json, trades.csv, equity.csv and the report made from them.

Start reading at ``run.py`` (the figures of a run) and ``tables.py`` (one row per call), then ``html.py``, which renders
report.html from those three files alone; ``paperrun.py`` and ``paperpage.py`` are the same for
an account on paper; ``figures.py`` draws, ``show.py`` words the numbers, ``summary.py`` prints.
"""
