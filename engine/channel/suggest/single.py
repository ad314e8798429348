"""A profile from one message: drafted as a history of one post, else from the message as it stands.

The second way keeps every line and marks the values in place. It is whole where the profile loads and reads the
message with nothing left to be explained; otherwise it is for a person to finish, and says what is lacking.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.channel.load import load_profile
from engine.channel.reader import read
from engine.channel.suggest.draft import ALWAYS_NEVER, draft_profile
from engine.channel.suggest.marks import LEVELS, Marked, guess, results_in
from engine.channel.suggest.numbers import decide_notation
from engine.channel.suggest.rows import post_of
from engine.channel.suggest.writing import BREAKS_A_SAMPLE, HistoryPost, Sketch
from engine.config.diagnostics import Diagnostic
from engine.config.text import SourceText

WANTED = {"symbol": "a symbol", "side": "a side", "entry": "an entry", "target": "a target", "stop": "a stop"}


@dataclass(frozen=True, slots=True)
class MessageDraft:
    """A profile made of one message. ``text`` is "" where there was nothing to begin with.

    ``lacking`` is what was not found; ``finished``: it reads the message, or does once ``asks_numbers`` is answered.
    """

    text: str
    lacking: tuple[str, ...]
    finished: bool
    asks_numbers: bool = False


def profile_from_message(name: str, message: str) -> MessageDraft:
    """The profile for one message of a channel called ``name``."""
    marked = guess(message)
    found = {one.field.partition(" ")[0] for _, _, line in marked.lines for one in line}
    lacking = tuple(words for field, words in WANTED.items() if field not in found)
    draft = draft_profile(name, [HistoryPost("1", message)], trusted=True)
    if draft.layouts or draft.asleep:
        return MessageDraft(draft.text, lacking, finished=True, asks_numbers=not draft.layouts)
    numbers = [value for value in marked.values("any", *LEVELS) if value[0].isdecimal()]
    begun = marked.values("symbol", "side") or len(numbers) >= 2
    if BREAKS_A_SAMPLE.search(message) or not begun:
        return MessageDraft("", lacking or ("a layout that reads it back",), finished=False)
    sketch = _sketch(name, marked, numbers)
    faults = _faults(sketch, message)
    unknown = marked.values("any")
    if not faults and not unknown:
        return MessageDraft(sketch.text(), lacking, finished=True)
    if not lacking:
        lacking = (f"what {', '.join(unknown)} is" if unknown else f"marks that read it back ({faults[0].message})",)
    sketch.lacking = lacking
    return MessageDraft(sketch.text(), lacking, finished=False)


def _sketch(name: str, marked: Marked, numbers: list[str]) -> Sketch:
    """The profile around the message as it stands."""
    signs = results_in(marked.folded.text)
    never = [phrase for phrase in ALWAYS_NEVER if phrase not in signs]
    sketch = Sketch(name, [post_of("1", marked)], 1, True, numbers, decide_notation(numbers), never)
    sketch.message = marked
    return sketch


def _faults(sketch: Sketch, message: str) -> list[Diagnostic]:
    """What keeps a profile from reading its message."""
    profile, found = load_profile(SourceText("draft", sketch.text()), sketch.name)
    if profile is None:
        return [fault for fault in found if fault.severity == "error"]
    assert read(profile, message).setups, "a sample reads itself back"
    return []
