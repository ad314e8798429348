"""Asking an exchange until it answers: what is tried again, how long to wait, when to give up.

Tried again: broken connections, time-outs, server errors, answers that make no sense, and errors whose meaning ccxt
does not know (MEXC sends them with HTTP 200); a question that was cut off with another caller's, whose answer both
awaited (ccxt loads the list of markets once for all). Not tried again: an unknown symbol, a refused request, a blocked
region. A "too many requests" makes every caller of the same client wait, because the exchange counts them together.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

from engine.market.venue import Client, addresses
from engine.problem import Problem
from engine.tasks import told_to_end

LOG = logging.getLogger(__name__)
T = TypeVar("T")
BUSY_WAIT_S = 1.0
"""After the first "too many requests"; doubled with each one that follows."""


class BadAnswerError(Exception):
    """An answer that cannot be what the exchange has: columns of different lengths, prices that are none."""


class CutOffError(Exception):
    """A question ended because somebody else who awaited the same answer was cancelled."""


class RefusedError(Exception):
    """The exchange will not answer this, or cannot be reached; ``problem`` is the line for people.

    ``lost`` says that it is the connection and not the question: asking something else will not help either.
    """

    def __init__(self, problem: Problem, *, lost: bool = False) -> None:
        super().__init__(str(problem))
        self.problem, self.lost = problem, lost


@dataclass
class Asker:
    """Asks one client. ``attempts`` per question; waits grow from ``first_wait_s`` to ``longest_wait_s``.

    ``asked`` and ``repeated`` count questions and repetitions.
    """

    client: Client
    attempts: int = 8
    first_wait_s: float = 0.25
    longest_wait_s: float = 20.0
    asked: int = 0
    repeated: int = 0
    _quiet_until: float = field(default=0.0)

    async def ask(self, question: Callable[[], Awaitable[T]], about: str) -> T:
        """The answer to ``question``; ``about`` names it for people. Raises RefusedError."""
        import ccxt

        hopeless = (
            ccxt.BadSymbol,
            ccxt.AuthenticationError,
            ccxt.BadRequest,
            ccxt.NotSupported,
            ccxt.ArgumentsRequired,
        )
        busy = (ccxt.RateLimitExceeded, ccxt.DDoSProtection)
        last: Exception | None = None
        for attempt in range(self.attempts):
            if attempt:
                self.repeated += 1
            await asyncio.sleep(max(self._quiet_until - time.monotonic(), 0))
            self.asked += 1
            try:
                return await question()
            except hopeless as error:
                raise RefusedError(Problem(f"{self.client.id} refuses {about}: {_said(error)}")) from error
            except busy as error:
                last, wait = error, min(BUSY_WAIT_S * 2**attempt, self.longest_wait_s)
                self._quiet_until = max(self._quiet_until, time.monotonic() + wait)
            except (TimeoutError, ccxt.BaseError, BadAnswerError, OSError) as error:
                last, wait = error, min(self.first_wait_s * 2**attempt, self.longest_wait_s)
                if attempt + 1 < self.attempts:
                    await asyncio.sleep(wait)
            except asyncio.CancelledError:
                if told_to_end():
                    raise
                last = CutOffError("it was cut off with another question")
            LOG.info("%s, %s: %s (attempt %d)", self.client.id, about, _said(last), attempt + 1)
        raise RefusedError(self._lost(last, about), lost=isinstance(last, ccxt.NetworkError)) from last

    def _lost(self, error: Exception | None, about: str) -> Problem:
        """The line of giving up."""
        import ccxt

        if isinstance(error, ccxt.ExchangeNotAvailable | ccxt.RequestTimeout):
            host = next((urlsplit(url).netloc for url in addresses(self.client.urls["api"])), "")
            cause = error.__cause__
            reason = getattr(getattr(cause, "os_error", cause), "strerror", None) or _said(error)
            text = f"{self.client.id} cannot be reached ({host}: {reason})"
            return Problem(
                text, hint="is this machine online? what the store holds is unchanged; run the command again"
            )
        return Problem(f"{self.client.id} gave no usable answer about {about}: {_said(error)}", hint="try again later")


def _said(error: Exception | None) -> str:
    """What an error says, in one line of bounded length."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else text[:197] + "..."
