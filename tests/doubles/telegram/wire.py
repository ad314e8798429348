"""How bytes travel: one connection of one client, from TCP frames to TL objects and back.

1. a frame is length, number, payload, CRC (the "full" transport);
2. a payload that begins with eight zero bytes belongs to the key exchange, in the clear;
3. any other is encrypted (MTProto 2.0) and holds a message, or a container of several.

https://core.telegram.org/mtproto/description
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import struct
import time
import zlib
from typing import TYPE_CHECKING, Any

from telethon import helpers
from telethon.crypto import AES, AuthKey
from telethon.crypto.rsa import _compute_fingerprint
from telethon.extensions import BinaryReader
from telethon.tl import functions as f
from telethon.tl import types as t
from telethon.tl.core import GzipPacked, MessageContainer

from tests.doubles.telegram.key import KEY, PUBLIC

if TYPE_CHECKING:
    from tests.doubles.telegram.server import Server

# https://core.telegram.org/mtproto/auth_key: the 2048-bit prime that Telegram uses, and the example's pq
PRIME = int(
    "C71CAEB9C6B1C9048E6C522F70F13F73980D40238E3E21C14934D037563D930F48198A0AA7C14058229493D22530F4DB"
    "FA336F6E0AC925139543AED44CCE7C3720FD51F69458705AC68CD4FE6B6B13ABDC9746512969328454F18FAF8C595F64"
    "2477FE96BB2A941D5BCD1D4AC8CC49880708FA9B378E3C4F3A9060BEE67CF9A4A4A695811051907E162753B56B0F6B41"
    "0DBA74D8A84B2A14B3144E0EF1284754FD17ED950D5965B4B9DD46582DB1178D169C6BC465B0D6FF9CA3928FEF5B9AE4"
    "E418FC15E83EBEA0F87FA9FF5EED70050DED2849F47BF959D956850CE929851F0D8115F635B105EE2E4E15D04B2454BF"
    "6F4FADF034B10403119CD8E3B92FCC5B",
    16,
)
GENERATOR = 3
PQ, FACTOR_P, FACTOR_Q = 0x17ED48941A08F981, 0x494C553B, 0x53911073
VECTOR, RPC_RESULT = 0x1CB5C415, 0xF35C6D01
WRAPPERS = (f.InvokeWithLayerRequest, f.InitConnectionRequest, f.InvokeWithoutUpdatesRequest, f.InvokeAfterMsgRequest)
UNKNOWN_KEY = struct.pack("<i", -404)


def big_endian(number: int) -> bytes:
    """A number in as few bytes as it needs."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def serialized(result: Any) -> bytes:
    """An object, or a list of objects, as TL has it."""
    if isinstance(result, list):
        return struct.pack("<Ii", VECTOR, len(result)) + b"".join(bytes(item) for item in result)
    return bytes(result)


class Connection:
    """One TCP connection. ``key`` is None until the client has shown one; ``layer`` is what it said to speak."""

    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server, self.reader, self.writer = server, reader, writer
        self.key: AuthKey | None = None
        self._session: int | None = None
        self._frames = 0
        self._sequence = 0
        self._last_id = 0
        self._exchange: dict[str, Any] = {}

    async def run(self) -> None:
        """Serve the client until it is gone."""
        try:
            while True:
                size, _ = struct.unpack("<ii", await self.reader.readexactly(8))
                payload = (await self.reader.readexactly(size - 8))[:-4]
                if payload[:8] == bytes(8):
                    self._exchange_keys(BinaryReader(payload[20:]).tgread_object())
                else:
                    await self._encrypted(payload)
                await self.writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.server.connections.discard(self)
            self.writer.close()

    def abort(self) -> None:
        """Cut the connection, as a network does."""
        self.writer.transport.abort()

    # ------------------------------------------------------------------ out

    def push(self, updates: Any) -> None:
        """Send updates that nobody asked for."""
        self._send(bytes(updates), is_reply=False)

    def _frame(self, payload: bytes) -> None:
        head = struct.pack("<ii", len(payload) + 12, self._frames) + payload
        self._frames += 1
        self.writer.write(head + struct.pack("<I", zlib.crc32(head)))

    def _message_id(self, is_reply: bool) -> int:
        self._last_id = max(int(time.time() * 2**32) & ~3, (self._last_id + 4) & ~3)
        return self._last_id | (1 if is_reply else 3)

    def _plain(self, answer: Any) -> None:
        body = bytes(answer)
        self._frame(struct.pack("<qqi", 0, self._message_id(True), len(body)) + body)

    def _send(self, body: bytes, is_reply: bool = True, counts: bool = True) -> None:
        if self.key is None or self._session is None or self.writer.is_closing():
            return
        sequence = self._sequence * 2 + counts
        self._sequence += counts
        head = struct.pack("<qqqii", self.server.salt, self._session, self._message_id(is_reply), sequence, len(body))
        plain = head + body
        plain += os.urandom(-(len(plain) + 12) % 16 + 12)
        message_key = hashlib.sha256(self.key.key[96:128] + plain).digest()[8:24]
        cipher = AES.encrypt_ige(plain, *self._aes(message_key, 8))
        self._frame(struct.pack("<Q", self.key.key_id) + message_key + cipher)

    def _aes(self, message_key: bytes, offset: int) -> tuple[bytes, bytes]:
        """Key and vector of a message; ``offset`` is 0 from the client, 8 to it."""
        assert self.key is not None
        a = hashlib.sha256(message_key + self.key.key[offset : offset + 36]).digest()
        b = hashlib.sha256(self.key.key[offset + 40 : offset + 76] + message_key).digest()
        return a[:8] + b[8:24] + a[24:], b[:8] + a[8:24] + b[24:]

    # ------------------------------------------------------------------ the key exchange

    def _exchange_keys(self, request: Any) -> None:
        known = self._exchange
        if isinstance(request, f.ReqPqMultiRequest):
            known.update(nonce=request.nonce, server=int.from_bytes(os.urandom(16), "big", signed=True))
            self._plain(t.ResPQ(request.nonce, known["server"], big_endian(PQ), [_compute_fingerprint(PUBLIC)]))
        elif isinstance(request, f.ReqDHParamsRequest):
            sealed = int.from_bytes(request.encrypted_data, "big")
            opened = pow(sealed, KEY.d, KEY.n).to_bytes(255, "big")
            inner = BinaryReader(opened[20:]).tgread_object()
            assert (inner.p, inner.q) == (big_endian(FACTOR_P), big_endian(FACTOR_Q))
            known.update(new=inner.new_nonce, secret=int.from_bytes(os.urandom(256), "big"))
            public = pow(GENERATOR, known["secret"], PRIME)
            answer = bytes(
                t.ServerDHInnerData(
                    request.nonce, known["server"], GENERATOR, big_endian(PRIME), big_endian(public), int(time.time())
                )
            )
            body = hashlib.sha1(answer).digest() + answer
            body += os.urandom(-len(body) % 16)
            aes = helpers.generate_key_data_from_nonce(known["server"], known["new"])
            self._plain(t.ServerDHParamsOk(request.nonce, known["server"], AES.encrypt_ige(body, *aes)))
        elif isinstance(request, f.SetClientDHParamsRequest):
            aes = helpers.generate_key_data_from_nonce(known["server"], known["new"])
            inner = BinaryReader(AES.decrypt_ige(request.encrypted_data, *aes)[20:]).tgread_object()
            shared = pow(int.from_bytes(inner.g_b, "big"), known["secret"], PRIME)
            key = AuthKey(big_endian(shared))
            self.server.world.keys[key.key_id] = key
            proof = key.calc_new_nonce_hash(known["new"], 1)
            self._plain(t.DhGenOk(request.nonce, known["server"], proof))

    # ------------------------------------------------------------------ in

    async def _encrypted(self, payload: bytes) -> None:
        key = self.server.world.keys.get(struct.unpack("<Q", payload[:8])[0])
        if key is None:
            self._frame(UNKNOWN_KEY)
            return
        self.key = key
        message_key = payload[8:24]
        plain = AES.decrypt_ige(payload[24:], *self._aes(message_key, 0))
        assert hashlib.sha256(key.key[88:120] + plain).digest()[8:24] == message_key
        salt, session, message_id, _, size = struct.unpack("<qqqii", plain[:32])
        if session != self._session:
            self._session = session
            unique = int.from_bytes(os.urandom(7), "big")
            self._send(bytes(t.NewSessionCreated(message_id, unique, self.server.salt)), is_reply=False)
        found = BinaryReader(plain[32 : 32 + size]).tgread_object()
        if isinstance(found, MessageContainer):
            for message in found.messages:
                await self._handle(message.msg_id, message.obj, salt)
        else:
            await self._handle(message_id, found, salt)

    async def _handle(self, message_id: int, request: Any, salt: int) -> None:
        if isinstance(request, GzipPacked):
            request = BinaryReader(request.data).tgread_object()
        if isinstance(request, t.MsgsAck):
            return
        if salt != self.server.salt:
            self._send(bytes(t.BadServerSalt(message_id, 0, 48, self.server.salt)), counts=False)
            return
        if isinstance(request, f.PingRequest):
            self._send(bytes(t.Pong(message_id, request.ping_id)), counts=False)
            return
        while isinstance(
            request,
            f.InvokeWithLayerRequest
            | f.InitConnectionRequest
            | f.InvokeWithoutUpdatesRequest
            | f.InvokeAfterMsgRequest,
        ):
            request = request.query
        answer = serialized(await self.server.answer(self, request))
        self._send(struct.pack("<Iq", RPC_RESULT, message_id) + answer)
