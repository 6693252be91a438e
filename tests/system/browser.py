"""A headless Chromium driven by its own DevTools protocol: no driver, no browser download."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import websocket

#: A cold start of the browser on a busy machine, and any wait for a page.
WAIT_S = 40.0
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-port=0",
)
KEYS = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Enter": 13}


class PageError(Exception):
    """The page threw, or a script of the test did."""


class Page:
    """One tab. Everything that the browser complains about is kept in ``complaints``."""

    def __init__(self, socket: websocket.WebSocket, ending: Callable[[], str]) -> None:
        self._socket = socket
        self._ending = ending
        self._number = 0
        self.complaints: list[str] = []
        for domain in ("Page", "Runtime", "Log", "DOM", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> Any:
        """Send one DevTools command and return its result."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            try:
                message = json.loads(self._socket.recv())
            except websocket.WebSocketConnectionClosedException as lost:
                raise PageError(f"the browser ended with {self._ending()}") from lost
            if message.get("id") == self._number:
                if "error" in message:
                    raise PageError(f"{method}: {message['error']['message']}")
                return message["result"]
            self._notice(message)

    def _notice(self, message: Any) -> None:
        parameters = message.get("params", {})
        if message.get("method") == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.complaints.append(str(details.get("exception", {}).get("description", details)))
        elif message.get("method") == "Log.entryAdded":
            entry = parameters["entry"]
            if entry["level"] == "error":
                self.complaints.append(f"{entry['text']} {entry.get('url', '')}")

    def run(self, script: str) -> Any:
        """Return the value of an expression (awaited if it is a promise)."""
        result = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in result:
            thrown = result["exceptionDetails"]
            raise PageError(str(thrown.get("exception", {}).get("description", thrown)))
        return result["result"].get("value")

    def wait(self, script: str) -> Any:
        """Return the first value of an expression that is true."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            value = self.run(script)
            if value:
                return value
            time.sleep(0.03)
        raise PageError(f"never true: {script}\n{self.complaints}")

    def open(self, url: str) -> None:
        """Go to an address."""
        self.call("Page.navigate", url=url)
        self.wait(f"location.href.startsWith({url!r}) && document.readyState === 'complete'")

    def pointer(self, kind: str, x: float, y: float) -> None:
        """Press, move or release the left button: ``mousePressed`` and so on."""
        button = {"button": "left", "buttons": 0 if kind == "mouseReleased" else 1, "clickCount": 1}
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **button)

    def press(self, key: str) -> None:
        """Press and release a key where the focus is."""
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=KEYS[key],
            )

    def choose_file(self, selector: str, path: Path) -> None:
        """Give a file to a file input, as its dialog would."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def resize(self, width_px: int, height_px: int, *, is_dark: bool = False) -> None:
        """Set the size of the window's inside and the system's theme."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width_px,
            height=height_px,
            deviceScaleFactor=1,
            mobile=width_px < 600,
        )
        theme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[theme])

    def screenshot(self) -> bytes:
        """Return what the window shows, as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])


@contextmanager
def browser(program: str, profile: Path) -> Iterator[Page]:
    """Run a browser with an empty profile in ``profile`` and lend its one tab."""
    command = [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    profile.mkdir(parents=True, exist_ok=True)
    log = (profile / "stderr.log").open("wb")
    # Drawing captions closes fontconfig for this process; a browser without a font ends at once.
    environment = {name: value for name, value in os.environ.items() if name != "FONTCONFIG_FILE"}
    with log, subprocess.Popen(command, stdout=log, stderr=log, env=environment) as process:
        try:
            socket = websocket.create_connection(
                _tab_address(profile, process), timeout=WAIT_S, suppress_origin=True
            )
            try:
                yield Page(socket, lambda: f"{process.poll()}: {_last_words(profile)}")
            finally:
                socket.close()
        finally:
            process.terminate()
            process.wait(timeout=20)
            shutil.rmtree(profile, ignore_errors=True)


def _last_words(profile: Path) -> str:
    return (profile / "stderr.log").read_text("utf-8", "replace")[-800:]


def _tab_address(profile: Path, process: subprocess.Popen[bytes]) -> str:
    """Wait until the browser says where it listens; return its tab's socket address."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise PageError(f"the browser ended with {process.returncode}")
        try:
            port = (profile / "DevToolsActivePort").read_text().split()[0]
            tabs = httpx2.get(f"http://127.0.0.1:{port}/json/list").json()
            return str(next(tab for tab in tabs if tab["type"] == "page")["webSocketDebuggerUrl"])
        except (OSError, IndexError, StopIteration, httpx2.TransportError):
            time.sleep(0.05)
    raise PageError("the browser does not listen")
