"""`faultline app`: the dashboard."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class AuthName(StrEnum):
    """How people say who they are."""

    NONE = "none"
    OIDC = "oidc"
    PROXY = "proxy"


def dashboard(
    host: Annotated[
        str, typer.Option(help="Address to listen on; another than this machine's needs --auth.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8501,
    runs: Annotated[
        Path | None, typer.Option(help="Folder where runs are kept [default: $FAULTLINE_RUNS]")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
    auth: Annotated[
        AuthName, typer.Option(help="oidc: Streamlit's login; proxy: a reverse proxy's.")
    ] = AuthName.NONE,
    user: Annotated[
        list[str] | None, typer.Option(help="Who may log in, such as *@example.com; repeatable.")
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A name people type into the address bar; repeatable.")
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Serve other machines without a login.")
    ] = False,
) -> None:
    """Open the dashboard in the browser."""
    from app.access import Access, is_loopback
    from app.server import serve

    access = Access(auth.value, tuple(user or ()), tuple(allow_host or ()), insecure)
    if insecure and auth is AuthName.NONE and not is_loopback(host):
        typer.echo(
            f"warning: whoever reaches {host}:{port} can start, read and delete runs", err=True
        )
    serve(host=host, port=port, runs=runs, open_browser=browser, access=access)
