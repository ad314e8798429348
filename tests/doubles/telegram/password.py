"""The server's side of the two-step password (SRP): https://core.telegram.org/api/srp"""

from __future__ import annotations

import os
from typing import Any

from telethon import password as srp
from telethon.tl import types as t

from tests.doubles.telegram.wire import GENERATOR, PRIME, big_endian

P, G = srp.num_bytes_for_hash(big_endian(PRIME)), srp.big_num_for_hash(GENERATOR)


class PasswordCheck:
    """One challenge: make it, show it with ``question``, then ``accepts`` the answer to it or not."""

    def __init__(self, password: str) -> None:
        self.algorithm = t.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow(
            salt1=b"salt one", salt2=b"salt two", g=GENERATOR, p=big_endian(PRIME)
        )
        self._secret = int.from_bytes(os.urandom(256), "big")
        self._verifier = pow(GENERATOR, int.from_bytes(srp.compute_hash(self.algorithm, password), "big"), PRIME)
        k = int.from_bytes(srp.sha256(P, G), "big")
        self._public = (k * self._verifier + pow(GENERATOR, self._secret, PRIME)) % PRIME

    def question(self) -> Any:
        """What a client needs to prove that it knows the password."""
        return t.account.Password(
            new_algo=self.algorithm, new_secure_algo=t.SecurePasswordKdfAlgoUnknown(), secure_random=b"",
            has_password=True, current_algo=self.algorithm, srp_B=srp.big_num_for_hash(self._public), srp_id=1,
            hint="the name of the dog",
        )  # fmt: skip

    def accepts(self, answer: Any) -> bool:
        """Whether the proof is right."""
        public = srp.big_num_for_hash(self._public)
        u = int.from_bytes(srp.sha256(answer.A, public), "big")
        shared = pow(int.from_bytes(answer.A, "big") * pow(self._verifier, u, PRIME), self._secret, PRIME)
        key = srp.sha256(srp.big_num_for_hash(shared))
        mixed = srp.xor(srp.sha256(P), srp.sha256(G))
        salts = srp.sha256(self.algorithm.salt1), srp.sha256(self.algorithm.salt2)
        return srp.sha256(mixed, *salts, answer.A, public, key) == answer.M1
