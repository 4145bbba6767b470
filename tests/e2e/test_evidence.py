"""Assets and data, and the blind test, in a real browser."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import expect

from tests.e2e.conftest import Watched

pytestmark = pytest.mark.browser
expect.set_options(timeout=60_000)


def test_a_bad_recording_is_refused_in_one_line(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(f"{address}/assets")
    page.get_by_role("tab", name="Your own recording").click()
    bad = b"34200.1,1,11,100,1000000,1\n34200.2,1,12,fifty,1000200,-1\n"
    page.locator("input[type=file]").set_input_files(
        {"name": "mine_message.csv", "mimeType": "text/csv", "buffer": bad}
    )
    page.get_by_role("button", name="Check the recording").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("row 2: size 'fifty' is not a whole number")
    expect(alert.locator("p")).to_have_count(1)


def test_the_blind_test_is_answered_on_a_phone(phone: Watched, address: str) -> None:
    page = phone.page
    page.goto(f"{address}/realism")
    page.get_by_role("tab", name="Which one is real?").click()
    expect(page.locator(".js-plotly-plot")).to_have_count(1)  # those of the other tab are gone
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="B is real").click()
    expect(page.get_by_text(re.compile("[A-D] is real, from"))).to_be_visible()
    expect(page.get_by_text(re.compile("[01] of 1 right"))).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="SVG").click()
    assert download.value.suggested_filename == "which_one_is_real.svg"
