"""A progress bar on standard error if that is a terminal."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")


def is_interactive() -> bool:
    """Return whether a bar would be visible; otherwise the total need not be counted."""
    return sys.stderr.isatty()


def progress(items: Iterable[T], total: int | None, what: str) -> Iterator[T]:
    """Pass items on, advancing the bar."""
    return iter(tqdm(items, desc=what, total=total, unit="", disable=not is_interactive(), leave=False))


@contextmanager
def steps(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a function that sets the bar to `done` of `total`."""
    bar = tqdm(desc=what, unit="", disable=not is_interactive(), leave=False)
    with bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield advance
