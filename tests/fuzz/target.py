"""What is fuzzed: a parser with inputs that look like what it reads, and the rule that holds for all of them."""

import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from shared.errors import EasunError
from tests.fuzz.inputs import Draw

PATIENCE_CPU_S = 5.0
"""No input is worth so much processor time: then it hangs."""
PATIENCE_S = 600.0
"""Nor so much time by the clock, on a busy machine: then it waits for something that never comes."""


@dataclass(frozen=True)
class Target:
    """A parser that reads from outside. `run` lets through nothing but what the parser may not raise.

    seeds are real inputs; `draw` returns others near them. is_bytes: it reads bytes rather than a text, so a
    coverage-guided run finds more than one that knows the form. most: nothing longer gets to the parser at once.
    """

    name: str
    run: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    draw: Draw
    is_bytes: bool = False
    most: int = 1_000_000

    def try_one(self, data: bytes) -> bool:
        """Return whether an input is understood; if not, it is refused by an error of ours."""
        try:
            self.run(data)
        except EasunError:
            return False
        return True


class HangError(BaseException):
    """An input that takes too long. No parser may swallow it."""


@contextmanager
def watched() -> Iterator[None]:
    """Raise HangError where what follows takes too long."""

    def hangs(number: int, _: object) -> None:
        raise HangError(signal.Signals(number).name)

    for number in (signal.SIGVTALRM, signal.SIGALRM):
        signal.signal(number, hangs)
    signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE_CPU_S)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def peak_mb() -> float:
    """Return the most memory that this process has ever had resident."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
