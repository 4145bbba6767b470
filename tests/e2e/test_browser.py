"""The dashboard in a real browser, as a visitor meets it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Page, expect

from app.scenario_files import SharedTest
from engine.runs import RunStore
from tests.e2e.conftest import Watched

pytestmark = pytest.mark.browser
expect.set_options(timeout=60_000)
FINISH_WITHIN_MS = 300_000  # on a fresh machine the engine is compiled first
QUICK = {"assets": ("AMZN",), "scenario": "activity_burst", "model": "zero-intelligence"}


def build(page: Page, address: str, *, paths: int, horizon_s: int) -> None:
    """Open the builder by a link that carries something small, or something endless."""
    token = SharedTest(**QUICK, paths=paths, horizon_s=horizon_s).token()
    page.goto(f"{address}/builder?test={token}")
    expect(page.get_by_label(re.compile("^Paths"))).to_have_value(str(paths))


def run(page: Page) -> None:
    page.get_by_role("button", name="Run stress test").click()


def fits(page: Page, width: int) -> bool:
    return int(page.evaluate("document.documentElement.scrollWidth")) <= width


def test_a_first_visit(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(address)
    expect(page.get_by_role("heading", name="Faultline", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Find out")).to_be_visible()
    expect(page).to_have_title("Overview · Faultline")
    page.get_by_role("link", name="Method and limits").click()
    expect(page.get_by_role("heading", name="What it must not be used for")).to_be_visible()
    page.get_by_role("tab", name="Glossary").click()
    expect(page.get_by_role("heading", name="Words")).to_be_visible()
    assert watched.errors == []


def test_from_question_to_report(
    watched: Watched, browser: Browser, address: str, tmp_path: Path
) -> None:
    page = watched.page
    build(page, address, paths=4, horizon_s=120)
    run(page)
    button = page.get_by_role("button", name="Report, PDF")
    expect(button).to_be_visible(timeout=FINISH_WITHIN_MS)
    expect(page.get_by_role("heading", name="Results", exact=True)).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(5)
    expect(page.get_by_role("heading", name="Requested against achieved")).to_be_visible()
    for name, start in (
        ("Report, PDF", b"%PDF"),
        ("Report, HTML", b"<!doctype html"),
        ("Report, JSON", b"{"),
        ("SVG", b"<?xml"),
        ("CSV", b"series,x,q"),
    ):
        with page.expect_download() as download:
            page.get_by_role("button", name=name, exact=True).first.click()
        target = tmp_path / name
        download.value.save_as(target)
        assert target.read_bytes()[: len(start)].lower() == start.lower()
    assert re.search(r"run=\d{8}T\d{6}Z-", page.url)

    page.reload()
    expect(button).to_be_visible()
    second = browser.new_page()
    second.goto(page.url)
    expect(second.get_by_role("button", name="Report, PDF")).to_be_visible(timeout=60_000)
    second.close()
    page.get_by_role("link", name="Reports and export").click()
    page.get_by_role("button", name="Make the report").click()
    expect(button).to_be_visible()
    assert watched.errors == []


def test_a_run_survives_a_reload_and_is_cancelled_in_three_seconds(
    watched: Watched, browser: Browser, address: str, runs: Path
) -> None:
    page = watched.page
    build(page, address, paths=256, horizon_s=20_000)
    run(page)
    cancel = page.get_by_role("button", name="Cancel")
    expect(page.get_by_text("Simulating")).to_be_visible(timeout=FINISH_WITHIN_MS)
    page.reload()
    expect(page.get_by_text("Simulating")).to_be_visible()
    second = browser.new_page()
    second.goto(f"{address}/monitor")
    expect(second.get_by_text("Events/s")).to_be_visible()
    cancel.click()
    expect(page.get_by_text("The run was cancelled")).to_be_visible()
    expect(cancel).to_have_count(0)
    expect(second.get_by_text("Nothing is at work")).to_be_visible()
    second.close()
    store, run_id = RunStore(runs), page.url.partition("run=")[2]
    ended = store.status(run_id).ended
    assert ended is not None
    assert ended.timestamp() - (store.folder(run_id) / "cancel").stat().st_mtime < 3.0


def test_a_wrong_setting_is_said_in_place(watched: Watched, address: str) -> None:
    page = watched.page
    build(page, address, paths=4, horizon_s=30)
    run(page)
    alert = page.get_by_role("alert").first
    expect(alert).to_contain_text("horizon")
    expect(alert.locator("p")).to_have_count(1)


def test_a_bad_file_and_a_good_one(watched: Watched, address: str, tmp_path: Path) -> None:
    page = watched.page
    page.goto(f"{address}/builder")
    page.get_by_role("button", name="Open a YAML file").click()
    chooser = page.locator("input[type=file]")
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: [unclosed\n")
    chooser.set_input_files(bad)
    expect(page.get_by_role("alert").filter(has_text="bad.yaml")).to_contain_text("line 2")
    good = tmp_path / "good.yaml"
    good.write_text("extends: news_gap\nname: mine\ntitle: My own gap\n")
    chooser.set_input_files(good)
    expect(page.get_by_text("My own gap.")).to_be_visible()
    assert watched.errors == []


def test_a_link_to_nowhere_offers_the_way_on(watched: Watched, address: str) -> None:
    watched.page.goto(f"{address}/results?run=20200101T000000Z-000000")
    expect(watched.page.get_by_role("alert")).to_contain_text("no such run")
    watched.page.get_by_role("link", name="New stress test").click()
    expect(watched.page.get_by_role("button", name="Run stress test")).to_be_visible()


def test_by_keyboard_alone(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/builder?scenario=fat_finger")
    expect(page.get_by_role("button", name="Run stress test")).to_be_visible()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText").endswith("Run stress test"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Results", exact=True)).to_be_visible()
    cancel = page.get_by_role("button", name="Cancel")
    expect(cancel).to_be_visible()
    cancel.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The run was cancelled")).to_be_visible()


@pytest.mark.parametrize("name", ["", "builder", "monitor", "compare", "realism", "method"])
def test_pages_on_a_phone_in_the_dark(phone: Watched, address: str, name: str) -> None:
    page = phone.page
    page.goto(f"{address}/{name}")
    expect(page.get_by_text("not a forecast").last).to_be_visible()
    expect(page.locator("[data-testid=stSkeleton]")).to_have_count(0)
    assert fits(page, 390)
    ground = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert max(int(part) for part in re.findall(r"\d+", ground)[:3]) < 64
    assert phone.errors == []
