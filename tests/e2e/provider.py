"""An identity provider on loopback that speaks OpenID Connect, for as long as a test lasts.

Who comes to its login page is whoever's address is clicked. It signs its tokens, as a real one
does, and gives each code out once.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, CLIENT_SECRET = "faultline", "not-a-secret"
PEOPLE = ("ana@example.com", "mallory@elsewhere.org")


class Provider:
    """Serves while the context lasts; `url` is its issuer."""

    def __init__(self) -> None:
        self._key = RSAKey.generate_key(2048, auto_kid=True)
        self._codes: dict[str, dict[str, str]] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                provider._get(self, parts.path, _flat(parts.query))

            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                provider._token(self, _flat(self.rfile.read(size).decode()))

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Provider:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _get(self, to: BaseHTTPRequestHandler, path: str, asked: dict[str, str]) -> None:
        if path == "/.well-known/openid-configuration":
            answer(to, {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            })  # fmt: skip
        elif path == "/keys":
            answer(to, {"keys": [self._key.as_dict(private=False)]})
        elif path == "/authorize" and asked["client_id"] == CLIENT:
            links = []
            for person in PEOPLE:
                code = secrets.token_urlsafe()
                self._codes[code] = asked | {"email": person}
                back = urlencode({"code": code, "state": asked["state"]})
                links.append(f'<p><a href="{asked["redirect_uri"]}?{back}">{person}</a></p>')
            answer(to, "".join(links))
        else:
            answer(to, {"error": "not_found"}, 404)

    def _token(self, to: BaseHTTPRequestHandler, asked: dict[str, str]) -> None:
        granted = self._codes.pop(asked.get("code", ""), None)
        if granted is None or granted["redirect_uri"] != asked.get("redirect_uri"):
            answer(to, {"error": "invalid_grant"}, 400)
            return
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT, "sub": granted["email"], "email": granted["email"],
            "email_verified": True, "iat": now, "exp": now + 600, "nonce": granted.get("nonce"),
        }  # fmt: skip
        header = {"alg": "RS256", "kid": self._key.kid}
        answer(to, {
            "access_token": secrets.token_urlsafe(), "token_type": "Bearer", "expires_in": 600,
            "id_token": jwt.encode(header, claims, self._key),
        })  # fmt: skip


def answer(to: BaseHTTPRequestHandler, content: dict[str, Any] | str, status: int = 200) -> None:
    """JSON, or a page."""
    kind = "text/html" if isinstance(content, str) else "application/json"
    body = content if isinstance(content, str) else json.dumps(content)
    to.send_response(status)
    to.send_header("Content-Type", kind)
    to.end_headers()
    to.wfile.write(body.encode())


def _flat(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
