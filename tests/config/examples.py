"""Helpers of the tests around user files: load a file of any kind, complete a fragment, find the blocks of a page."""

from __future__ import annotations

import re
from pathlib import Path

from engine.config.diagnostics import Diagnostic, has_errors
from engine.config.strategies import StrategyFile, load_strategy
from engine.config.text import SourceText
from engine.config.workspace import load_settings
from engine.pipeline.trying import try_strategy
from engine.risk import load_rules

ROOT = Path(__file__).parent.parent.parent


def load_and_try(source: SourceText) -> tuple[StrategyFile | None, list[Diagnostic]]:
    """A strategy with its own tests, as ``validate`` checks it."""
    loaded, found = load_strategy(source)
    found = sorted({*found, *try_strategy(source)})
    return (None if has_errors(found) else loaded), found


LOADERS = {"strategy": load_and_try, "rules": load_rules, "workspace": load_settings}
STRATEGY = """\
name: vip-ladder
channels: [fast_scalps]
market: {source: mexc, type: swap, timeframe: 1m}
account: {equity: 1000 USDT, leverage: 5}
size: {risk: 1%}
"""


def findings(kind: str, text: str, path: str = "x.yaml") -> list[Diagnostic]:
    """Everything found in a file of a kind."""
    return LOADERS[kind](SourceText(path, text))[1]


def strategy(fragment: str) -> str:
    """A whole strategy: the lines of the fragment, and the keys that it does not set from a minimal one."""
    own = set(re.findall(r"^([a-z][a-z ]*):", fragment, re.MULTILINE))
    return "".join(f"{line}\n" for line in STRATEGY.splitlines() if line.split(":")[0] not in own) + fragment


def blocks(page: str) -> list[tuple[str, str]]:
    """The YAML blocks of a Markdown page: (kind, text), the kind standing behind ```yaml."""
    return re.findall(r"^```yaml (\w+)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
