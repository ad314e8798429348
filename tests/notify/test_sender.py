"""Notices arrive, are tried again, never hold anybody up, and never show a secret."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from engine.notify.notice import LONGEST_TEXT, Notice, NoticeKind
from engine.notify.sender import MOST_QUEUED, Address, Sender, deliver, read_addresses
from engine.problem import Problem

SECRET = "s3cr3t-t0ken"


class Hook(ThreadingHTTPServer):
    """A webhook on loopback that answers with the given codes in turn, then with 200."""

    daemon_threads = True

    def __init__(self, codes: tuple[int, ...] = ()) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.codes = list(codes)
        self.bodies: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server_address[1]}/{SECRET}"


class Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        code = self.server.codes.pop(0) if self.server.codes else 200
        if code == 200:
            self.server.bodies.append(body)
        self.send_response(code)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def hook(request: pytest.FixtureRequest) -> Iterator[Hook]:
    server = Hook(getattr(request, "param", ()))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def notice(text: str = "BTCUSDT long at 64,800", kind: NoticeKind = NoticeKind.OPEN) -> Notice:
    return Notice(kind, "opened", text)


def addresses(*urls: str) -> list[Address]:
    found = read_addresses(urls)
    assert isinstance(found, list)
    return found


def test_a_notice_reaches_a_webhook_as_plain_text(hook: Hook) -> None:
    async def go() -> None:
        sender = Sender(addresses(hook.url))
        sender.tell(notice("<script>alert(1)</script> *bold*\x07!"))
        assert await sender.close() == 0

    asyncio.run(go())
    (body,) = hook.bodies
    assert (body["title"], body["message"]) == ("opened", "<script>alert(1)</script> *bold* !")


@pytest.mark.parametrize("hook", [(500, 429)], indirect=True)
def test_a_failing_address_is_tried_again(hook: Hook) -> None:
    async def go() -> Sender:
        sender = Sender(addresses(hook.url), pauses_s=(0.01, 0.01, 0.01))
        sender.tell(notice())
        await sender.close()
        return sender

    assert asyncio.run(go()).failed == {}
    assert len(hook.bodies) == 1


def test_an_address_that_never_answers_is_given_up_and_the_others_are_served(
    hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    async def go() -> Sender:
        sender = Sender(addresses(f"json://127.0.0.1:9/{SECRET}", hook.url), pauses_s=(0.01,))
        sender.tell(notice())
        await sender.close()
        return sender

    with caplog.at_level(logging.DEBUG):
        sender = asyncio.run(go())
    assert sender.failed == {"1 (JSON)": 1}
    assert len(hook.bodies) == 1
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("urllib3")]
    assert ours
    assert not any(SECRET in message for message in ours)


def test_telling_never_waits_and_a_full_queue_drops_the_oldest() -> None:
    sent: list[str] = []

    async def slow(_: Address, one: Notice) -> bool:
        await asyncio.sleep(0.001)
        sent.append(one.text)
        return True

    async def go() -> tuple[Sender, float]:
        sender = Sender([Address("x", "1")], send=slow)
        start = time.perf_counter()
        for number in range(MOST_QUEUED + 50):
            sender.tell(notice(str(number)))
        took = time.perf_counter() - start
        await sender.close()
        return sender, took

    sender, took = asyncio.run(go())
    assert took < 0.5
    assert sender.dropped == 50
    assert sent == [str(number) for number in range(50, MOST_QUEUED + 50)]


def test_closing_is_bounded_and_says_what_is_left() -> None:
    async def never(*_: object) -> bool:
        await asyncio.sleep(60)
        return True

    async def go() -> int:
        sender = Sender([Address("x", "1")], send=never)
        sender.tell(notice())
        sender.tell(notice())
        return await sender.close(within_s=0.05)

    assert asyncio.run(go()) == 2


def test_only_wanted_kinds_are_sent() -> None:
    sent: list[NoticeKind] = []

    async def take(_: Address, one: Notice) -> bool:
        sent.append(one.kind)
        return True

    async def go() -> None:
        sender = Sender([Address("x", "1")], kinds=frozenset({NoticeKind.ERROR}), send=take)
        sender.tell(notice(kind=NoticeKind.OPEN))
        sender.tell(notice(kind=NoticeKind.ERROR))
        await sender.close()

    asyncio.run(go())
    assert sent == [NoticeKind.ERROR]


def test_without_addresses_nothing_is_started() -> None:
    async def go() -> int:
        sender = Sender([])
        sender.tell(notice())
        return await sender.close()

    assert asyncio.run(go()) == 0


def test_a_wrong_address_is_a_problem_that_does_not_repeat_it() -> None:
    found = read_addresses(["json://127.0.0.1/", f"nosuch://{SECRET}"])
    assert isinstance(found, Problem)
    assert "address 2" in str(found)
    assert SECRET not in str(found)
    assert SECRET not in repr(addresses(f"json://127.0.0.1/{SECRET}"))


def test_long_texts_are_cut() -> None:
    cut = notice("x" * (LONGEST_TEXT + 10)).cut()
    assert len(cut.text) == LONGEST_TEXT
    assert cut.text.endswith("…")


def test_an_address_that_raises_counts_as_not_delivered() -> None:
    assert asyncio.run(deliver(Address("nosuch://", "1"), notice())) is False
