"""Drafts of profiles: from a message or a whole history to a profile that a person edits. Start at ``draft.py``."""
