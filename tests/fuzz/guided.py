"""Fuzzing that follows coverage, by atheris: what reaches new branches of a reader is bred further.

Not part of the tests: atheris is not among what they need. Seeds are the files that the other
fuzz tests break. Anything but an answer or one line (`FaultlineError`) ends it, and the input is
kept in the folder of the target.

Run: pip install -e '.[fuzz]' && python -m tests.fuzz.guided TARGET [SECONDS] [FOLDER]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import atheris

# Modules with numba's kernels are left alone: what atheris puts into a function cannot be compiled.
FOLLOWED = [
    "app.scenario_files", "engine.scenario", "engine.shocks", "model.checkpoint", "model.readers",
    "model.yaml_text",
]  # fmt: skip

with atheris.instrument_imports(include=FOLLOWED):
    from app.scenario_files import read_sent_scenario
    from model.checkpoint import CONFIG, WEIGHTS, load_checkpoint
    from tests.fuzz import test_checkpoint, test_readers, test_settings
    from tests.fuzz.fuzzing import read

Target = Callable[[bytes, Path], None]


def lobster(content: bytes, folder: Path) -> None:
    """The two files of a recording, with a line of dashes between them."""
    messages, _, books = content.partition(b"\n---\n")
    (folder / test_readers.NAME).write_bytes(messages)
    (folder / test_readers.BOOK_NAME).write_bytes(books or test_readers.BOOKS)
    test_readers.sound(read(test_readers.lobster, folder / test_readers.NAME))


def archive(content: bytes, folder: Path) -> None:
    (folder / "both.zip").write_bytes(content)
    test_readers.sound(read(test_readers.lobster, folder / "both.zip"))


def bitstamp(content: bytes, folder: Path) -> None:
    (folder / "log.csv").write_bytes(content)
    test_readers.sound(read(test_readers.bitstamp, folder / "log.csv"))


def scenario(content: bytes, _: Path) -> None:
    test_settings.used(read(read_sent_scenario, content.decode("utf-8", "replace"), "sent"))


def settings(content: bytes, folder: Path) -> None:
    """Settings of a checkpoint whose weights are the bundled ones."""
    link = folder / WEIGHTS
    if not link.exists():
        link.symlink_to(test_checkpoint.BUNDLED / WEIGHTS)
    (folder / CONFIG).write_bytes(content)
    read(load_checkpoint, folder)


def header(content: bytes, folder: Path) -> None:
    """Header of the weights, with the length and the hash that fit."""
    test_checkpoint.put(folder, content, b"\0" * 64)
    read(load_checkpoint, folder)


def weights_header() -> bytes:
    content = (test_checkpoint.BUNDLED / WEIGHTS).read_bytes()
    return content[8 : 8 + int.from_bytes(content[:8], "little")]


TARGETS: dict[str, tuple[Target, list[bytes]]] = {
    "lobster": (lobster, [test_readers.MESSAGES + b"\n---\n" + test_readers.BOOKS]),
    "archive": (archive, list(test_readers.PACKED.values())),
    "bitstamp": (bitstamp, [test_readers.LOG]),
    "scenario": (scenario, [path.read_bytes() for path in test_settings.BUNDLED]),
    "settings": (settings, [(test_checkpoint.BUNDLED / CONFIG).read_bytes()]),
    "header": (header, [weights_header()]),
}


def main() -> None:
    """Fuzz one target; the process ends with 0 where nothing was found."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in TARGETS:
        sys.exit(f"which? {', '.join(TARGETS)}")
    seconds = sys.argv[2] if len(sys.argv) > 2 else "60"
    folder = Path(sys.argv[3] if len(sys.argv) > 3 else "out/fuzz") / name
    corpus, scratch = folder / "corpus", folder / "scratch"
    for one in (corpus, scratch):
        one.mkdir(parents=True, exist_ok=True)
    target, seeds = TARGETS[name]
    for number, seed in enumerate(seeds):
        (corpus / f"seed{number}").write_bytes(seed)
    options = [f"-max_total_time={seconds}", f"-artifact_prefix={folder}/", "-max_len=65536"]
    atheris.Setup([sys.argv[0], str(corpus), *options], lambda content: target(content, scratch))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
