"""Which tests are slow, as measured: they are listed in tests/slow_tests.txt and left out of `make quick`.

`make slow-tests` measures all tests without processes and writes the list anew.
"""

import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

LIST = Path(__file__).parents[1] / "slow_tests.txt"
COMPUTES_S, LASTS_S = 0.2, 0.6
"""A test is slow if one of its cases computes or lasts longer than this."""


def listed() -> frozenset[str]:
    """Return the slow tests, without their parameters."""
    return frozenset(LIST.read_text().split())


def test_of(item: pytest.Item) -> str:
    """Return the name of a test, without its parameters."""
    return item.nodeid.partition("[")[0]


class Stopwatch:
    """Measures tests, with the fixtures that they do not share; whoever started the workers writes the list."""

    def __init__(self, config: pytest.Config) -> None:
        self.output: dict[str, object] | None = getattr(config, "workeroutput", None)
        self.slow = set[str]()
        self.computed_s = self.lasted_s = 0.0

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Compare a test with the limits."""
        self.computed_s = self.lasted_s = 0
        done = yield
        if self.computed_s > COMPUTES_S or self.lasted_s > LASTS_S:
            self.slow.add(test_of(item))
        return done

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
        """Measure a fixture of one test."""
        return (yield) if fixturedef.scope != "function" else (yield from self._measured())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """Measure the test itself."""
        return (yield from self._measured())

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker has measured."""
        self.slow.update(node.workeroutput["slow"])

    def pytest_sessionfinish(self) -> None:
        """Write the list, or hand it over."""
        if self.output is not None:
            self.output["slow"] = sorted(self.slow)
        else:
            LIST.write_text("".join(f"{test}\n" for test in sorted(self.slow)))

    def _measured(self) -> Generator[None, object, object]:
        computed_s, began = time.process_time(), time.monotonic()
        try:
            return (yield)
        finally:
            self.computed_s += time.process_time() - computed_s
            self.lasted_s += time.monotonic() - began
