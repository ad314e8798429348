"""What the tests of the channel language share: profiles from short texts, findings in one line each."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from engine.channel import Profile, load_profile, read
from engine.channel.cases import describe
from engine.config.diagnostics import Diagnostic
from engine.config.text import SourceText
from engine.domain import Reading

ROOT = Path(__file__).parent.parent.parent

HEAD = """channel "Test"
source: telegram @test
numbers: 1,234.56

defaults
quote: USDT
"""
CHAT = """
test "chat"
<<<
gm
>>>
expect nothing
"""


def signal(template: str, name: str = "a") -> str:
    """A signal section."""
    return f'signal "{name}"\n<<<\n{template}\n>>>\n'


def profile_text(layouts: str, head: str = HEAD) -> str:
    """A whole profile around some sections."""
    return head + "\n" + layouts.strip("\n") + "\n" + CHAT


def profile(layouts: str, head: str = HEAD) -> Profile:
    """A profile that must load without findings of weight."""
    loaded, found = load_profile(SourceText("test.channel", profile_text(layouts, head)), "test")
    assert loaded is not None, "\n".join(map(concise, found))
    return loaded


def findings(text: str) -> list[Diagnostic]:
    """Every finding of a profile."""
    return load_profile(SourceText("test.channel", text), "test", shipped)[1]


def shipped(name: str) -> SourceText | None:
    """The text of a profile that comes with the program."""
    path = ROOT / "channels" / f"{name}.channel"
    return SourceText(f"{name}.channel", path.read_text(encoding="utf-8")) if path.is_file() else None


@cache
def load(name: str) -> Profile:
    """A profile that comes with the program, loaded once."""
    source = shipped(name)
    assert source is not None
    loaded, found = load_profile(source, name, shipped)
    assert loaded is not None, "\n".join(map(concise, found))
    return loaded


def concise(found: Diagnostic) -> str:
    """A finding on a line, its hint and related places below it."""
    lines = [f"{found.path}:{found.line}:{found.column}: {found.severity}[{found.code}] {found.message}"]
    if found.hint:
        lines.append(f"    hint: {found.hint}")
    lines += [f"    {other.line}:{other.column}: {other.message}" for other in found.related]
    return "\n".join(lines)


def said(reading: Reading) -> str:
    """A reading as text: what was read (setups and actions with ``;`` between), or the refusal's code."""
    if reading.refusal is not None:
        return f"refused: {reading.refusal.code}"
    return "; ".join(describe(made) for made in (*reading.setups, *reading.actions))


def reads(loaded: Profile, message: str) -> str:
    """What a profile says to a message."""
    return said(read(loaded, message))
