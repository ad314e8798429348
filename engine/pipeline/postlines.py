"""What the stories of backtests and of paper trading have in common: the message, the call, prices and moments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from engine.channel import explain, render
from engine.collect.edits import hint, why
from engine.pipeline.readings import read_with
from engine.report.tables import clean
from engine.units import show_time

if TYPE_CHECKING:
    from engine.domain import Message
    from engine.pipeline.workspace import Workspace

SAID = {"edit": "edited", "deletion": "deleted"}


def post_number(signal_id: str) -> int:
    """The number of the message that a call stands in: 4711 of ``fast_scalps/4711#2``."""
    return int(signal_id.rpartition("/")[2].partition("#")[0])


def post_lines(
    workspace: Workspace, channel: str, versions: Sequence[Message], read: Message | None, zone: str
) -> Iterator[str]:
    """The version of a message that was ``read`` (None: the first), its values underlined; then the others."""
    profile = workspace.profile(channel)
    if profile is None:
        yield f"message: cannot be shown, channels/{channel}.channel is missing or has errors"
        return
    texts = [message for message in versions if message.kind != "deletion"]
    if not texts:
        yield "message: it is no longer in the archive"
        return
    read = read or texts[0]
    yield ""
    yield render(explain(profile, read.text, read.known_ms, read.sender))
    left = {one.message: one.refusal for one in read_with(profile, versions).unfollowed}
    for other in versions:
        if other is not read:
            text = f": {clean(' / '.join(other.text.splitlines()))}" if other.kind != "deletion" else ""
            yield f"{SAID.get(other.kind, 'posted')} {show_time(other.known_ms, zone)}{text}"
            if other in left:
                yield f"  not followed, {why(left[other].code)}: {left[other].text}"
                yield from [f"  hint: {advice}"] if (advice := hint(left[other].code)) else []
    yield ""


def call_line(
    side: str, symbol: str, kind: str, entry: Sequence[float], stop: float | str | None, targets: Sequence[float | str]
) -> str:
    """What was called: ``call: long BTCUSDT, entry 64800 (limit), stop 64500, targets 65000 / 65200``."""
    into = " - ".join(map(price, entry)) or "at the market"
    out = price(stop) if stop is not None else "none"
    return (
        f"call: {side} {symbol}, entry {into} ({kind}), stop {out}, targets {' / '.join(map(price, targets)) or 'none'}"
    )


def price(value: float | str) -> str:
    """A price without digits that say nothing; a word or a distance as it is."""
    return value if isinstance(value, str) else f"{value:.10g}"
