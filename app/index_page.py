"""Tells the browser where the server is, so that it does not go looking for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HINT = b"<script>window.__streamlit={BACKEND_BASE_URL:location.origin}</script>"


class IndexPage:
    """Puts a line into the page that every address of the dashboard begins with.

    Streamlit's browser side, opened at `/results`, would first ask for the server at
    `/results/_stcore/health`, which is answered with 404 and shown as an error in the console.
    To be used where the dashboard stands at the root of its host.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; whatever is no page goes through as it is."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        if any(name == b"accept" and b"text/html" in value for name, value in scope["headers"]):
            kept = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
            scope = {**scope, "headers": kept}  # what is packed could not be changed
        page: list[Message] = []  # the start of the answer, while its body is collected
        body = b""

        async def with_hint(message: Message) -> None:
            nonlocal body
            if message["type"] == "http.response.start" and _is_page(message):
                page.append(message)
            elif page and message["type"] == "http.response.body":
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    start = page[0]
                    whole = body.replace(b"<head>", b"<head>" + HINT, 1)
                    headers = [pair for pair in start["headers"] if pair[0] != b"content-length"]
                    length = (b"content-length", str(len(whole)).encode())
                    await send({**start, "headers": [*headers, length]})
                    await send({"type": "http.response.body", "body": whole})
            else:
                await send(message)

        await self._app(scope, receive, with_hint)


def _is_page(start: Message) -> bool:
    headers = dict(start["headers"])
    kind = headers.get(b"content-type", b"")
    return (
        start["status"] == 200
        and kind.startswith(b"text/html")
        and b"content-encoding" not in headers
    )
