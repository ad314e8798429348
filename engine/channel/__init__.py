"""The channel language: what a channel's messages look like, written by pasting one and marking its values.

Text becomes a syntax tree (``syntax/``), the tree is checked and compiled (``layout/``, ``form/``, ``updates/``, with
the words and numbers of ``text/``), the profile reads messages (``reader.py``, ``meaning/``) and must read its own
samples and tests (``checks.py``, ``cases.py``). ``suggest/`` drafts profiles. Start reading at ``load.py``, then
``reader.py``.
The user's manual is ``docs/channel-language.md``.
"""

from __future__ import annotations

from engine.channel.load import load_profile
from engine.channel.profile import Profile, Source
from engine.channel.reader import read
from engine.channel.why import Explanation, explain, render

__all__ = ["Explanation", "Profile", "Source", "explain", "load_profile", "read", "render"]
