"""The page that every address begins with says where the server is."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from app.index_page import HINT, IndexPage

PAGE = "<!doctype html><html><head><title>x</title></head></html>"


def _ask(answer: Response, method: str = "GET") -> tuple[dict[bytes, bytes], bytes, list[bytes]]:
    """Headers and body of an answer behind `IndexPage`, and the headers that the asker got."""
    got: list[bytes] = []
    sent: list[dict[str, Any]] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        got.extend(name for name, _ in scope["headers"])
        await answer(scope, receive, send)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asked = [(b"accept", b"text/html,*/*"), (b"accept-encoding", b"gzip")]
    scope = {"type": "http", "method": method, "path": "/results", "headers": asked}
    with ThreadPoolExecutor(1) as apart:  # a browser test may have left a loop in this thread
        apart.submit(asyncio.run, IndexPage(inner)(scope, receive, send)).result()
    return dict(sent[0]["headers"]), b"".join(m.get("body", b"") for m in sent), got


def test_a_page_carries_the_hint_first() -> None:
    headers, body, asked = _ask(HTMLResponse(PAGE))
    assert body == PAGE.encode().replace(b"<head>", b"<head>" + HINT)
    assert headers[b"content-length"] == str(len(body)).encode()
    assert asked == [b"accept"]  # a packed page could not be changed


@pytest.mark.parametrize(
    ("answer", "method"),
    [
        (PlainTextResponse(PAGE), "GET"),
        (HTMLResponse(PAGE, status_code=404), "GET"),
        (HTMLResponse(PAGE, headers={"content-encoding": "br"}), "GET"),
        (HTMLResponse(PAGE), "HEAD"),
    ],
)
def test_everything_else_goes_through_as_it_is(answer: Response, method: str) -> None:
    headers, body, _ = _ask(answer, method)
    assert HINT not in body
    assert headers[b"content-length"] == str(len(PAGE)).encode()
