"""What an account remembers of its closed trades: the losing streak, and when a symbol and a channel were last left."""

from __future__ import annotations

from engine.domain import History, OpenTrade


def note_closed(history: History, trade: OpenTrade, net: float, at_ms: int) -> None:
    """Note one more closed trade, whose net result is ``net``. Trades come in order of their closing."""
    lost = net < 0
    history.losses, history.lost_ms = (history.losses + 1, at_ms) if lost else (0, None)
    history.on_symbol[trade.symbol] = history.of_channel[trade.channel] = at_ms
