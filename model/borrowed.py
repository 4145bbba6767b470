"""Arrays that compiled code may use without counting references to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_T = TypeVar("_T")


@intrinsic  # type: ignore[no-untyped-call, untyped-decorator, unused-ignore]
def _borrowed(context: Any, value: Any) -> Any:
    tools: Any = cgutils

    def strip(context: Any, builder: Any, kind: Any, given: Any) -> Any:
        if isinstance(kind, types.BaseTuple):
            kinds: Any = kind
            parts: Any = zip(kinds, tools.unpack_tuple(builder, given), strict=True)
            parts = [strip(context, builder, *part) for part in parts]
            return context.make_tuple(builder, kind, parts)
        if isinstance(kind, types.Array):
            one = context.make_array(kind)(context, builder, given)
            one.meminfo = tools.get_null_value(one.meminfo.type)
            one.parent = tools.get_null_value(one.parent.type)
            return one._getvalue()
        return given

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return strip(context, builder, signature.args[0], args[0])

    return value(value), generate


# The same array, or tuple of such, without its owner: for the arguments of a compiled loop, which
# its caller keeps alive. Counting references, atomically and at every view of a book, took half of
# the time of `engine.stepping.step`.
borrowed = cast(Callable[[_T], _T], _borrowed)
