"""The dashboard in a real browser, as a visitor meets it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Page, expect

from engine.runs import RunStore
from tests.e2e.conftest import Watched

pytestmark = pytest.mark.browser
expect.set_options(timeout=60_000)
FINISH_WITHIN_MS = 300_000  # on a fresh machine the engine is compiled first


def ask_for(page: Page, *, paths: int, horizon_s: int) -> None:
    """Fill in the form with something small, or something endless, and start it."""
    choose(page, "Scenario", "Ten times the activity")
    choose(page, "Model", "Zero intelligence")
    for label, value in (("Paths", paths), ("Horizon, s", horizon_s)):
        box = page.get_by_label(label, exact=True)
        box.fill(str(value))
        box.press("Enter")
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Run stress test").click()


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).first.click()
    page.get_by_role("option", name=option).click()


def test_a_first_visit(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(address)
    expect(page.get_by_role("heading", name="Stress test", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Run stress test")).to_be_visible()
    expect(page).to_have_title("Stress · Faultline")
    page.get_by_role("link", name="Method and limits").click()
    expect(page.get_by_role("heading", name="What it must not be used for")).to_be_visible()
    assert watched.errors == []


def test_from_question_to_report(
    watched: Watched, browser: Browser, address: str, tmp_path: Path
) -> None:
    page = watched.page
    page.goto(address)
    ask_for(page, paths=4, horizon_s=120)
    button = page.get_by_role("button", name="Report, PDF")
    expect(button).to_be_visible(timeout=FINISH_WITHIN_MS)
    expect(page.locator(".js-plotly-plot")).to_have_count(5)
    expect(page.get_by_role("heading", name="Requested against achieved")).to_be_visible()
    for name, start in (("PDF", b"%PDF"), ("HTML", b"<!doctype html"), ("JSON", b"{")):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Report, {name}").click()
        target = tmp_path / name
        download.value.save_as(target)
        assert target.read_bytes()[: len(start)].lower() == start.lower()
    assert re.search(r"run=\d{8}T\d{6}Z-[0-9a-f]{6}", page.url)

    page.reload()
    expect(button).to_be_visible()
    second = browser.new_page()
    second.goto(page.url)
    expect(second.get_by_role("button", name="Report, PDF")).to_be_visible(timeout=60_000)
    second.close()
    assert watched.errors == []


def test_a_run_survives_a_reload_and_is_cancelled_in_three_seconds(
    watched: Watched, address: str, runs: Path
) -> None:
    page = watched.page
    page.goto(address)
    ask_for(page, paths=256, horizon_s=20_000)
    cancel = page.get_by_role("button", name="Cancel")
    expect(page.get_by_text("Simulating")).to_be_visible(timeout=FINISH_WITHIN_MS)
    page.reload()
    expect(page.get_by_text("Simulating")).to_be_visible()
    expect(page.get_by_text("Events/s")).to_be_visible()
    cancel.click()
    expect(page.get_by_text("The run was cancelled")).to_be_visible()
    expect(cancel).to_have_count(0)
    store, run_id = RunStore(runs), page.url.partition("run=")[2]
    ended = store.status(run_id).ended
    assert ended is not None
    assert ended.timestamp() - (store.folder(run_id) / "cancel").stat().st_mtime < 3.0


def test_a_wrong_setting_is_said_in_place(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(address)
    ask_for(page, paths=4, horizon_s=30)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("horizon")
    expect(alert.locator("p")).to_have_count(1)


def test_a_link_to_nowhere_offers_the_way_on(watched: Watched, address: str) -> None:
    watched.page.goto(f"{address}/?run=20200101T000000Z-000000")
    expect(watched.page.get_by_role("alert")).to_contain_text("no such run")
    expect(watched.page.get_by_text("New stress test")).to_be_visible()


def test_realism_on_a_phone_in_the_dark(phone: Watched, address: str) -> None:
    page = phone.page
    page.goto(f"{address}/realism")
    expect(page.get_by_role("heading", name="Realism", exact=True)).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    ground = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert max(int(part) for part in re.findall(r"\d+", ground)[:3]) < 64
