"""A generated export of a gigabyte: how long the import takes and how much memory.

``python -m benchmarks.collect_import [BYTES]``
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TEXT = "BUY BTCUSDT @ {0}\nTP 65000\nSL 64500 \\x1F 🚀 join our VIP, {1}"


def generate(path: Path, size: int) -> int:
    """Write an export of about a size; how many messages it holds."""
    number = written = 0
    with path.open("w", encoding="utf-8") as file:
        file.write('{"name": "Big", "type": "private_channel", "id": 1234567890, "messages": [\n')
        while written < size:
            number += 1
            text = TEXT.format(60_000 + number % 9_999, number)
            message = {
                "id": number, "type": "message", "date": "2025-05-04T12:05:00",
                "date_unixtime": str(1_700_000_000 + number), "from": "Big", "from_id": "channel1234567890",
                "text": text,
                "text_entities": [{"type": "plain", "text": text}],
            }  # fmt: skip
            line = (",\n" if number > 1 else "") + json.dumps(message, indent=1, ensure_ascii=False).replace(
                "\\\\x1F", "\\x1F"
            )
            file.write(line)
            written += len(line.encode())
        file.write("\n]}\n")
    return number


def main(size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.json"
        count = generate(path, size)
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "cli.py", "import", path, "--channel", "big", "--workspace", folder], check=True
        )
        took = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"{count:,} messages, {path.stat().st_size / 1e6:,.0f} MB: {took:.0f} s, at most {peak:.0f} MB of memory")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000_000)
