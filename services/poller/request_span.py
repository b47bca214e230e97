"""The span of addresses of a request, pure: longer than needed, split in two, joined again; never half a value."""

from collections.abc import Collection, Iterable, Sequence, Set

from services.poller.registers import COMMANDS, MAX_COUNT, Block

Units = Sequence[Sequence[int]]
"""Runs of addresses that are only valid when they are read in one request."""


def longer(start: int, count: int, taken: Collection[int], units: Units) -> Block | None:
    """Return the shortest span around the wanted one whose length is not taken, or None if there is none.

    It contains no command register and cuts no unit.
    """
    if count not in taken:
        return Block(start=start, count=count)
    for length in range(count + 1, MAX_COUNT + 1):
        if length in taken:
            continue
        for first in range(start, start + count - length - 1, -1):
            span = range(first, first + length)
            if 0 <= first <= 0x10000 - length and _is_allowed(span, range(start, start + count), units):
                return Block(start=first, count=length)
    return None


def _is_allowed(span: range, wanted: range, units: Units) -> bool:
    return not any(command in span and command not in wanted for command in COMMANDS) and not cuts(span, units)


def cuts(span: Sequence[int], units: Units) -> bool:
    """Whether a span begins or ends inside a unit."""
    return any(
        (span[0] in unit and span[0] != unit[0]) or (span[-1] in unit and span[-1] != unit[-1]) for unit in units
    )


def halves(part: Block, needed: Set[int], units: Units) -> tuple[Block, ...]:
    """Return the halves of a block, as nearly as the units allow, or () if it cannot be split.

    A half in which nothing is needed is dropped.
    """
    middle = part.start + part.count / 2
    cuttable = [at for at in part.addresses[1:] if not any(at in unit and at != unit[0] for unit in units)]
    if not cuttable:
        return ()
    at = min(cuttable, key=lambda address: abs(address - middle))
    both = _block(part.start, at), _block(at, part.start + part.count)
    return tuple(half for half in both if not needed.isdisjoint(half.addresses))


def joined(parts: Iterable[Block], longest: int) -> tuple[Block, ...]:
    """Return the parts in order, joining neighbours that together are no longer than `longest`."""
    result: list[Block] = []
    for part in sorted(parts, key=lambda one: one.start):
        last = result[-1] if result else None
        if last and last.start + last.count == part.start and last.count + part.count <= longest:
            result[-1] = Block(start=last.start, count=last.count + part.count)
        else:
            result.append(part)
    return tuple(result)


def _block(first: int, end: int) -> Block:
    return Block(start=first, count=end - first)
