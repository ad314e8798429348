"""Updates that are spoken in phrases.

``phrasebook.py`` holds the phrases of a profile as trees (``branches.py``), ``talk.py`` hears them in a message,
``alone.py`` refuses what is lost beside an order, ``spoken.py`` says what they mean together.
"""
