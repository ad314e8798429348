"""moves.csv of a run: every fill and exit of each call, and what was said of it later, in the order of time.

With it a trade can be checked from the run's files alone, and ``explain trade`` needs neither archive nor candles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from engine.files import Column, csv_of_columns
from engine.report.tables import records
from engine.units import moment_ms

MOVES_FILE = "moves.csv"
ENTRY, SAID = "in", "said"
MAKER, TAKER = "maker", "taker"


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A fill (``what`` is ``in``), an exit (its name, such as ``target 1``), or what was said (``said``).

    ``time`` is ISO 8601 in UTC: the candle in which it happened, or when the message was known. ``price`` has slippage
    in it, ``share`` is that of the planned quantity, ``fee_rate`` the fraction of price times quantity that was paid,
    ``liquidity`` maker or taker. ``text`` has who said what, and what it changes.
    """

    signal_id: str
    time: str
    what: str
    price: float | None = None
    share: float | None = None
    liquidity: str = ""
    fee_rate: float | None = None
    text: str = ""

    @property
    def at_ms(self) -> int:
        """Its moment."""
        return moment_ms(self.time)

    def fee(self, quantity: float) -> float:
        """The fee for a planned quantity; 0 of what was said."""
        return (self.price or 0.0) * (self.share or 0.0) * (self.fee_rate or 0.0) * quantity


COLUMNS = tuple(f.name for f in fields(MoveRow))


def moves_text(columns: Mapping[str, Column]) -> str:
    """The file of moves that are given as columns, named as in ``MoveRow`` (figures as arrays)."""
    return csv_of_columns({name: columns[name] for name in COLUMNS})


def read_moves(path: Path, signal_id: str) -> list[MoveRow] | None:
    """The moves of one call; None where the run has no such file. Raises UnreadableRunError for a damaged one."""
    if not path.is_file():
        return None
    rows = records(path, COLUMNS, lambda cells: _row(cells) if cells[0].removeprefix("'") == signal_id else None)
    return [row for row in rows if row is not None]


def _row(cells: Sequence[str]) -> MoveRow:
    """A move from its cells. Raises ValueError."""
    name, time, what, price, share, liquidity, rate, text = cells
    moment_ms(time)
    figures = [float(cell) if cell else None for cell in (price, share, rate)]
    return MoveRow(name.removeprefix("'"), time, what, figures[0], figures[1], liquidity, figures[2], text)
