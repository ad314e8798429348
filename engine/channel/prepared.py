"""A message made ready to be read, or refused at once: too long, from a stranger, or with a forbidden phrase."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.channel.layout.layout import Layout
from engine.channel.profile import Profile
from engine.channel.text.fold import Folded, fold
from engine.domain import Refusal
from engine.records import quick

LONGEST_MESSAGE = 4500  # Telegram allows 4,096 characters; captions and old archives a few more
MOST_LINES = 300  # a call has a dozen
_LINE = re.compile(r"[^\s][^\n]*")


@quick
@dataclass(frozen=True, slots=True)
class Prepared:
    """A message ready to be matched: folded, footer cut, ignored phrases blanked, its lines as half-open offsets.

    ``original`` is the message as posted. ``never`` holds the refusals of phrases that forbid only calls ("signal") or
    only updates ("update").
    """

    original: str
    folded: Folded
    text: str
    lines: list[tuple[int, int]]
    never: dict[str, Refusal]

    def barred(self, layout: Layout) -> bool:
        """Whether a phrase of ``never`` forbids what this layout reads."""
        return ("update" if layout.action else "signal") in self.never


def prepare(profile: Profile, text: str, sender: str | None = None) -> Prepared | Refusal:
    """Fold a message, cut its footer, blank what is ignored; a refusal when it ends there."""
    if len(text) > LONGEST_MESSAGE:
        return Refusal("too-long", f"{len(text):,} characters; Telegram allows 4,096")
    if text.count("\n") > MOST_LINES:
        return Refusal("too-long", f"more than {MOST_LINES} lines")
    if profile.authors and not profile.admits(sender):
        return Refusal("author", f'"{sender}" is none of the authors')
    folded = fold(text)
    working = folded.text
    if profile.footer and (footer := profile.footer.pattern.search(working)):
        working = working[: footer.start()]
    never: dict[str, Refusal] = {}
    for phrase in profile.never:
        if phrase.key in working and phrase.only not in never and (hit := phrase.pattern.search(working)):
            refusal = Refusal("never", f'holds the phrase "{phrase.shown}"', folded.origin(hit.start()))
            if not phrase.only:
                return refusal
            never[phrase.only] = refusal
    for phrase in profile.ignore:
        if phrase.key in working:
            working = phrase.pattern.sub(blanks, working)
    return Prepared(text, folded, working, [*map(re.Match.span, _LINE.finditer(working))], never)


def blanks(match: re.Match[str]) -> str:
    """As many blanks as a match has characters."""
    return " " * (match.end() - match.start())
