"""A collector in a process of its own, to be killed: ``soak_worker.py PORT FOLDER NAME ...``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from engine.collect.account import Account, TestServer
from engine.collect.archive import Archive
from engine.collect.collector import Collector
from engine.collect.telegram import Telegram
from tests.collect.live import HURRY
from tests.doubles.telegram.key import PUBLIC


def main() -> None:
    """Collect until killed."""
    port, folder, names = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    server = TestServer("127.0.0.1", port, PUBLIC.save_pkcs1().decode())
    account = Account(1, "0" * 32, folder / "telegram-test.session", server)
    archive = Archive(folder / "signals_raw.jsonl", full_bytes=400_000)
    sources = {name: f"@{name}" for name in names}
    collector = Collector(archive, lambda: Telegram(account, timeout_s=10), lambda: sources, HURRY)
    asyncio.run(collector.run())


if __name__ == "__main__":
    main()
