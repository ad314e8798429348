"""``cli.py paper STRATEGY``: trade on paper until stopped.

1. The strategies are checked (they have to share an account), and one process alone has the ledger and the login;
2. all that runs is in ``trading.py``; 3. SIGTERM and Ctrl-C end it when what is known is written (``stopping.py``).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.collect.account import load_account
from engine.collect.archive import ArchiveError
from engine.collect.private import NotPrivateError
from engine.paper.ledger import LedgerError
from engine.pipeline.alone import alone
from engine.pipeline.errors import InputError
from engine.pipeline.paper.desk import Loaded, load, open_ledger
from engine.pipeline.paper.trading import Settings, Trading
from engine.problem import Problem
from engine.units import show_time

if TYPE_CHECKING:
    from engine.config.strategy import Strategy
    from engine.pipeline.workspace import Workspace

Say = Callable[[str], None]


def run_live(workspace: Workspace, given: Sequence[str], say: Say, settings: Settings | None = None) -> None:
    """Trade until stopped. Raises InputError for what a person can mend, also when it happens on the way."""
    from engine.pipeline.collect import sign_in_problems

    loaded = [load(workspace, name) for name in given]
    _check(loaded)
    settings = settings or Settings()
    if not sys.stdout.isatty():
        say = timed(say, workspace.settings.timezone, settings.now_ms)
    found = load_account(workspace.root / ".env", workspace.archive_path.parent)
    if isinstance(found, Problem):
        more = f"{found.hint}; to practise without an account: docs/paper-trading.md"
        raise InputError(replace(found, hint=more) if "is missing" in found.text else found)
    for note in found.notes:
        say(f"note: {note}")
    try:
        with ExitStack() as stack:
            path = workspace.ledger_path
            stack.enter_context(alone(path, "another process trades on this ledger", "stop it first"))
            stack.enter_context(alone(found.session, "another process collects with this login", "stop it first"))
            ledger = open_ledger(path)
            stack.callback(ledger.close)
            stack.enter_context(sign_in_problems(workspace))
            asyncio.run(Trading(workspace, loaded, found, ledger, say, settings).run())
    except LedgerError as error:
        raise InputError(error.problem) from None
    except (NotPrivateError, ArchiveError) as error:
        raise InputError(error.problem) from None


def timed(say: Say, zone: str, now_ms: Callable[[], int]) -> Say:
    """Lines with the time of day before them, in the workspace's zone."""
    return lambda text: say(f"{show_time(now_ms(), zone)[11:]} {text}")


def _check(loaded: Sequence[Loaded]) -> None:
    """Strategies of one account have one market, one time frame and one currency. Raises InputError."""
    first = loaded[0].strategy
    for strategy in (one.strategy for one in loaded):
        if strategy.market.source in ("imported", "synthetic"):
            text = f"live prices come from an exchange, not from {strategy.market.source} candles"
            raise InputError(Problem(text, strategy.path, hint="write market: {source: mexc, ...}"))
        other = [
            name
            for name, mine, its in (
                ("market", strategy.market, first.market),
                ("currency", strategy.currency, first.currency),
                ("equity", strategy.equity, first.equity),
                ("funding", _funding(strategy), _funding(first)),
            )
            if mine != its
        ]
        if other:
            text = f"{first.name} and {strategy.name} cannot share an account: they differ in {' and '.join(other)}"
            raise InputError(Problem(text, strategy.path, hint="run them one by one, each in a workspace of its own"))


def _funding(strategy: Strategy) -> tuple[object, object]:
    return strategy.costs.funding, strategy.costs.funding_else
