"""The command line: help is quick, mistakes are one line and exit code 2."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import invoke

COMMANDS = ("demo", "app", "run", "report", "evaluate", "train", "fit", "assets", "scenarios")


def failed(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run a command that must fail as a user's mistake; its one line."""
    assert invoke([str(argument) for argument in arguments]) == 2
    captured = capsys.readouterr()
    lines = captured.err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("faultline: ")
    assert "Traceback" not in captured.err + captured.out
    return lines[0]


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(command in shown for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke([command, "--help"]) == 0
    assert "Usage" in capsys.readouterr().out


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from app.cli import invoke; invoke(['run', '--help']);"
        "heavy = {'torch', 'numba', 'numpy', 'pandas', 'streamlit', 'plotly', 'scipy'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["--version"]) == 0
    assert capsys.readouterr().out.startswith("faultline 0.")


def test_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert "'rnu'" in failed(capsys, "rnu")


def test_unknown_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--pahts" in failed(capsys, "run", "--pahts", 4)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--asset", "NOPE"), ("NOPE", "AMZN")),
        (("--scenario", "meteor"), ("meteor", "flash_crash")),
        (("--scenario", "no/such.yaml"), ("no/such.yaml",)),
        (("--set", "sold=7"), ("sold: 7 is out of range",)),
        (("--paths", "0"), ("paths", "0")),
        (("--paths", "many"), ("--paths", "integer")),
        (("--horizon", "-3"), ("horizon_s", "-3")),
        (("--intensity", "1000"), ("intensity", "1000")),
        (("--seed", "-1"), ("seed", "-1")),
        (("--model", "gpt"), ("gpt", "hawkes")),
        (("--device", "tpu"), ("tpu", "cpu")),
        (("--format", "docx"), ("docx", "pdf")),
        (("--format", ","), ("--format",)),
        (("--spec", "missing.json"), ("missing.json",)),
    ],
)
def test_run_names_what_is_wrong(
    arguments: tuple[str, ...],
    words: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = failed(capsys, "run", "--model", "hawkes", "--out", tmp_path / "run", *arguments)
    assert all(word in line for word in words)
    assert not (tmp_path / "run").exists()


def test_a_spec_that_breaks_the_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "spec.json"
    spec.write_text('{"asset": "AMZN"}')
    line = failed(capsys, "run", "--spec", spec)
    assert "spec.json" in line
    assert "scenario" in line


@pytest.mark.parametrize("command", ["run", "demo"])
def test_out_is_a_file(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("mine")
    line = failed(capsys, command, "--out", tmp_path / "taken")
    assert "is a file" in line
    assert (tmp_path / "taken").read_text() == "mine"


def test_no_write_permission(capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot be written" in failed(
        capsys, "run", "--model", "hawkes", "--out", "/proc/faultline"
    )


@pytest.mark.parametrize("command", [("evaluate",), ("train",), ("fit", "all")])
def test_missing_data_folder(
    command: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = failed(capsys, *command, "--data", tmp_path / "none")
    assert "no such data folder" in line


@pytest.mark.parametrize("command", [("evaluate",), ("train",)])
def test_missing_recording(
    command: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = failed(
        capsys, *command, "--data", tmp_path, "--assets", "AMZN", "--out", tmp_path / "out"
    )
    assert "AMZN" in line
    assert "missing" in line


@pytest.mark.parametrize("command", ["evaluate", "train", "realism", "anchor"])
def test_no_asset(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--assets is empty" in failed(capsys, command, "--data", tmp_path, "--assets", " ,")


def test_unknown_baseline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = failed(capsys, "evaluate", "--data", tmp_path, "--baselines", "garch")
    assert "garch" in line
    assert "hawkes" in line


def test_unknown_preset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "huge" in failed(capsys, "train", "--data", tmp_path, "--preset", "huge")


@pytest.mark.parametrize("asset", ["SSE600961", "btcusd"])
def test_zero_shot_market_is_not_trained_on(
    asset: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("train", "--data", tmp_path, "--assets", f"AMZN,{asset}", "--out", tmp_path / "out")
    assert f"{asset.upper()} is kept for zero-shot evaluation" in failed(capsys, *asked)


def test_unknown_part_to_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "sigma" in failed(capsys, "fit", "sigma", "--data", tmp_path)


def test_port_in_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = failed(capsys, "app", "--port", port, "--runs", tmp_path, "--no-browser")
    assert str(port) in line


def test_report_of_a_run_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert "no/such/run" in failed(capsys, "report", "no/such/run")


def test_scenario_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\ntitle: Mine\ndescription: x\nshoks: []\n")
    line = failed(capsys, "scenarios", "check", file)
    assert "shoks" in line
    assert "shocks" in line


def test_scenarios_and_assets_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["scenarios"]) == 0
    assert "flash_crash" in capsys.readouterr().out
    assert invoke(["scenarios", "show", "flash_crash"]) == 0
    shown = capsys.readouterr().out
    assert "kind: liquidation" in shown
    assert "the horizon must be 150 s or more. Intensity 0 to 6.64" in shown
    assert "faultline run --scenario flash_crash --asset AMZN" in shown
    assert "- sold = 0.3 share (0.02 to 1): sell programme" in shown
    assert invoke(["scenarios", "show", "flash_crash", "--set", "sold=0.5"]) == 0
    assert "- sold = 0.5 share" in capsys.readouterr().out
    assert "sold: 2 is out of range" in failed(
        capsys, "scenarios", "show", "flash_crash", "--set", "sold=2"
    )
    assert "write NAME=NUMBER" in failed(
        capsys, "scenarios", "show", "flash_crash", "--set", "sold"
    )
    assert invoke(["assets"]) == 0
    assert "AMZN" in capsys.readouterr().out


def test_scenarios_are_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("scenarios", "draw", "fat_finger", "--model", "zero-intelligence", "--paths", "4")
    assert invoke([*command, "--horizon", "95", "--out", str(tmp_path)]) == 0
    for column in ("mid_return_bp", "spread_ticks"):
        assert (tmp_path / f"fat_finger-{column}.svg").read_text().startswith("<?xml")


def test_an_interrupt_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("model.catalogue.load_catalogue", interrupt)
    assert invoke(["assets"]) == 130


def test_a_bug_is_one_line_and_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise RuntimeError("out of\nluck")

    monkeypatch.delenv("FAULTLINE_DEBUG", raising=False)
    monkeypatch.setattr("model.catalogue.load_catalogue", broken)
    assert invoke(["assets"]) == 1
    shown = capsys.readouterr().err
    assert "internal error: RuntimeError: out of luck" in shown
    assert "Traceback" not in shown
