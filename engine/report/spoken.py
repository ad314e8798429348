"""The functions of ``show`` and the figures of plotly in the reader's language."""

from __future__ import annotations

from typing import Any

from engine.report import show
from engine.report.words import Words
from engine.units import show_duration

NO_WORDING = ("tone", "best_first", "minus", "lean", "moment")  # these word nothing, or what is worded already


class Spoken:
    """The functions of ``show`` in a language."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def __getattr__(self, name: str) -> Any:
        """The function; its text translated. What is no wording (``tone``, ``NOTHING``) stays as it is."""
        found = show_duration if name == "duration" else getattr(show, name)
        return self._words.spoken(found) if callable(found) and name not in NO_WORDING else found


def said(figure: Any, words: Words) -> Any:
    """A figure with its texts in a language."""
    if words.language == "en":
        return figure
    if isinstance(figure, dict):
        return {
            name: words.line(value)
            if name in ("text", "name") and isinstance(value, str)
            else [words.line(one) for one in value]
            if name in ("text", "ticktext") and isinstance(value, list) and all(isinstance(v, str) for v in value)
            else said(value, words)
            for name, value in figure.items()
        }
    return [said(value, words) for value in figure] if isinstance(figure, list) else figure
