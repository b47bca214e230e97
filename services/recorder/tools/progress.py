"""A progress bar on standard error, and only where somebody looks at it."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")


def watched() -> bool:
    """Return whether a bar would be seen; a total that costs time need not be counted otherwise."""
    return sys.stderr.isatty()


def progress(items: Iterable[T], total: int | None, what: str, unit: str) -> Iterator[T]:
    """Pass items on while the bar moves."""
    return iter(tqdm(items, desc=what, total=total, unit=f" {unit}", disable=not watched(), leave=False))


@contextmanager
def steps(what: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Lend a bar that is told where it is: so many of so many."""
    bar = tqdm(desc=what, unit=f" {unit}", disable=not watched(), leave=False)
    with bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show
