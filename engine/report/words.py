"""The report in the reader's language: a catalogue of whole sentences, and numbers the way they are written there.

English is the language of the sources; ``languages/<code>.json`` maps each sentence to another language: ``words`` are
those of the page, ``sentences`` those that a run holds with its figures and names in place, which are looked up by
pattern (``{n} trades``; the slots n, m, a and b hold figures only, ``tests`` and ``more`` a list). What the catalogue
does not know stays English. Turkish writes 1.234,56 and %57.
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
_FIGURE = re.compile(r"(?<![\w.:/,])(?<!\d-)(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+)(?=[RxX%×]|(?![\w/:-]|[,.]\d))")
_PERCENT = re.compile(r"(\d[\d.,]*)%")
_DURATION = re.compile(r"(\d+)(s|m|h|d)(?: (\d+)(s|m|h|d))?")
_UNITS = {"tr": {"s": "sn", "m": "dk", "h": "sa", "d": "gün"}}
_NUMERIC = dict.fromkeys("nmab", r"[-+−<]?\d[\d.,]*(?:e[-+]\d+)?%?") | {"venue": r"[\w ]+", "type": r"\w+"}
_LISTS = ("tests", "more")
_TEST = re.compile(r"(.+?) \((.*)\)")
_NOTE = re.compile(r"(.+?): ((?:refused|taken|size cut)[^:]*?(?:until [^(]+\([^)]*\))?)(?: \((.+)\))?\.", re.DOTALL)
_NOTES = re.compile(r"(?<=\.); ")  # each ends as a sentence
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
        if match := _DURATION.fullmatch(text):
            units = _UNITS[self.language]
            return " ".join(f"{n} {units[unit]}" for n, unit in (match.groups()[:2], match.groups()[2:]) if n)
        for slots, pattern, wanted in self._patterns:
            match = pattern.fullmatch(text)
            if match:
                return fill(wanted, {name: self._slot(name, match[name]) for name in slots})
        return self.figure(text)

    def notes(self, text: str) -> str:
        """What rules said of a call: sentences with what they saw and did, and the writer's reason as it is."""
        return text if self.language == "en" else "; ".join(self._note(part) for part in _NOTES.split(text))

    def _note(self, text: str) -> str:
        """One of them."""
        match = _NOTE.fullmatch(text)
        if match is None:
            return self.line(text)
        saw = self._seen(match[1][:1].lower() + match[1][1:])
        first = {"i": "İ"}.get(saw[:1], saw[:1].upper())
        did = self.line(f"{match[2]}.").removesuffix(".")
        return f"{first}{saw[1:]}: {did}{f' ({match[3]})' if match[3] else ''}."

    def _seen(self, text: str) -> str:
        """What a rule saw: one clause, or several that are joined."""
        for word, joint in (("", ""), (" and ", " ve "), (" or ", " ya da ")):
            parts = text.split(word) if word else [text]
            found = [self.line(part) for part in parts]
            if all(one != self.figure(part) for one, part in zip(found, parts, strict=True)):
                return joint.join(found)
        return self.figure(text)

    def _slot(self, name: str, text: str) -> str:
        """What stands in a slot; a list is translated part by part."""
        if name == "list":
            return ", ".join(self.line(part) for part in text.split(", "))
        if name not in _LISTS:
            return self.line(text)
        parts = []
        for part in text.split("; "):
            match = _TEST.fullmatch(part) if name == "tests" else None
            parts.append(f"{self.line(match[1])} ({self.line(match[2])})" if match else self.line(part))
        return "; ".join(parts)

    @cached_property
    def _patterns(self) -> list[tuple[list[str], re.Pattern[str], str]]:
        """The sentences with slots as expressions, those with the most words of their own first."""
        found = []
        sentences = sentences_of(self.language)
        for english, wanted in sorted(sentences.items(), key=lambda item: -len(_SLOT.sub("", item[0]))):
            slots = _SLOT.findall(english)
            if slots:
                parts = _SLOT.split(english)
                text = "".join(
                    f"(?P<{p}>{_NUMERIC.get(p, '.+?')})" if i % 2 else re.escape(p) for i, p in enumerate(parts)
                )
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
    """All words and sentences of a language by their English; none for English. Raises KeyError for one not there."""
    data = _loaded(language)
    return data["words"] | data["sentences"]


def sentences_of(language: str) -> dict[str, str]:
    """The sentences that a run holds, by their English pattern."""
    return _loaded(language)["sentences"]


@cache
def _loaded(language: str) -> dict[str, dict[str, str]]:
    """The file of a language."""
    if language not in LANGUAGES:
        raise KeyError(language)
    if language == "en":
        return {"words": {}, "sentences": {}}
    found: dict[str, dict[str, str]] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found
