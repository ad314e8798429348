"""The collector beside a loopback Telegram: every post, edit and deletion, once, whatever happens."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from telethon.tl import functions as f

from engine.collect import segments
from engine.collect.account import load_account
from engine.collect.archive import Archive, ArchiveError
from engine.collect.client import ForbiddenRequestError, make_client
from engine.collect.feed import LoginRevoked
from engine.collect.private import NotPrivateError, keep_private
from engine.collect.signin import SignInError, sign_in
from engine.problem import Problem
from tests.collect.live import HURRY, Scene, Someone, account, scene
from tests.collect.posts import CALL, post
from tests.doubles.telegram.key import public_line
from tests.doubles.telegram.world import CODE, PHONE

READING = {
    "GetConfig", "GetUsers", "GetState", "GetDifference", "GetChannelDifference", "ResolveUsername", "GetChannels",
    "GetHistory", "GetMessages", "GetDialogs", "SendCode", "SignIn",
}  # fmt: skip


def play(folder: Path, story: Callable[[Scene], Awaitable[None]], **more: object) -> Scene:
    """Run a story in a scene; the scene after it."""

    async def run() -> Scene:
        async with scene(folder / "data", **more) as made:  # type: ignore[arg-type]
            await story(made)
        return made

    return asyncio.run(asyncio.wait_for(run(), 240))


def kinds(found: list) -> list[tuple[int, str, str]]:
    return [(m.message_id, m.kind, m.text) for m in found]


def test_history_posts_edits_and_deletions_are_kept_once(tmp_path: Path) -> None:
    async def story(s: Scene) -> None:
        channel = s.channel("alpha_signals", 250)
        async with s.collecting():
            await s.until(lambda found: len(found) == 250)
            await s.until_noticed("up to date (250 new); live")
            number = channel.post(CALL, reply_to=250)
            await s.until(lambda found: len(found) == 251)
            channel.edit(number, "closed")
            await s.until(lambda found: len(found) == 252)
            channel.delete(number)
            found = await s.until(lambda found: len(found) == 253)
        assert kinds(found[-3:]) == [(251, "post", CALL), (251, "edit", "closed"), (251, "deletion", "")]
        assert (found[-3].reply_to, found[-3].sender, found[-3].chat_id) == (250, "alpha_signals", channel.chat_id)
        assert found[-2].edited_ms is not None
        assert found[-1].posted_ms == found[-3].posted_ms
        assert [m.version for m in found[-3:]] == [1, 2, 3]

    assert set(play(tmp_path, story).server.requests) <= READING


def test_nothing_is_sent_joined_or_marked_as_read(tmp_path: Path) -> None:
    async def story(s: Scene) -> None:
        s.channel("alpha_signals", 3)
        s.channel("not_joined", 3, joined=False)
        s.sources["nobody"] = "@nobody_is_here"
        async with s.collecting():
            await s.until(lambda found: len(found) == 6)
            await s.until_noticed("not in it")
            await s.until_noticed("no channel @nobody_is_here")
        client = make_client(account(s.server, s.folder))
        forbidden = [
            f.messages.SendMessageRequest("me", "x"), f.channels.JoinChannelRequest("x"),
            f.messages.ReadHistoryRequest("me", 1), f.account.UpdateStatusRequest(False),
        ]  # fmt: skip
        for request in forbidden:
            with pytest.raises(ForbiddenRequestError):
                await client(request)

    assert set(play(tmp_path, story).server.requests) <= READING


def test_what_happens_while_nobody_looks_is_found(tmp_path: Path) -> None:
    async def story(s: Scene) -> None:
        channel = s.channel("alpha_signals", 20)
        async with s.collecting():
            await s.until_noticed("up to date")
        for number in range(150):
            channel.post(f"offline {number}")
        channel.edit(3, "edited offline")
        channel.delete(4, 5)
        async with s.collecting():
            found = await s.until(lambda found: len(found) == 173)
        assert {(m.message_id, m.kind) for m in found[20:]} >= {(3, "edit"), (4, "deletion"), (5, "deletion")}
        assert sorted(m.message_id for m in found if m.kind == "post") == list(range(1, 171))

    play(tmp_path, story)


def test_lost_news_dropped_connections_and_restarts_cost_nothing(tmp_path: Path) -> None:
    async def story(s: Scene) -> None:
        channel = s.channel("alpha_signals", 5)
        async with s.collecting():
            await s.until_noticed("up to date")
            s.server.drop_connections()
            channel.post("during the drop")
            await s.until(lambda found: found[-1].text == "during the drop")
            await s.server.stop()
            channel.post("while the server was down")
            channel.edit(2, "edited while down")
            await s.restart(0.2)
            await s.until(lambda found: {"while the server was down", "edited while down"} <= {m.text for m in found})
            s.server.lost_pushes = 130
            for number in range(130):
                channel.post(f"lost {number}")
            found = await s.until(lambda found: len(found) == 138)
        assert len({(m.message_id, m.version) for m in found}) == 138

    play(tmp_path, story)


def test_a_text_that_comes_back_is_an_edit_too(tmp_path: Path) -> None:
    async def story(s: Scene) -> None:
        channel = s.channel("alpha_signals", 1)
        async with s.collecting():
            await s.until_noticed("up to date")
            channel.edit(1, "other")
            await s.until(lambda found: len(found) == 2)
            await asyncio.sleep(1.1)  # Telegram tells edit times in whole seconds
            channel.edit(1, "history 0")
            found = await s.until(lambda found: len(found) == 3)
            await asyncio.sleep(2 * HURRY.pass_s)
            assert len(s.records()) == 3
        assert [m.text for m in found] == ["history 0", "other", "history 0"]

    play(tmp_path, story)


def test_an_edit_that_telegram_does_not_show_is_none(tmp_path: Path) -> None:
    async def story(s: Scene) -> None:
        channel = s.channel("alpha_signals", 1)
        channel.edit(1, "history 0", hidden=True)
        async with s.collecting():
            await s.until_noticed("up to date")
        assert kinds(s.records()) == [(1, "post", "history 0")]

    play(tmp_path, story)


def test_albums_pins_and_a_channel_that_is_added_while_running(tmp_path: Path) -> None:
    async def story(s: Scene) -> None:
        channel = s.channel("alpha_signals", 1)
        async with s.collecting() as collector:
            heard: list = []

            async def listen() -> None:
                async for message in collector.listen():
                    heard.append((message, message in s.records()))

            listening = asyncio.create_task(listen())
            await s.until_noticed("up to date")
            channel.album(["one", "two"])
            channel.pin(1)
            channel.post("after the pin")
            await s.until(lambda found: len(found) == 4)
            s.channel("beta_signals", 2)
            await s.until(lambda found: len(found) == 6)
            del s.sources["beta_signals"]
            await s.until_noticed("beta_signals: no longer watched")
            listening.cancel()
        assert [m.message_id for m, _ in heard[-5:]] == [2, 3, 5, 1, 2]
        assert all(was_there for _, was_there in heard), "synced before anybody hears of it"
        album = [m for m in s.records() if m.media == "photo"]
        assert len({m.grouped_id for m in album}) == 1
        assert len(album) == 2

    play(tmp_path, story)


def test_flood_waits_are_honoured_and_told(tmp_path: Path) -> None:
    async def story(s: Scene) -> None:
        s.channel("alpha_signals", 3)
        s.server.fail("GetHistory", 420, "FLOOD_WAIT_300")
        async with s.collecting():
            await s.until_noticed("a pause of 300 s")
            await asyncio.sleep(0.2)
            assert s.server.requests["GetHistory"] == 1, "nothing is asked meanwhile"
        assert sum(s.sleeps[:1]) > 299

    play(tmp_path, story)


def test_a_channel_that_throws_us_out_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    async def story(s: Scene) -> None:
        closed, other = s.channel("alpha_signals", 2), s.channel("beta_signals", 2)
        async with s.collecting():
            await s.until(lambda found: len(found) == 4)
            closed.closed = True
            await s.until_noticed("private, and this account is not in it; join it with this account")
            other.post("still here")
            await s.until(lambda found: found[-1].text == "still here")
            closed.closed = False
            closed.post("open again")
            await s.until(lambda found: found[-1].text == "open again")
        assert len(s.records()) == 6, "being thrown out deletes nothing"

    play(tmp_path, story)


def test_a_revoked_login_is_reported_at_once(tmp_path: Path) -> None:
    async def story(s: Scene) -> None:
        s.channel("alpha_signals", 1)
        with pytest.raises(LoginRevoked, match="does not know this login any more; sign in again"):  # noqa: PT012
            async with s.collecting():
                await s.until_noticed("up to date")
                s.world.revoke()
                await asyncio.sleep(3 * HURRY.pulse_s)

    play(tmp_path, story)


def test_a_full_disk_stops_before_anything_is_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(s: Scene) -> None:
        channel = s.channel("alpha_signals", 1)

        def full(path: Path, lines: list[str]) -> None:
            raise OSError(28, "No space left on device")

        with pytest.raises(ArchiveError, match="cannot be written: No space left on device"):  # noqa: PT012
            async with s.collecting():
                await s.until_noticed("up to date")
                with monkeypatch.context() as patched:
                    patched.setattr(segments, "append_synced", full)
                    channel.post("no room")
                    await asyncio.sleep(0.5)
        assert Archive(s.archive).fetched("alpha_signals", channel.chat_id) == 1
        async with s.collecting():
            await s.until(lambda found: found[-1].text == "no room")

    play(tmp_path, story)


def test_a_name_that_belongs_to_another_chat_now_is_refused(tmp_path: Path) -> None:
    async def story(s: Scene) -> None:
        Archive(s.archive).append([post(1, "09:00", CALL, channel="alpha_signals")])
        s.channel("alpha_signals", 1)
        async with s.collecting():
            await s.until_noticed("the archive has -1001234567890 under this name")
        assert len(s.records()) == 1

    play(tmp_path, story)


# --------------------------------------------------------------------------- signing in


def test_wrong_codes_and_passwords_are_asked_for_again(tmp_path: Path) -> None:
    async def story(s: Scene) -> None:
        person = Someone("what?", PHONE, "11111", CODE, "wrong", "right")
        assert await sign_in(account(s.server, s.folder), person)
        assert [text.split(";")[0] for text in person.heard] == [
            "that is no phone number", "that code is wrong", "that password is wrong",
        ]  # fmt: skip
        assert not await sign_in(account(s.server, s.folder), Someone()), "signed in already"
        session = account(s.server, s.folder).session
        assert stat.S_IMODE(session.stat().st_mode) == 0o600

    play(tmp_path, story, signed_in=False, password="right")


def test_signing_in_by_qr_code(tmp_path: Path) -> None:
    async def story(s: Scene) -> None:
        person = Someone(password="right")
        person.answers = []
        task = asyncio.create_task(sign_in(account(s.server, s.folder), person, by_qr=True))
        while not person.heard:
            await asyncio.sleep(0.02)
        assert person.heard[0].startswith("tg://login?token=")
        (key,) = s.world.keys
        s.server.scan(f"token of {key}".encode())
        assert await task

    play(tmp_path, story, signed_in=False, password="right")


def test_five_wrong_codes_and_an_order_to_wait_end_it(tmp_path: Path) -> None:
    async def story(s: Scene) -> None:
        with pytest.raises(SignInError, match="5 wrong codes"):
            await sign_in(account(s.server, s.folder), Someone(PHONE, *["1"] * 5))
        s.server.fail("SendCode", 420, "FLOOD_WAIT_3600")
        with pytest.raises(SignInError, match="3600 s of silence"):
            await sign_in(account(s.server, s.folder), Someone())

    play(tmp_path, story, signed_in=False)


# --------------------------------------------------------------------------- who may read, and where to


def test_wide_permissions_are_narrowed(tmp_path: Path) -> None:
    archive = tmp_path / "signals_raw.jsonl"
    Archive(archive).append([post(1, "09:00", CALL)])
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    archive.chmod(0o664)
    again = Archive(archive)
    again.append([])
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert "was open to others (664); narrowed to 600" in str(again.problems[0])


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has no such permissions")
def test_what_belongs_to_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(s: Scene) -> None:
        session = account(s.server, s.folder).session
        session.chmod(0o644)
        make_client(account(s.server, s.folder)).session.close()
        assert stat.S_IMODE(session.stat().st_mode) == 0o600
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
        with pytest.raises(NotPrivateError, match="belongs to another user"):
            make_client(account(s.server, s.folder))
        monkeypatch.undo()

    play(tmp_path, story)
    with pytest.raises(NotPrivateError, match="not a file"):
        keep_private(tmp_path, "the archive")


GOOD = {"TELEGRAM_API_ID": "1", "TELEGRAM_API_HASH": "0" * 32}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "TELEGRAM_API_ID is missing; get both at https://my.telegram.org"),
        (GOOD | {"TELEGRAM_API_HASH": "x"}, "TELEGRAM_API_HASH is not 32 hexadecimal digits"),
        (GOOD | {"TELEGRAM_TEST_SERVER": "149.154.167.51:443"}, "only a server on this machine is taken"),
        (GOOD | {"TELEGRAM_TEST_SERVER": "127.0.0.1:443"}, "TELEGRAM_TEST_KEY is not a key"),
    ],
)
def test_an_account_that_is_not_whole_is_named(tmp_path: Path, given: dict[str, str], said: str) -> None:
    found = load_account(tmp_path / ".env", tmp_path, given)
    assert isinstance(found, Problem)
    assert said in str(found)


def test_the_env_file_is_read_and_not_run(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text(f"TELEGRAM_API_ID=7\nTELEGRAM_API_HASH={'a' * 32}\nX=$(touch {tmp_path}/run)${{HOME}}\n")
    env.chmod(0o644)
    found = load_account(env, tmp_path, {})
    assert not isinstance(found, Problem)
    assert (found.api_id, found.session.name, found.server) == (7, "telegram.session", None)
    assert not (tmp_path / "run").exists()
    assert "narrowed to 600" in str(found.notes[0])
    assert "a" * 32 not in repr(found)
    test = {"TELEGRAM_TEST_SERVER": "localhost:99", "TELEGRAM_TEST_KEY": public_line()}
    found = load_account(env, tmp_path, test)
    assert not isinstance(found, Problem)
    assert found.session.name == "telegram-test.session"
    assert replace(found, server=None) != found


def test_being_thrown_out_and_let_in_again_is_noticed_at_once(tmp_path: Path) -> None:
    async def story(s: Scene) -> None:
        channel = s.channel("alpha_signals", 2)
        async with s.collecting(pace=replace(HURRY, pass_s=600.0, retry_s=600.0)):
            await s.until(lambda found: len(found) == 2)
            channel.throw_out()
            await s.until_noticed("private, and this account is not in it")
            channel.readmit()
            channel.post("open again")
            found = await s.until(lambda found: found[-1].text == "open again")
            assert len(found) == 3

    play(tmp_path, story)
