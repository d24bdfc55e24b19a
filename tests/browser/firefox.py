"""A Firefox that this machine already has, driven by its own protocol, Marionette; nothing is downloaded for it.

Playwright drives a Firefox of its own making alone, which would have to be downloaded.
"""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

NAMES = ("firefox", "firefox-esr")
MISSING = "no Firefox on the PATH: install firefox-esr or firefox"
# Nothing but the pages under test: no updates, no reports, no first pages, no proxy.
PREFERENCES: dict[str, bool | int | str] = {
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.getAddons.cache.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.proxy.type": 0,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
}
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver's own key (w3.org/TR/webdriver2, section 6.3)
SCHEMES = {"dark": 0, "light": 1}
START_SECONDS, ANSWER_SECONDS = 90, 60


def find_firefox() -> str | None:
    """The path of a Firefox; None when there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Firefox:
    """One window; each method waits until the browser has done what was asked."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._sent = 0
        self._received()  # the greeting
        self._call("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {"pageLoadStrategy": "normal"}}})

    def goto(self, address: str) -> None:
        """Open an address."""
        self._call("WebDriver:Navigate", {"url": address})

    def click(self, selector: str) -> None:
        """Click an element, and wait for the page that it leads to."""
        self._call("WebDriver:ElementClick", {"id": self._element(selector)})

    def type(self, selector: str, text: str) -> None:
        """Type into a field, in place of what is there."""
        element = self._element(selector)
        self._call("WebDriver:ElementClear", {"id": element})
        self._call("WebDriver:ElementSendKeys", {"id": element, "text": text})

    def text(self, selector: str) -> str:
        """What a reader sees of an element."""
        return str(self._call("WebDriver:GetElementText", {"id": self._element(selector)}))

    def evaluate(self, script: str) -> Any:  # noqa: ANN401 - whatever the page answers
        """The value of a function's body; a promise is waited for."""
        return self._call("WebDriver:ExecuteScript", {"script": script, "args": []})

    def resize(self, width: int, height: int) -> None:
        """Make the window so large."""
        self._call("WebDriver:SetWindowRect", {"width": width, "height": height})

    def prefer(self, colours: Literal["light", "dark"]) -> None:
        """Have the system's colours be these."""
        self._call("Marionette:SetContext", {"value": "chrome"})
        name = "layout.css.prefers-color-scheme.content-override"
        self.evaluate(f"Services.prefs.setIntPref('{name}', {SCHEMES[colours]})")
        self._call("Marionette:SetContext", {"value": "content"})
        # The page's own process hears of it a moment later.
        self.evaluate(f"""return new Promise(done => {{
            const asked = matchMedia("(prefers-color-scheme: {colours})");
            asked.matches ? done() : asked.addEventListener("change", () => done(), {{once: true}});
        }})""")

    def _element(self, selector: str) -> str:
        found = self._call("WebDriver:FindElement", {"using": "css selector", "value": selector})
        return str(found[ELEMENT])

    def _call(self, command: str, parameters: dict[str, Any]) -> Any:  # noqa: ANN401 - the protocol's JSON
        self._sent += 1
        message = json.dumps([0, self._sent, command, parameters]).encode()
        self._connection.sendall(f"{len(message)}:".encode() + message)
        _, number, error, result = self._received()
        assert (number, error) == (self._sent, None), (command, error)
        return result.get("value", result) if isinstance(result, dict) else result

    def _received(self) -> Any:  # noqa: ANN401 - the protocol's JSON
        length = b""
        while (byte := self._connection.recv(1)) != b":":
            assert byte, "Firefox has hung up"
            length += byte
        message = b""
        while len(message) < int(length):
            message += self._connection.recv(int(length) - len(message))
        return json.loads(message)


@contextmanager
def running_firefox(executable: str, profile: Path) -> Iterator[Firefox]:
    """A headless browser with a profile of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    profile.mkdir(parents=True, exist_ok=True)
    preferences = {**PREFERENCES, "marionette.port": port}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items()]
    (profile / "user.js").write_text("\n".join(lines))
    command = [
        executable,
        "--headless",
        "--marionette",
        "--remote-allow-system-access",
        "--no-remote",
        "--profile",
        str(profile),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        with _connected(port, process) as connection:
            yield Firefox(connection)
    finally:
        process.terminate()
        process.wait(ANSWER_SECONDS)


def _connected(port: int, process: subprocess.Popen[bytes]) -> socket.socket:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS)
        except ConnectionRefusedError:
            assert process.poll() is None, "Firefox has ended"
            assert time.monotonic() < until, "Firefox does not open its door"
            time.sleep(0.1)
