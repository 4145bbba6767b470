"""How inputs are broken, and for how long: seconds in the ordinary run, as long as asked otherwise.

An ordinary round takes about a second a test and the same inputs every time; `FAULTLINE_FUZZ_S`
asks for so many rounds, of other inputs.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from model.errors import FaultlineError

SECONDS = float(os.environ.get("FAULTLINE_FUZZ_S", "0"))
Test = TypeVar("Test", bound=Callable[..., None])
# Where programs go wrong: limits of number types, signs, text in place of numbers, broken text.
WORDS = (
    b"-1", b"0", b"9" * 19, b"9" * 40, b"-9223372036854775808", b"1e309", b"nan", b"1.5", b"",
    b"null", b"[]", b"{}", b"true", b'"', b"'", b"\x00", b"\xff\xfe", b"\n", b"\r\n", b",", b",,",
    b": ", b"- ", b"&a ", b"*a", b"!!bool x", b"$x", b"[" * 400, b"../../etc/passwd",
    b"\xe2\x80\xa8",
)  # fmt: skip


def fuzz(examples: int = 100) -> Callable[[Test], Test]:
    """For a test with `given`: so many examples a round, see above."""

    def wrap(test: Test) -> Test:
        return settings(
            max_examples=int(examples * max(1.0, SECONDS)),
            derandomize=not SECONDS,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )(test)

    return wrap


def read(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What a call returns, None where it refuses in one line; anything else that it raises fails.

    Returns
    -------
    object
        A call that returns None itself must not be given.
    """
    try:
        return call(*args, **kwargs)
    except FaultlineError as error:
        refusal = str(error)
    assert refusal
    assert "\n" not in refusal
    return None


def broken(whole: bytes, most: int = 6) -> SearchStrategy[bytes]:
    """`whole` with some places changed, cut, doubled, or exchanged for one of `WORDS`."""
    place = st.integers(0, len(whole))
    change = st.tuples(
        st.sampled_from(["word", "word", "token", "token", "cut", "twice", "flip", "end"]),
        place,
        st.integers(0, 40),
        st.sampled_from(WORDS) | st.binary(max_size=6),
    )
    return st.lists(change, min_size=1, max_size=most).map(functools.partial(_changed, whole))


def _changed(whole: bytes, changes: list[tuple[str, int, int, bytes]]) -> bytes:
    for kind, at, length, word in changes:
        if kind == "word":
            whole = whole[:at] + word + whole[at:]
        elif kind == "token":  # a whole number or word, so that the rest stays in form
            start, end = at, at
            while start > 0 and whole[start - 1 : start].isalnum():
                start -= 1
            while end < len(whole) and whole[end : end + 1].isalnum():
                end += 1
            whole = whole[:start] + word + whole[end:]
        elif kind == "cut":
            whole = whole[:at] + whole[at + length :]
        elif kind == "twice":
            whole = whole[: at + length] + whole[at:]
        elif kind == "flip" and at < len(whole):
            whole = whole[:at] + bytes([whole[at] ^ (1 << length % 8)]) + whole[at + 1 :]
        elif kind == "end":
            whole = whole[:at]
    return whole
