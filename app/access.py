"""Who may use the dashboard: this machine, people who log in, or people behind a proxy."""

from __future__ import annotations

import hmac
import ipaddress
import os
from collections.abc import MutableMapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from app.index_page import IndexPage
from app.theme import SERVER
from model.errors import FaultlineError

if TYPE_CHECKING:
    from starlette.middleware import Middleware
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

Auth = Literal["none", "oidc", "proxy"]
SECRET, HEADER = "FAULTLINE_PROXY_SECRET", b"x-faultline-proxy"
LEAST_SECRET = 16  # characters
LOGIN, USERS = "FAULTLINE_LOGIN", "FAULTLINE_USERS"  # what the pages are told
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"same-origin"),
    (b"content-security-policy", b"frame-ancestors 'self'; base-uri 'self'; object-src 'none'"),
)


@dataclass(frozen=True)
class Access:
    """Who may use the dashboard.

    Attributes
    ----------
    auth : `none`; `oidc`, people log in by the provider that Streamlit's secrets name; `proxy`, a
        reverse proxy has asked them, and proves that it was it by a secret in a header
    users : of `oidc`: patterns of e-mail addresses such as `*@example.com`; none: whoever the
        provider lets in
    hosts : names in the address bar of those who come from elsewhere
    insecure : serve others without asking who they are
    """

    auth: Auth = "none"
    users: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    insecure: bool = False

    def checked_hosts(self, host: str) -> list[str]:
        """Names under which the dashboard may be asked for when it listens on `host`.

        Raises
        ------
        FaultlineError
            Others could come and nobody would ask who they are, or what that needs is missing.
        """
        if not is_loopback(host) and self.auth == "none" and not self.insecure:
            raise FaultlineError(
                f"host {host}: others could use the dashboard without a login; use 127.0.0.1, or "
                "--auth oidc or --auth proxy (see docs/security.md), or --insecure"
            )
        if self.users and self.auth != "oidc":
            raise FaultlineError("--user is for --auth oidc; with a proxy, name users there")
        if self.auth == "oidc":
            _check_oidc()
        if self.auth == "proxy" and len(os.environ.get(SECRET, "")) < LEAST_SECRET:
            raise FaultlineError(
                f"--auth proxy: set {SECRET} to {LEAST_SECRET} characters or more that the proxy"
                f" sends in the header {HEADER.decode()}; see docs/security.md"
            )
        anywhere = host in ("0.0.0.0", "::")
        if anywhere and not self.hosts:
            raise FaultlineError(
                f"host {host}: name what people type into the address bar, such as --allow-host"
                " stress.example.com"
            )
        own = [] if anywhere or is_loopback(host) else [host]
        return [*SERVER["server.allowedHosts"], *own, *self.hosts]

    def hand_over(self, environment: MutableMapping[str, str]) -> None:
        """Tell the pages, which run in this process, whether to ask for a login."""
        environment[LOGIN] = self.auth if self.auth == "oidc" else ""
        environment[USERS] = " ".join(self.users)

    def middleware(self) -> list[Middleware]:
        """What stands before the pages: the proxy's secret, headers, see also `IndexPage`."""
        from starlette.middleware import Middleware

        if self.auth == "proxy":  # which may serve the dashboard below a path of its own
            return [Middleware(Guard, secret=os.environ.get(SECRET, ""))]
        return [Middleware(Guard, secret=""), Middleware(IndexPage)]


class Guard:
    """Refuses what does not carry the secret, where there is one; sets `HEADERS`."""

    def __init__(self, app: ASGIApp, secret: str) -> None:
        self._app, self._secret = app, secret.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or one WebSocket."""
        if scope["type"] in ("http", "websocket") and self._secret and not self._known(scope):
            await _refuse(scope, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message.get("headers", ())}
                extra = [pair for pair in HEADERS if pair[0] not in given]
                message["headers"] = [*message.get("headers", ()), *extra]
            await send(message)

        await self._app(scope, receive, with_headers)

    def _known(self, scope: Scope) -> bool:
        sent = [value for name, value in scope["headers"] if name.lower() == HEADER]
        return len(sent) == 1 and hmac.compare_digest(sent[0], self._secret)


async def _refuse(scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    text = [(b"content-type", b"text/plain; charset=utf-8"), *HEADERS]
    await send({"type": "http.response.start", "status": 403, "headers": text})
    await send({"type": "http.response.body", "body": b"Not by this way: use the proxy."})


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def user_allowed(email: str, patterns: str) -> bool:
    """Whether an address fits one of the patterns, which blanks separate; any where there are none.

    Upper and lower case are the same.
    """
    known = patterns.lower().split()
    return not known or any(fnmatchcase(email.lower(), pattern) for pattern in known)


def _check_oidc() -> None:
    from streamlit.auth_util import is_authlib_installed, validate_auth_credentials
    from streamlit.errors import StreamlitAuthError

    if not is_authlib_installed() or find_spec("httpx") is None:  # Authlib asks the provider by it
        raise FaultlineError("--auth oidc needs more packages: pip install 'faultline[login]'")
    try:
        validate_auth_credentials("default")
    except StreamlitAuthError as error:
        reason = " ".join(str(error).split())
        raise FaultlineError(f"--auth oidc: {reason} See docs/security.md.") from error
