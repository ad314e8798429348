"""A browser for tests: chromium without a window, spoken to in the W3C WebDriver protocol through chromedriver."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHROMEDRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars"
)


class Browser:
    """One browser window and what a test does with it."""

    def __init__(self, address: str) -> None:
        self.address = address

    def ask(self, path: str, body: dict[str, Any] | None = None, method: str = "POST") -> Any:
        """One command of the protocol; its value."""
        data = json.dumps(body or {}).encode() if method == "POST" else None
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.address + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, page: Path, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Load a page in a window of this size and colour scheme, with empty logs."""
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        self.scheme(dark)
        self.ask("/url", {"url": "about:blank"})
        self.console()
        self.requests()
        self.ask("/url", {"url": page.as_uri()})
        self.wait("return document.documentElement.dataset.ready === 'yes' || !document.getElementById('library')")

    def wait(self, script: str, seconds: float = 20.0) -> None:
        """Until a piece of JavaScript returns true. Fails when it does not in time."""
        until = time.monotonic() + seconds
        while not self.run(script):
            assert time.monotonic() < until, f"in {seconds:g} s: {script}"
            time.sleep(0.02)

    def scheme(self, dark: bool, media: str = "") -> None:
        """The colour scheme the reader's system asks for, and the medium (``print``)."""
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", media=media, features=[feature])

    def run(self, script: str) -> Any:
        """What a piece of JavaScript returns."""
        return self.ask("/execute/sync", {"script": script, "args": []})

    def command(self, name: str, **parameters: Any) -> Any:
        """One command of the browser's own protocol."""
        return self.ask("/goog/cdp/execute", {"cmd": name, "params": parameters})

    def console(self) -> list[str]:
        """What the console said since it was last asked."""
        return [entry["message"] for entry in self.ask("/se/log", {"type": "browser"})]

    def requests(self) -> list[str]:
        """The addresses the page asked for since it was last asked."""
        entries = [json.loads(entry["message"])["message"] for entry in self.ask("/se/log", {"type": "performance"})]
        return [e["params"]["request"]["url"] for e in entries if e["method"] == "Network.requestWillBeSent"]

    def picture(self, path: Path, whole: bool = False) -> None:
        """A PNG of the window, or of the whole page."""
        answer = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))


@contextmanager
def browser() -> Iterator[Browser]:
    """A fresh browser with an empty profile, on loopback, gone when the block ends."""
    assert CHROMIUM, "there is no chromium"
    assert CHROMEDRIVER, "there is no chromedriver"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        driver = subprocess.Popen(
            [CHROMEDRIVER, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            said = next(line for line in driver.stdout or () if "successfully on port" in line)
            port = int(said.strip(". \n").rsplit(" ", 1)[1])
            server = Browser(f"http://127.0.0.1:{port}/session")
            options = {"binary": CHROMIUM, "args": [*FLAGS.split(), f"--user-data-dir={profile}"]}
            wanted = {
                "goog:chromeOptions": options,
                "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            }
            session = server.ask("", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
            window = Browser(f"{server.address}/{session}")
            try:
                yield window
            finally:
                window.ask("", method="DELETE")
        finally:
            driver.terminate()
            driver.communicate(timeout=10)
