"""Symbols in rules must be written as trades carry them: ``BTCUSDT``. Another spelling would never match, silently.

Whatever a channel writes (BTC/USDT, #BTC, BTC-USDT.P), its calls become ``BTCUSDT``; a rule that says ``BTC/USDT`` or
``btcusdt`` would let every one of them through.
"""

from __future__ import annotations

from engine.channel.text.names import QUOTES
from engine.config.document import Document
from engine.config.yamlfile import Path
from engine.market.symbols import normal_symbol

LISTS = (("symbol in",), ("symbol not in",), ("only", "symbols"))


def check_symbols(document: Document) -> None:
    """A finding for every symbol of a rule file or of ``workspace.yaml`` that no trade is ever called."""
    for at in [at for at in document.file.values if _is_symbol(at) and document.sound(*at)]:
        text = document.get(*at)
        right = normal_symbol(text)
        quoted = right and any(right.endswith(quote) and right != quote for quote in QUOTES)
        if right is None:
            message = f'"{text}" is no symbol that a trade can have'
            document.report(at, "R212", message, "write base and quote in one word, such as BTCUSDT")
        elif right != text:
            document.report(at, "R212", f'no trade is called "{text}"', f"write {right if quoted else right + 'USDT'}")
        elif not quoted:
            message = f'"{text}" has no quote currency, so no trade is called that'
            document.report(at, "R212", message, f"write {right}USDT", severity="warning")


def _is_symbol(at: Path) -> bool:
    """Whether a symbol stands at a path."""
    if at[:1] == ("groups",):
        return len(at) == 3
    if at and isinstance(at[-1], int):
        return any(at[-1 - len(keys) : -1] == keys for keys in LISTS)
    return at[:1] == ("tests",) and at[-1] == "symbol"
