"""The dashboard serves this machine alone unless somebody asks who comes from elsewhere."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.access import HEADERS, LOGIN, SECRET, USERS, Access, Guard, is_loopback, user_allowed
from app.server import serve
from app.theme import settings
from model.errors import FaultlineError

ELSEWHERE = ("0.0.0.0", "::", "192.168.1.5", "example.com", "")
WORD = "correct horse battery"


@pytest.mark.parametrize("host", ELSEWHERE)
def test_no_other_address_without_a_login(host: str, tmp_path: Path) -> None:
    with pytest.raises(FaultlineError, match="without a login") as caught:
        serve(host=host, runs=tmp_path)
    assert "\n" not in str(caught.value)
    assert "--auth oidc" in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.9.1"])
def test_this_machine_needs_none(host: str) -> None:
    assert is_loopback(host)
    assert Access().checked_hosts(host) == ["localhost", "127.0.0.1", "::1"]


def test_oidc_needs_its_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("streamlit.auth_util.is_authlib_installed", lambda: False)
    with pytest.raises(FaultlineError, match=r"pip install 'faultline\[login\]"):
        serve(host="192.168.1.5", runs=tmp_path, access=Access("oidc"))
    monkeypatch.setattr("streamlit.auth_util.is_authlib_installed", lambda: True)
    monkeypatch.setattr("app.access.find_spec", lambda _: object())  # httpx
    with pytest.raises(FaultlineError, match=r"secrets\.toml.*docs/security\.md") as caught:
        serve(host="192.168.1.5", runs=tmp_path, access=Access("oidc"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("secret", [None, "", "short"])
def test_proxy_needs_a_secret(secret: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SECRET, raising=False)
    if secret is not None:
        monkeypatch.setenv(SECRET, secret)
    for host in ("127.0.0.1", "0.0.0.0"):
        with pytest.raises(FaultlineError, match=f"set {SECRET} to 16 characters"):
            Access("proxy", hosts=("a.example",)).checked_hosts(host)


def test_names_in_the_address_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET, WORD)
    with pytest.raises(FaultlineError, match="--allow-host"):
        Access("proxy").checked_hosts("0.0.0.0")
    assert Access("proxy", hosts=("a.example",)).checked_hosts("0.0.0.0")[-1] == "a.example"
    assert Access(insecure=True).checked_hosts("10.0.0.1")[-1] == "10.0.0.1"
    with pytest.raises(FaultlineError, match="--user is for --auth oidc"):
        Access("proxy", users=("*@a.example",)).checked_hosts("127.0.0.1")


def ask(secret: str, kind: str, *headers: tuple[bytes, bytes]) -> list[dict[str, Any]]:
    """What a guarded application answers."""
    sent: list[dict[str, Any]] = []

    async def pages(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"pages"})

    async def send(message: Any) -> None:
        sent.append(dict(message))

    async def receive() -> Any:
        return {}

    scope = {"type": kind, "headers": list(headers)}
    with ThreadPoolExecutor(1) as apart:  # a browser test may have left a loop in this thread
        apart.submit(asyncio.run, Guard(pages, secret)(scope, receive, send)).result()
    return sent


@pytest.mark.parametrize(
    "headers",
    [(), ((b"x-faultline-proxy", b"wrong"),), ((b"x-faultline-proxy", b"\xff\xfe"),),
     ((b"x-faultline-proxy", WORD.encode()),) * 2],
)  # fmt: skip
def test_the_proxy_cannot_be_gone_round(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    refused = ask(WORD, "http", *headers)
    assert refused[0]["status"] == 403
    assert b"pages" not in refused[1]["body"]
    assert ask(WORD, "websocket", *headers) == [{"type": "websocket.close", "code": 1008}]


def test_the_proxy_is_let_in() -> None:
    answer = ask(WORD, "http", (b"X-Faultline-Proxy", WORD.encode()))
    assert answer[0]["status"] == 200
    assert set(HEADERS) <= set(answer[0]["headers"])
    assert ask("", "http")[0]["status"] == 200


def test_settings_against_other_sites() -> None:
    found = settings()
    assert found["server.enableXsrfProtection"] is True
    assert found["server.enableCORS"] is True
    assert found["server.allowedHosts"] == ["localhost", "127.0.0.1", "::1"]
    assert found["client.showErrorDetails"] == "none"
    assert found["server.maxUploadSize"] <= 50


@pytest.mark.parametrize(
    ("email", "patterns", "allowed"),
    [("Ann@A.example", "*@a.example", True), ("ann@a.example", "", True),
     ("ann@a.example.evil", "*@a.example", False), ("", "*@a.example", False),
     ("bob@b.example", "ann@b.example bob@b.example", True)],
)  # fmt: skip
def test_who_may_log_in(email: str, patterns: str, allowed: bool) -> None:
    assert user_allowed(email, patterns) is allowed


def page() -> None:
    import streamlit as st

    from app.views.login import require_login

    require_login()
    st.markdown("inside")


def test_a_page_asks_for_the_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LOGIN, "")
    monkeypatch.setenv(USERS, "")
    assert [one.value for one in AppTest.from_function(page).run().markdown] == ["inside"]
    monkeypatch.setenv(LOGIN, "oidc")
    shown = AppTest.from_function(page).run()
    assert not shown.markdown
    assert shown.button(key="login").label == "Log in"
