"""`faultline app`: the dashboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def dashboard(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8501,
    runs: Annotated[
        Path | None, typer.Option(help="Folder where runs are kept [default: $FAULTLINE_RUNS]")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
) -> None:
    """Open the dashboard in the browser."""
    from app.server import serve

    serve(host=host, port=port, runs=runs, open_browser=browser)
