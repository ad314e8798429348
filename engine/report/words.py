"""The report in the reader's language: a catalogue of whole sentences, and numbers the way they are written there.

English is the language of the sources; ``languages/<code>.json`` maps each sentence to another language. A sentence of
a run that holds figures or names is looked up by its pattern: ``{trades} trades in {bursts} bursts``. What the
catalogue does not know stays English. Figures keep their digits; Turkish writes 1.234,56 and %57.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "tr")
FOLDER = Path(__file__).with_name("languages")
_FIGURE = re.compile(r"(?<![\w.:/])\d[\d,]*(?:\.\d+)?(?![\w/]|:\d|-\d|\.\d)|(?<![\w.:/])\d[\d,]*(?:\.\d+)?(?=[RxX]\b)")
_PERCENT = re.compile(r"(\d[\d.,]*)%")
_SWAP = str.maketrans(",.", ".,")
_SLOT = re.compile(r"\{(\w+)\}")


class Words:
    """One language. Calling it translates a sentence of the program and fills its slots."""

    def __init__(self, language: str = "en") -> None:
        self.language = language
        self.catalogue = catalogue(language)

    def __call__(self, english: str, **values: Any) -> str:
        """A sentence, its ``{slots}`` filled with values as they are."""
        return fill(self.catalogue.get(english, english), values)

    def figure(self, text: str) -> str:
        """Figures in a text the way the language writes them."""
        if self.language == "en":
            return text
        swapped = _FIGURE.sub(lambda match: match[0].translate(_SWAP), text)
        return _PERCENT.sub(r"%\1", swapped)

    def line(self, text: str) -> str:
        """A sentence of a run, with its figures and names in place."""
        if self.language == "en":
            return text
        if text in self.catalogue:
            return self.catalogue[text]
        for slots, pattern, wanted in self._patterns:
            match = pattern.fullmatch(text)
            if match:
                return fill(wanted, {name: self.line(match[name]) for name in slots})
        return self.figure(text)

    @cached_property
    def _patterns(self) -> list[tuple[list[str], re.Pattern[str], str]]:
        """The sentences with slots, the longest first, as expressions."""
        found = []
        for english, wanted in sorted(self.catalogue.items(), key=lambda item: -len(_SLOT.sub("", item[0]))):
            slots = _SLOT.findall(english)
            if slots:
                parts = _SLOT.split(english)
                text = "".join(f"(?P<{p}>.+?)" if i % 2 else re.escape(p) for i, p in enumerate(parts))
                found.append((slots, re.compile(text, re.DOTALL), wanted))
        return found

    def spoken(self, made: Callable[..., str]) -> Callable[..., str]:
        """A function that words figures, in this language."""
        return lambda *given, **named: self.line(made(*given, **named))


def fill(text: str, values: dict[str, Any]) -> str:
    """Put values into the slots of a sentence; a slot without a value stays as it is."""
    return _SLOT.sub(lambda match: str(values.get(match[1], match[0])), text)


@cache
def catalogue(language: str) -> dict[str, str]:
    """The sentences of a language by their English; none for English. Raises KeyError for one that is not there."""
    if language not in LANGUAGES:
        raise KeyError(language)
    if language == "en":
        return {}
    found: dict[str, str] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found
