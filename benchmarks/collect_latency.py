"""From a post to its synced line, against the loopback Telegram: ``python -m benchmarks.collect_latency [SECONDS]``.

200 posts a second in ten channels; server, client and collector share one process. Prints median and 99th percentile.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from engine.collect.watch import Pace
from tests.collect.live import scene

RATE = 200


async def main(seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with scene(Path(folder) / "data") as s:
            channels = [s.channel(f"channel_{n}", 3) for n in range(10)]
            sent: dict[str, float] = {}
            took: list[float] = []
            async with s.collecting(Pace(spacing_s=0.0)) as collector:

                async def listen() -> None:
                    async for message in collector.listen():
                        if message.text in sent:
                            took.append(time.perf_counter() - sent[message.text])

                listening = asyncio.create_task(listen())
                await s.until(lambda found: len(found) == 30)
                await asyncio.sleep(1)
                began = time.perf_counter()
                for number in range(round(RATE * seconds)):
                    await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
                    text = f"BUY BTCUSDT @ {number}"
                    sent[text] = time.perf_counter()
                    channels[number % 10].post(text)
                await asyncio.sleep(2)
                listening.cancel()
            took.sort()
            cut = statistics.quantiles(took, n=100)
            print(
                f"{len(took):,} of {len(sent):,} posts at {RATE} a second: median {cut[49] * 1000:.1f} ms, "
                f"99% {cut[98] * 1000:.1f} ms, longest {took[-1] * 1000:.1f} ms"
            )


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 20))
