"""What an account remembers of its closed trades: the losing streak, and when a symbol and a channel were last left."""

from __future__ import annotations

from dataclasses import replace

from engine.domain import History, OpenTrade


def closed(history: History, trade: OpenTrade, net: float, at_ms: int) -> History:
    """The history with one more closed trade, whose net result is ``net``. Trades come in order of their closing."""
    lost = net < 0
    return replace(
        history,
        losses=history.losses + 1 if lost else 0,
        lost_ms=at_ms if lost else None,
        on_symbol={**history.on_symbol, trade.symbol: at_ms},
        of_channel={**history.of_channel, trade.channel: at_ms},
    )
