"""Starting the dashboard: what is wrong with the address or the folder is one line."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from streamlit import config

from app.server import serve
from app.theme import settings
from model.errors import FaultlineError


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com"])
def test_only_this_machine_is_served(host: str, tmp_path: Path) -> None:
    with pytest.raises(FaultlineError, match=r"without a login; use 127\.0\.0\.1"):
        serve(host=host, runs=tmp_path)


@pytest.mark.parametrize("port", [0, -1, 65_536])
def test_a_port_that_is_none(port: int, tmp_path: Path) -> None:
    with pytest.raises(FaultlineError, match=f"port {port}: not a port"):
        serve(port=port, runs=tmp_path)


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(FaultlineError, match=f"port {port} .* in use") as caught:
            serve(port=port, runs=tmp_path)
    assert "\n" not in str(caught.value)
    assert f"--port {port + 1}" in str(caught.value)


def test_runs_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(FaultlineError, match="runs cannot be written here"):
        serve(port=port, runs=tmp_path / "file")


def test_every_setting_is_one_that_streamlit_knows() -> None:
    assert set(settings()) <= set(config._config_options_template)
    assert settings()["browser.gatherUsageStats"] is False
