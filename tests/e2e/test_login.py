"""A login for real: a provider on loopback, and a browser that is sent there and back."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("authlib", reason="Authlib is not installed: pip install 'faultline[login]'")
pytest.importorskip("httpx", reason="httpx is not installed: pip install 'faultline[login]'")
from playwright.sync_api import Browser, Page, expect

from engine.runs import RunStore
from engine.scenario import load_scenario
from engine.spec import RunSpec
from tests.e2e.conftest import dashboard, free_port
from tests.e2e.provider import CLIENT, CLIENT_SECRET, PEOPLE, Provider

pytestmark = pytest.mark.browser
ALLOWED, OTHER = PEOPLE


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Of somebody who was never here."""
    context = browser.new_context()
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def guarded(browser: Browser, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Address of a dashboard with a login, and the id of a run in its store."""
    port, store = free_port(), RunStore(tmp_path / "runs")
    spec = RunSpec(asset="AMZN", scenario=load_scenario("flash_crash"), model="zero-intelligence")
    run_id = store.create(spec, queue=False)
    with Provider() as provider:
        settings = {
            "redirect_uri": f"http://127.0.0.1:{port}/oauth2callback",
            "cookie_secret": secrets.token_hex(32),
            "client_id": CLIENT,
            "client_secret": CLIENT_SECRET,
            "server_metadata_url": f"{provider.url}/.well-known/openid-configuration",
        }
        lines = ["[auth]", *(f"{name} = {json.dumps(text)}" for name, text in settings.items())]
        (tmp_path / ".streamlit").mkdir()
        (tmp_path / ".streamlit" / "secrets.toml").write_text("\n".join(lines) + "\n")
        with dashboard(store.root, port, "--auth", "oidc", "--user", "*@example.com") as address:
            yield address, run_id


def log_in(page: Page, person: str) -> None:
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name=person).click()


def test_nothing_is_seen_before_the_login_and_everything_after(
    guarded: tuple[str, str], page: Page
) -> None:
    address, run_id = guarded
    frames: list[str | bytes] = []
    page.on("websocket", lambda one: one.on("framereceived", lambda frame: frames.append(frame)))
    for where in ("", "monitor", f"results?run={run_id}", "reports"):
        page.goto(f"{address}/{where}")
        expect(page.get_by_role("button", name="Log in")).to_be_visible()
        expect(page.get_by_text("Find out")).to_have_count(0)
    for frame in frames:
        content = frame if isinstance(frame, bytes) else frame.encode()
        assert run_id.encode() not in content
        assert b"Flash crash" not in content
    assert frames
    page.goto(address)
    log_in(page, ALLOWED)
    expect(page.get_by_role("button", name="Find out")).to_be_visible()
    page.goto(f"{address}/monitor")
    expect(page.get_by_text("Flash crash ×1").first).to_be_visible()


def test_who_is_not_named_is_turned_away(guarded: tuple[str, str], page: Page) -> None:
    address, _ = guarded
    page.goto(address)
    log_in(page, OTHER)
    expect(page.get_by_text(f"{OTHER} may not use this dashboard.")).to_be_visible()
    expect(page.get_by_role("button", name="Find out")).to_have_count(0)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
