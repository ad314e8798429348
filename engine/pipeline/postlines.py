"""What the stories of backtests and of paper trading have in common: the message, the call, its moves and changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.channel import explain, render
from engine.collect.edits import hint, why
from engine.domain import Distance
from engine.pipeline.readings import read_with
from engine.report.tables import clean
from engine.units import show_time

if TYPE_CHECKING:
    from engine.domain import Change, Message, Path, Plan, Signal
    from engine.pipeline.workspace import Workspace

SAID = {"edit": "edited", "deletion": "deleted"}
NOTHING = "nothing of the trade changes"
_DUST = 1e-9  # shares that are rounding
AMBIGUOUS = "ambiguous: the candles do not tell in which order things happened"
OWN_WAY = "its size changed its plan (margin tier, or impact on the price): it went its own way through the candles"


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


def move_line(
    ts_ms: int, zone: str, what: str, quantity: float | None, share: float, at: float, liquidity: str, fee: float
) -> str:
    """A fill or exit: when, what, how much (units, and the share of the planned quantity), at which price, its fee.

    A trade that no account has taken has no ``quantity`` (None); its fee is then a rate.
    """
    part = f"{share * 100:.4g}%"
    size = part if quantity is None else f"{quantity:.6g} ({part})"
    paid = f"{fee:.4%}" if quantity is None else f"{fee:,.2f}"
    return f"  {show_time(ts_ms, zone)} {what}: {size} at {price(at)}, {liquidity} fee {paid}"


def said_by(message: Message, signal: Signal) -> str:
    """Whose words a change of a call are: those of its own later version, of its deletion, or of another message."""
    return spoken_by(message.kind == "deletion", message.message_id, signal.message.message_id)


def spoken_by(deleted: bool, number: int, own: int) -> str:
    """The same from a message's number and that of the call's own (``own``)."""
    return "deleted by its channel" if deleted else "edited" if number == own else f"message {number}"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a trade stood when a change came: the share of it that was ``filled``, and the ``last`` target taken.

    ``last`` is a price times the sign of the side; None where none was taken, or where it is not known.
    """

    filled: float
    last: float | None


def standing_at(change: Change, plan: Plan, path: Path, retargeted: bool) -> Standing:
    """How a trade stood before a change; ``retargeted``: a change before it was one of the targets."""
    filled = sum([fill.share for fill in path.fills if fill.ts_ms < change.act_ms])
    taken = max([leg.target for leg in path.legs if leg.ts_ms < change.act_ms], default=0)
    level = plan.targets[taken - 1][0] if 0 < taken <= len(plan.targets) and not retargeted else None
    return Standing(filled, None if level is None or isinstance(level, Distance) else level * plan.side.sign)


def change_words(change: Change, stood: Standing | None = None) -> str:
    """What a change does, in words: ``moves the stop to 64900``.

    ``stood`` tells of what the trade had no use for; None where it is not known yet how it stood.
    """
    if change.unfilled and stood is not None and stood.filled:
        return f"leaves the {change.kind} as the trade has {'it' if change.kind == 'stop' else 'them'}, for it was in"
    none, all_of_it = (False, False) if stood is None else (not stood.filled, stood.filled > 1 - _DUST)
    match change.kind:
        case "close" if none:
            part = f"closes {change.share:.0%} of it (nothing was filled, so nothing closes)"
            return "takes its orders away (nothing was filled)" if change.share >= 1 else part
        case "close":
            return "closes it" if change.share >= 1 else f"closes {change.share:.0%} of it"
        case "cancel":
            which = "its orders" if change.order is None else f"its order {change.order}"
            return f"takes {which} away{' (none was resting)' if all_of_it else ''}"
        case "stop":
            target = "" if change.target is None else "the target at " if change.stop else f"target {change.target}"
            to = "" if target and change.stop is None else _level(change.stop)
            stays = " (nothing was filled, so it stays)" if none and change.stop == "breakeven" and not target else ""
            return f"moves the stop to {target}{to}{stays or _unless_in(change, stood)}"
        case "orders":
            entries = ", ".join(_level(order.price) for order in change.orders)
            return f"changes the entries to {entries}{' (all of it was filled)' if all_of_it else ''}"
        case "targets":
            ahead = ", as far as they are ahead" if len(change.targets) > 1 else ""
            levels = " / ".join(_level(level) for level, _ in change.targets)
            if stood is not None and stood.last is not None and _is_behind(change, stood.last):
                ahead = " (none of them was ahead, so those that are stay)"
            return f"changes the targets to {levels}{_unless_in(change, stood) or ahead}"


def _is_behind(change: Change, last: float) -> bool:
    """Whether all targets of a change lie at the last one that was taken, or before it."""
    sign = 1 if last > 0 else -1
    return all(not isinstance(level, Distance) and level * sign <= last for level, _ in change.targets)


def _unless_in(change: Change, stood: Standing | None) -> str:
    """The condition of a change that goes with others only until the first fill, where that is not known."""
    return ", unless the trade was in before" if change.unfilled and stood is None else ""


def _level(level: float | Distance | str | None) -> str:
    if isinstance(level, Distance):
        return f"{level.value:g} {level.unit} from the entry"
    return "the market" if level is None else price(level)
