"""One client with keys, and the ways to ask it: again and again, in pages, or exactly once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from engine.market.asking import Asker
from engine.market.venue import Client

GONE = ("2040", "2009", "5002")  # order, position or stop does not exist (any more)
PAGE, MOST_PAGES = 100, 20
CODE = re.compile(r'"code"\s*:\s*"?(-?[0-9]+)')


@dataclass(frozen=True, slots=True)
class Said:
    """The exchange refused: its code ("" where it named none) and its sentence."""

    code: str
    text: str


class Line:
    """One client with keys. Questions raise RefusedError when nobody answers."""

    def __init__(self, client: Client, attempts: int = 5) -> None:
        self.client, self.asker = client, Asker(client, attempts=attempts, longest_wait_s=5.0)

    def level(self, symbol: str, price: float) -> float:
        """A price as the exchange writes it."""
        return float(self.client.price_to_precision(symbol, price))

    def id_of(self, symbol: str) -> str:
        """MEXC's name of a contract."""
        return str(self.client.market_id(symbol))

    def symbol_of(self, row: dict[str, Any]) -> str:
        """Ccxt's name of the contract that a row is about."""
        return str(self.client.safe_symbol(row["symbol"]))

    async def pages(self, method: Any, query: dict[str, Any], about: str) -> list[dict[str, Any]]:
        """All rows of a list, newest first."""
        found: list[dict[str, Any]] = []
        for number in range(1, MOST_PAGES + 1):
            page = query | {"page_num": number, "page_size": PAGE}
            rows = list(await self.data(lambda page=page: method(page), about) or ())
            found += rows
            if len(rows) < PAGE:
                break
        return found

    async def data(self, question: Any, about: str) -> Any:
        """The data of an answer; None where the exchange says that there is no such thing."""
        import ccxt

        async def ask() -> Any:
            try:
                return (await question()).get("data")
            except ccxt.ExchangeError as error:
                if said(error).code in GONE:
                    return None
                raise

        return await self.asker.ask(ask, about)

    async def repeat(self, method: Any, query: Any, about: str) -> Said | None:
        """Something that can be done twice without harm; a refusal comes back as what it is."""
        import ccxt

        async def ask() -> Said | None:
            try:
                await method(query)
            except (ccxt.NetworkError, ccxt.AuthenticationError):
                raise
            except ccxt.ExchangeError as error:
                answer = said(error)
                if len(answer.code) != 4:
                    raise
                return answer
            return None

        return await self.asker.ask(ask, about)

    async def once(self, method: Any, query: Any) -> Said | None:
        """Something that must not be done twice, asked for once; a lost answer is none."""
        import ccxt

        try:
            await method(query)
        except ccxt.ExchangeError as error:
            answer = said(error)
            return answer if len(answer.code) == 4 else None
        except (ccxt.BaseError, TimeoutError, OSError):
            return None
        return None


def said(error: Exception) -> Said:
    """Code and sentence of a refusal."""
    text = " ".join(str(error).split())
    match = CODE.search(text)
    return Said(match[1] if match else "", text[:200])
