"""What a person makes a running double do from another window: post, edit, delete, throw the account out."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from tests.doubles.telegram.world import Channel, World

HOST = "127.0.0.1"


class Control:
    """Listens on a loopback port of its own. ``told`` gets a line for each thing done."""

    def __init__(self, world: World, told: Any) -> None:
        self.world, self.told = world, told
        self.url = ""

    async def start(self) -> Control:
        """Listen; the address is known then."""
        app = web.Application()
        app.router.add_post("/{what:post|edit|delete|remove|readmit}", self._asked)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, 0)
        await site.start()
        server: Any = site._server
        assert isinstance(server, asyncio.Server)
        self.url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
        return self

    async def stop(self) -> None:
        """Hang up."""
        await self._runner.cleanup()

    async def _asked(self, request: web.Request) -> web.Response:
        """Do one thing, and say what was done."""
        given, what = await request.json(), request.match_info["what"]
        named = given.get("channel") or next(iter(self.world.channels.values())).username
        channel = next((c for c in self.world.channels.values() if c.username == str(named).lstrip("@")), None)
        if channel is None:
            names = " ".join(str(c.username) for c in self.world.channels.values())
            raise web.HTTPBadRequest(text=f"no channel {named}; there are {names}")
        said = f"@{channel.username}: {self._do(channel, what, given)}"
        self.told(said)
        return web.Response(text=said)

    def _do(self, channel: Channel, what: str, given: dict[str, Any]) -> str:
        number = given.get("number")
        if number is not None and number not in channel.posts:
            raise web.HTTPBadRequest(text=f"no post {number} in @{channel.username}")
        if what == "post":
            return f"posted {channel.post(given['text'], reply_to=number)}"
        if what == "edit":
            channel.edit(number, given["text"])
            return f"edited {number}"
        if what == "delete":
            channel.delete(number)
            return f"deleted {number}"
        if what == "remove":
            channel.throw_out()
            return "the account was thrown out"
        channel.readmit()
        return "the account may read it again"
