"""Messages come in here and are kept: the append-only archive, the import of exports, the reading of the archive.

Start reading at ``archive.py`` (what is kept of a message, and how it survives a kill), then ``export.py`` (a Telegram
Desktop export becomes messages), ``reading.py`` (versions of messages become signals and updates) and ``table.py``
(signals become a CSV file). ``demo.py`` invents the channels of the demo.
"""
