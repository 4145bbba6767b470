"""Soak: a dashboard with eight visitors and a queue that is never empty, for half an hour.

Starts the dashboard on 127.0.0.1 with a run store of its own, and one headless chromium with as
many contexts as there are visitors. Each visitor opens pages and follows links at random, waits a
few seconds in between, and leaves and comes back as somebody new every few minutes. Meanwhile small
runs are put into the queue as fast as they are finished. At the end the queue is let run empty.

Measured: the time from asking for a page until it is drawn and Streamlit has nothing left to do;
resident memory of the server (workers are processes of their own) and its slope once caches are
full, by least squares over what comes after the warm-up; runs that were queued and did not finish;
pages that showed an error. Ends with one JSON line.

Run: python -m benchmarks.soak [--minutes 30] [--sessions 8] [--think 20] [--port 8600]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from app.fingerprint import fingerprint
from app.manifest import hardware
from app.scenario_files import SharedTest
from app.stress import build_spec
from engine.runs import RunState, RunStore

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--disable-component-update")  # fmt: skip
PAGES = {  # in the order of the menu
    "": "Overview", "builder": "Scenario builder", "monitor": "Run monitor", "results": "Results",
    "compare": "Compare", "sensitivity": "Sensitivity", "assets": "Assets and data",
    "realism": "Realism", "reports": "Reports and export", "method": "Method and limits",
}  # fmt: skip
DRAWN = '[data-testid="stApp"][data-test-script-state="notRunning"]'
PATIENCE_MS = 120_000
STAY = 30  # pages that a visitor looks at before another one takes the seat
QUEUED = 2  # runs that wait or are at work
EVERY_S = 5.0


@dataclass
class Soak:
    """What was seen so far; times in seconds since the start."""

    server: psutil.Process
    store: RunStore
    address: str
    until: float
    think_s: float
    began: float = field(default_factory=time.monotonic)
    visits: list[tuple[str, float]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Whether visitors are to go home."""
        return time.monotonic() > self.until

    async def visitor(self, browser: Any, number: int) -> None:
        """Somebody who looks at pages, again and again under another name."""
        dice = random.Random(number)
        while not self.over:
            context = await browser.new_context(viewport={"width": 1280, "height": 800})
            page = await context.new_page()
            for _ in range(STAY):
                if self.over:
                    break
                await self.visit(page, dice)
                await asyncio.sleep(dice.uniform(0.5, 1.5) * self.think_s)
            await context.close()

    async def visit(self, page: Any, dice: random.Random) -> None:
        """One page: by its address, with a run or a test to look at, or by a link of the menu."""
        name, query = dice.choice(list(PAGES)), ""
        if name in ("results", "reports") and self.jobs:
            query = f"?run={dice.choice(self.jobs)}"
        elif name == "builder":
            query = f"?test={SharedTest(assets=('AMZN',), scenario='news_gap').token()}"
        began = time.monotonic()
        try:
            links = page.locator('[data-testid="stSidebarNavLink"]')
            if dice.random() < 0.5 and await links.count() == len(PAGES):
                await links.nth(list(PAGES).index(name)).click(timeout=PATIENCE_MS)
            else:
                await page.goto(f"{self.address}/{name}{query}", timeout=PATIENCE_MS)
            await page.wait_for_function(
                "title => document.title.startsWith(title)", arg=PAGES[name], timeout=PATIENCE_MS
            )
            await page.locator(DRAWN).wait_for(timeout=PATIENCE_MS)
        except Exception as error:  # what a browser could not do is what is counted here
            self.failures.append(f"{name}: {type(error).__name__}: {str(error).splitlines()[0]}")
            return
        self.visits.append((name or "overview", time.monotonic() - began))
        if await page.locator('[data-testid="stException"]').count():
            self.failures.append(f"{name}: the page shows an exception")

    async def queue(self) -> None:
        """Keep the queue full, and write down the server's memory."""
        while not self.over:
            states = [self.store.status(one).state for one in self.jobs[-2 * QUEUED :]]
            for _ in range(QUEUED - sum(not state.last for state in states)):
                spec = build_spec(
                    "AMZN", "activity_burst", paths=4, horizon_s=120.0, model="zero-intelligence",
                    seed=len(self.jobs) + 1,
                )  # fmt: skip
                self.jobs.append(self.store.create(spec, fingerprint(spec)))
            self.memory.append(
                (time.monotonic() - self.began, self.server.memory_info().rss / 2**20)
            )
            await asyncio.sleep(EVERY_S)

    async def drain(self, within_s: float = 600.0) -> None:
        """Wait until the queue is empty."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if all(self.store.status(one).state.last for one in self.jobs):
                return
            await asyncio.sleep(1.0)

    def summary(self, warm_up_s: float) -> dict[str, Any]:
        """The numbers."""
        taken = np.array([seconds for _, seconds in self.visits])
        times, memory = np.array(self.memory).T
        warm = times > warm_up_s
        slope = float(np.polyfit(times[warm] / 3600.0, memory[warm], 1)[0])
        marks = np.linspace(0.0, times[-1], 7)
        states = [self.store.status(one).state for one in self.jobs]
        pages = {
            name: round(float(np.median([s for n, s in self.visits if n == name])), 2)
            for name in sorted({name for name, _ in self.visits})
        }
        return {
            "minutes": round((self.until - self.began) / 60.0, 1),
            "think_s": self.think_s,
            "visits": len(taken),
            "page_s": {"median": round(float(np.median(taken)), 2),
                       "p95": round(float(np.quantile(taken, 0.95)), 2),
                       "worst": round(float(taken.max()), 2), "median_by_page": pages},
            "failures": self.failures[:20],
            "failed": len(self.failures),
            "memory_mib": [[round(mark / 60.0, 1), round(float(np.interp(mark, times, memory)))]
                           for mark in marks],
            "slope_mib_per_hour": round(slope, 1),
            "warm_up_s": warm_up_s,
            "runs": {"queued": len(self.jobs), "finished": states.count(RunState.FINISHED),
                     "lost": len(states) - states.count(RunState.FINISHED)},
            "load": [round(one, 1) for one in os.getloadavg()],
            "hardware": hardware(),
        }  # fmt: skip


async def play(soak: Soak, sessions: int) -> None:
    """All visitors and the queue, until the time is over and the queue is empty."""
    from playwright.async_api import async_playwright

    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        sys.exit("no chromium; apt-get install chromium")
    async with async_playwright() as engine:
        browser = await engine.chromium.launch(executable_path=found, args=list(FLAGS))
        await asyncio.gather(
            soak.queue(), *(soak.visitor(browser, number) for number in range(sessions))
        )
        await browser.close()
    await soak.drain()


def wait_until_up(address: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 180.0
    while time.monotonic() < until and server.poll() is None:
        with suppress(OSError):
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=5).close()
            return
        time.sleep(0.5)
    sys.exit("the dashboard did not start")


def main() -> None:
    """Start, soak, stop, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--sessions", type=int, default=8)
    parser.add_argument("--port", type=int, default=8600)
    parser.add_argument("--think", type=float, default=20.0, help="seconds between two pages")
    given = parser.parse_args()
    address = f"http://127.0.0.1:{given.port}"
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        command = [sys.executable, "-m", "app", "app", "--no-browser", "--port", str(given.port),
                   "--runs", str(root / "runs")]  # fmt: skip
        with (root / "server.log").open("w") as log:
            server = subprocess.Popen(
                command, env=os.environ | {"HOME": name}, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            wait_until_up(address, server)
            until = time.monotonic() + 60.0 * given.minutes
            soak = Soak(
                psutil.Process(server.pid), RunStore(root / "runs"), address, until, given.think
            )
            asyncio.run(play(soak, given.sessions))
            found = soak.summary(warm_up_s=20.0 * given.minutes)
        finally:
            server.terminate()
            server.wait(timeout=60)
        said = (root / "server.log").read_text()
    print(json.dumps({"soak": found | {"tracebacks": said.count("Traceback")}}))


if __name__ == "__main__":
    main()
