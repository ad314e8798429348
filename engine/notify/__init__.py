"""Notices to people: a few words on a phone or in a chat when something happened that they should know.

``notice.py`` has the vocabulary, ``sender.py`` delivers through apprise (Discord, Telegram, e-mail, webhooks and a
hundred others, each an address). Start reading at ``sender.py``.
"""
