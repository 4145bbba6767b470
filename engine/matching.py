"""Operations on one order book, compiled: matching and cancelling."""

from __future__ import annotations

from numba import njit

from engine.ladder import (
    BASE,
    BUY,
    NIL,
    RESTING,
    TOUCH,
    Book,
    as_int,
    highest_to,
    lowest_from,
    next_level,
    reduce,
    rest,
)


@njit(cache=True, forceinline=True)
def crosses(book: Book, side: int, price: int) -> bool:
    """Whether an order of `side` at `price` would trade on arrival."""
    if book.state[RESTING + 1 - side] == 0:
        return False
    best = book.state[TOUCH + 1 - side]
    return bool(best <= price if side == BUY else best >= price)


@njit(cache=True)
def add(
    book: Book, side: int, price: int, size: int, tag: int, rests: bool
) -> tuple[int, int, int, int]:
    """Match a new order while it crosses, oldest orders of the best price first; rest what is left.

    Returns
    -------
    tuple of int
        Shares traded; sum of price x shares of the trades; worst price paid (`price` without a
        trade); slot of the order now resting, NIL if nothing rests (all traded, `rests` is False,
        or out of range).
    """
    left = size
    value = 0
    worst = price
    while left > 0 and crosses(book, side, price):
        worst = book.state[TOUCH + 1 - side]
        slot = as_int(book.levels[worst - book.state[BASE]].head)
        filled = reduce(book, slot, left)
        left -= filled
        value += filled * worst
    slot = rest(book, side, price, left, tag) if rests and left > 0 else NIL
    return size - left, value, worst, slot


@njit(cache=True, forceinline=True)
def nearest_order(book: Book, side: int, price: int, size: int) -> int:
    """The order that an anonymous cancel means.

    At the non-empty level of the side nearest to `price` (tie: the better price), the order whose
    size is nearest to `size` (tie: the oldest). A cancel aimed behind the touch leaves the touch
    alone while anything rests behind it: in a sparse book the touch would else catch the cancels
    of the gap behind it, and the spread would drift open.

    Returns
    -------
    int
        Its slot, NIL if the side is empty.
    """
    orders, levels, bits, state = book
    if state[RESTING + side] == 0:
        return NIL
    at = min(max(price - state[BASE], 0), len(levels) - 1)
    below = highest_to(bits[side], at)
    above = lowest_from(bits[side], at)
    if below == -1:
        chosen = above
    elif above == -1:
        chosen = below
    elif at - below == above - at:
        chosen = above if side == BUY else below
    else:
        chosen = below if at - below < above - at else above
    touch = as_int(state[TOUCH + side] - state[BASE])
    if chosen == touch and at != touch:
        behind = (
            highest_to(bits[side], touch - 1) if side == BUY else lowest_from(bits[side], touch + 1)
        )
        inside = at > touch if side == BUY else at < touch
        if behind != -1 and not inside:
            chosen = behind
    best = slot = as_int(levels[chosen].head)
    while slot != NIL and orders[best].size != size:
        if abs(orders[slot].size - size) < abs(orders[best].size - size):
            best = slot
        slot = as_int(orders[slot].next)
    return best


@njit(cache=True, forceinline=True)
def take_from_level(book: Book, side: int, price: int, size: int) -> int:
    """Take up to `size` shares off one price level of a side, oldest orders first.

    Returns
    -------
    int
        Shares taken off.
    """
    orders, levels, _, state = book
    at = price - state[BASE]
    taken = 0
    if at < 0 or at >= len(levels):
        return taken
    while taken < size:
        slot = as_int(levels[at].head)
        if slot == NIL or orders[slot].side != side:
            break
        taken += reduce(book, slot, size - taken)
    return taken


@njit(cache=True)
def withdraw(book: Book, side: int, distance: int, share: float) -> int:
    """Delete resting orders within `distance` ticks of the touch until `share` of the size is gone.

    Evenly over the levels from the touch outwards, newest orders of a level first; whole orders
    only, rounded so that at every level what has gone so far is as near as may be to the share.

    Returns
    -------
    int
        Shares taken off.
    """
    orders, levels, _, state = book
    taken = 0
    due = 0.0
    touch = state[TOUCH + side] - state[BASE]
    step = -1 if side == BUY else 1
    at = next_level(book, side, touch) if state[RESTING + side] > 0 else -1
    while at != -1 and abs(at - touch) <= distance:
        due += share * levels[at].size
        slot = as_int(levels[at].tail)
        while slot != NIL:
            older = as_int(orders[slot].prev)
            if taken + 0.5 * orders[slot].size <= due:
                taken += reduce(book, slot, orders[slot].size)
            slot = older
        at = next_level(book, side, at + step)
    return taken


@njit(cache=True)
def size_within(book: Book, side: int, distance: int) -> int:
    """Shares of a side that rest within `distance` ticks of its touch."""
    if book.state[RESTING + side] == 0:
        return 0
    size = 0
    touch = book.state[TOUCH + side] - book.state[BASE]
    step = -1 if side == BUY else 1
    at = next_level(book, side, touch)
    while at != -1 and abs(at - touch) <= distance:
        size += book.levels[at].size
        at = next_level(book, side, at + step)
    return as_int(size)
