"""Starts the dashboard in this process, by default for this machine only."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module, resources
from pathlib import Path

from app.access import Access
from app.theme import settings
from engine.runs import RunStore
from model.errors import FaultlineError

SCRIPT = Path(__file__).with_name("main.py")
START_WITHIN_S = 30.0


def serve(
    host: str = "127.0.0.1",
    port: int = 8501,
    runs: Path | None = None,
    open_browser: bool = True,
    access: Access | None = None,
) -> None:
    """Serve the dashboard until it is stopped (Ctrl-C or SIGTERM).

    Parameters
    ----------
    host : str
        A loopback address, unless `access` says who else may come.
    port : int
        1 to 65535.
    runs : Path or None
        Folder of the run store; None for the default one.
    open_browser : bool
        Show the page in the user's browser once the server answers.
    access : Access or None
        Who may use the dashboard; None: whoever is on this machine.

    Raises
    ------
    FaultlineError
        The address is not of this machine alone and nobody would be asked who they are, what
        `access` needs is missing, the port is taken, or runs cannot be written.
    """
    access = access or Access()
    names = access.checked_hosts(host)
    _check_port(host, port)
    store = RunStore(runs)
    store.prepare()
    os.environ["FAULTLINE_RUNS"] = str(store.root)  # the pages read it
    access.hand_over(os.environ)

    import streamlit as st
    from starlette.routing import Mount
    from starlette.staticfiles import StaticFiles

    from app.views.session import shared_jobs

    @asynccontextmanager
    async def queue_of_runs(_: st.App) -> AsyncIterator[None]:
        jobs = shared_jobs()  # what waited when the last server stopped goes on
        yield
        jobs.stop()

    fonts = StaticFiles(directory=str(resources.files("assets") / "fonts"))
    page = st.App(
        SCRIPT,
        routes=[Mount("/fonts", fonts)],
        lifespan=queue_of_runs,
        middleware=access.middleware(),
    )
    # Streamlit looks for its settings beside sys.argv[0], which is the console script.
    sys.argv = [str(SCRIPT)]
    import_module("app.views.run_result")  # seconds of imports, before anybody waits for a page
    if open_browser:
        threading.Thread(target=_open_when_up, args=(host, port), daemon=True).start()
    own = {"server.address": host, "server.port": port, "server.allowedHosts": names}
    page.run(config=settings() | own)


def _check_port(host: str, port: int) -> None:
    if not 0 < port < 65_536:
        raise FaultlineError(f"port {port}: not a port; use 1 to 65535, such as 8501")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise FaultlineError(
                f"port {port} on {host} cannot be used ({error.strerror}); "
                f"stop what uses it, or choose another: faultline app --port {port + 1}"
            ) from error


def _open_when_up(host: str, port: int) -> None:
    until = time.monotonic() + START_WITHIN_S
    while time.monotonic() < until:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            webbrowser.open(f"http://{host}:{port}")
            return
