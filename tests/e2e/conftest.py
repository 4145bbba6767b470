"""A running dashboard and a browser that watches where it talks to."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
START_WITHIN_S = 120
SEEN_WITHIN_MS = 20_000  # a machine that does other work as well is slow to draw a page
LOCAL = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")


@dataclass
class Watched:
    """A page, every address outside of this machine that it asked for, and its console errors."""

    page: playwright.Page
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(60_000)
        self.page.on("request", self._request)
        self.page.on("console", self._console)

    def _request(self, request: playwright.Request) -> None:
        if not request.url.startswith(LOCAL):
            self.outside.append(request.url)

    def _console(self, message: playwright.ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)


@pytest.fixture(scope="session")
def browser() -> Iterator[playwright.Browser]:
    """Debian's chromium; skips where there is none."""
    found = [path for name in BROWSERS if (path := shutil.which(name))]
    if not found:
        pytest.skip("no browser: install chromium (apt-get install chromium)")
    playwright.expect.set_options(timeout=SEEN_WITHIN_MS)
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=found[0], args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the run store that the dashboard uses."""
    return tmp_path_factory.mktemp("e2e") / "runs"


@pytest.fixture(scope="session")
def address(browser: playwright.Browser, runs: Path) -> Iterator[str]:
    """Where the dashboard answers; it is started as `faultline app` starts it."""
    with dashboard(runs, free_port()) as address:
        yield address


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def dashboard(runs: Path, port: int, *options: str) -> Iterator[str]:
    """A dashboard that serves the runs in a folder, started in the folder above it."""
    command = [sys.executable, "-m", "app", "app", "--no-browser"]
    root = Path(__file__).resolve().parents[2]
    path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    log = runs.parent / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [*command, "--port", str(port), "--runs", str(runs), *options],
            cwd=runs.parent, env=os.environ | {"HOME": str(runs.parent), "PYTHONPATH": path},
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        _wait_until_up(f"http://127.0.0.1:{port}", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


@pytest.fixture
def watched(browser: playwright.Browser) -> Iterator[Watched]:
    """A page of its own, wide and light; no test may make it talk to anybody else."""
    yield from watch(browser, viewport={"width": 1440, "height": 900}, color_scheme="light")


@pytest.fixture
def phone(browser: playwright.Browser) -> Iterator[Watched]:
    """The same on a phone, in the dark."""
    yield from watch(browser, viewport={"width": 390, "height": 844}, color_scheme="dark")


def watch(browser: playwright.Browser, **options: object) -> Iterator[Watched]:
    context = browser.new_context(accept_downloads=True, **options)
    watched = Watched(context.new_page())
    yield watched
    context.close()
    assert watched.outside == []


def _wait_until_up(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_WITHIN_S
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=5).close()
        except OSError:
            assert server.poll() is None, log.read_text()
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"the dashboard did not answer: {log.read_text()}")
