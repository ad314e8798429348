"""Updates that are spoken in phrases: ``phrasebook.py``."""
