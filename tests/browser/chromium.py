"""A Chromium that this machine already has: where it is, how it starts, and what it complained of."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Request, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "no Chromium on the PATH: install chromium (apt-get install chromium) or Google Chrome"
LOOPBACK = frozenset({"localhost", "127.0.0.1"})
ARGUMENTS = (
    "--no-proxy-server",
    # Nothing outside this machine has a name.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
# Chromium writes this to the console for every document that is no success, and that is no fault of the document.
STATUS_NOTE = "Failed to load resource: the server responded with a status of "


def find_chromium() -> str | None:
    """The path of a Chromium or Chrome; None when there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def install_chromium() -> str | None:
    """Debian's or Ubuntu's package, where we may install one; the path, or None."""
    if shutil.which("apt-get") is None:
        return None
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if sudo and shutil.which("sudo") is None:
        return None
    for command in (["update", "-q"], ["install", "-y", "-q", "chromium"]):
        subprocess.run([*sudo, "apt-get", *command], check=False, capture_output=True)  # noqa: S603
    return find_chromium()


@contextmanager
def running_chromium(executable: str) -> Iterator[Browser]:
    """A headless browser, driven from the calling thread; nothing is downloaded for it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass  # no slots: Playwright keeps its own attributes on whatever handles its events
class Watch:
    """What happened in a browser context that should not: errors on the console, requests to anybody else."""

    complaints: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Watch all tabs of this context from now on."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(STATUS_NOTE):
            self.complaints.append(message.text)

    def _request(self, request: Request) -> None:
        self.addresses.append(request.url)
        if urlsplit(request.url).hostname not in LOOPBACK:
            self.complaints.append(f"asked {request.url}")
