"""What the calls nobody scored could change: deleted, edited and unread ones, as bounds of the mean R.

Scored at -1R they give the lower bound, at the channel's own mean the upper one (bounds without assumptions on why data
are missing: Manski, Partial Identification of Probability Distributions, 2003). A missing call would have been filled
as often as the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LOST = -1.0
DENSE = 0.7  # a channel's own counting leaves fewer gaps than this share; sparser ids belong to a whole account


@dataclass(frozen=True, slots=True)
class Missing:
    """Calls without a score, and the mean R between whose bounds the truth lies (None without trades).

    ``unread`` look like calls but were not read, ``hindsight`` were edited before anybody saw them, ``gone`` is about
    how many calls lie in the gaps of an export's message ids.
    """

    unread: int
    hindsight: int
    gone: int
    worst_r: float | None
    best_r: float | None

    @property
    def calls(self) -> int:
        """All of them."""
        return self.unread + self.hindsight + self.gone


def bounds(
    mean_r: float | None, trades: int, fill_rate: float | None, unread: int, hindsight: int, gone: int
) -> Missing:
    """The bounds of the mean R of ``trades`` filled trades."""
    if mean_r is None or not trades:
        return Missing(unread, hindsight, gone, None, None)
    more = (unread + hindsight + gone) * (1.0 if fill_rate is None else fill_rate)
    worst = (mean_r * trades + LOST * more) / (trades + more)
    return Missing(unread, hindsight, gone, worst, max(mean_r, worst))


def gaps(ids: Iterable[int]) -> int:
    """How many message ids between the first and the last are not there; 0 where ids are not a channel's own count."""
    known = set(ids)
    if len(known) < 2:
        return 0
    span = max(known) - min(known) + 1
    return span - len(known) if len(known) >= DENSE * span else 0
