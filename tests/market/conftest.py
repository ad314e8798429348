"""No test of this folder reaches beyond the loopback interface."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.market.store import CandleStore
from engine.market.venue import ADDRESS_VARIABLE
from tests.doubles.exchange import ExchangeDouble, Faults, World

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test at the moment in which something of it would call another machine."""
    real, resolve = socket.socket.connect, socket.getaddrinfo

    def connect(self: socket.socket, address: Any) -> None:
        assert not isinstance(address, tuple) or address[0] in LOOPBACK, f"a test calls {address}"
        return real(self, address)

    def getaddrinfo(host: Any, *rest: Any, **more: Any) -> Any:
        assert host in LOOPBACK, f"a test asks for {host}"
        return resolve(host, *rest, **more)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setenv(ADDRESS_VARIABLE, "http://127.0.0.1:9")


@pytest.fixture
def store(tmp_path: Path) -> CandleStore:
    return CandleStore(tmp_path / "candles")


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Iterator[ExchangeDouble]:
    """An exchange without rate limits, so that tests are quick."""
    with ExchangeDouble(World(), Faults(), limited=False) as exchange:
        monkeypatch.setenv(ADDRESS_VARIABLE, exchange.url)
        monkeypatch.setattr("engine.market.venue.CALM_MS", {"mexc": 1})
        yield exchange
