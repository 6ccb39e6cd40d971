"""browser - headless Chromium by its debugging pipe: open a file, look into it, take its picture. Needs no package."""

from __future__ import annotations

import base64
import json
import os
import select
import shlex
import shutil
import subprocess
import time
from pathlib import Path

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # nothing outside this machine is asked
    "--remote-debugging-pipe",
)
ANSWER_S = 40.0


class Browser:
    """A context that ends the browser. One page at a time; events that came are kept in order."""

    def __init__(self, profile: Path, width: int = 1160, height: int = 900) -> None:
        self._profile, self._size = profile, (width, height)
        self._number, self._session, self._rest = 0, "", b""
        self.events: list[dict] = []

    def __enter__(self) -> Browser:
        from_us, self._out = os.pipe()
        self._in, to_us = os.pipe()
        options = [*FLAGS, f"--user-data-dir={self._profile}", f"--window-size={self._size[0]},{self._size[1]}"]
        # The pipe is on descriptors 3 and 4, which only a shell can promise here.
        command = f"exec chromium {shlex.join(options)} 3<&{from_us} 4>&{to_us}"
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", command],
            pass_fds=(from_us, to_us),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(from_us)
        os.close(to_us)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._out)  # the browser ends when nobody holds its pipe
        os.close(self._in)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read(self, until: float) -> dict:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], max(until - time.monotonic(), 0.0))
            got = os.read(self._in, 1 << 20) if ready else b""
            if not got:
                raise TimeoutError("the browser does not answer")
            self._rest += got
        one, self._rest = self._rest.split(b"\0", 1)
        return json.loads(one)

    def call(self, method: str, **parameters: object) -> dict:
        """Call a method of the DevTools protocol and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + ANSWER_S
        while True:
            got = self._read(until)
            if got.get("id") == self._number:
                if "error" in got:
                    raise RuntimeError(f"{method}: {got['error']['message']}")
                return got["result"]
            self.events.append(got)

    def wait_for(self, method: str) -> None:
        until = time.monotonic() + ANSWER_S
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self._read(until))

    def open(self, page: Path) -> None:
        self.call("Page.navigate", url=page.resolve().as_uri())
        self.wait_for("Page.loadEventFired")
        self.evaluate("document.fonts.ready.then(() => 1)")  # a full turn: what the page complains of has come

    def evaluate(self, expression: str) -> object:
        got = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in got:
            raise RuntimeError(got["exceptionDetails"]["text"])
        return got["result"].get("value")

    def picture(self, out: Path) -> None:
        """Write the whole page as a PNG, also what is below the window."""
        got = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        out.write_bytes(base64.b64decode(got["data"]))

    def complaints(self) -> list[str]:
        """Return console messages, uncaught errors, log entries and failed loads so far."""
        found = []
        for event in self.events:
            method, what = event.get("method", ""), event.get("params", {})
            if method == "Runtime.consoleAPICalled" and what["type"] in ("error", "warning", "assert"):
                found.append(f"console.{what['type']}: {[one.get('value') for one in what['args']]}")
            elif method == "Runtime.exceptionThrown":
                found.append(f"uncaught: {what['exceptionDetails']['text']}")
            elif method == "Log.entryAdded" and what["entry"]["level"] in ("error", "warning"):
                found.append(f"log: {what['entry']['text']}")
            elif method == "Network.loadingFailed":
                found.append(f"not loaded: {what.get('errorText')}")
        return found

    def requested(self) -> list[str]:
        """Return what the page asked for, itself included."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]


def is_installed() -> bool:
    return shutil.which("chromium") is not None
