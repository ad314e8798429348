"""What is told: one notice, of one kind, in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LONGEST_TITLE = 120
LONGEST_TEXT = 1_500  # the shortest limit among the usual services is 2,000 characters


class NoticeKind(StrEnum):
    """What happened; a workspace may ask for some kinds only."""

    OPEN = "open"  # a trade was opened
    TARGET = "target"  # a target was reached
    STOP = "stop"  # a trade was stopped out
    CLOSE = "close"  # a trade ended otherwise
    HALT = "halt"  # a rule stopped new trades
    SILENCE = "silence"  # a feed or a channel says nothing any more
    ERROR = "error"  # something needs a person


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. Texts hold parts of strangers' messages, so they are cut and sent as plain text."""

    kind: NoticeKind
    title: str
    text: str

    def cut(self) -> Notice:
        """The notice without control characters, short enough for every service."""
        return Notice(self.kind, _plain(self.title, LONGEST_TITLE), _plain(self.text, LONGEST_TEXT))


def _plain(text: str, longest: int) -> str:
    text = "".join(char if char.isprintable() or char == "\n" else " " for char in text)
    return text if len(text) <= longest else text[: longest - 1] + "…"
