"""The workers of this very run."""

import os

import pytest
from coverage import Coverage

IMPORTED_BY = os.getpid()


@pytest.mark.skipif(Coverage.current() is not None, reason="under coverage each worker imports by itself")
def test_a_worker_runs_what_was_imported_before_it_was_forked() -> None:
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    assert (os.getppid() if is_worker else os.getpid()) == IMPORTED_BY
