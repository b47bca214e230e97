"""Forks the workers of pytest-xdist from a process that has imported the test files and what they test.

As interpreters of their own they would each spend seconds of processor time on the same imports. They collect and run
the tests as they would otherwise. Under coverage they stay interpreters, for what an import reaches counts too.
"""

import atexit
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from _pytest.pathlib import import_path
from execnet import gateway_io
from execnet.gateway_base import Popen2IO


class ForkedWorker(Popen2IO):
    """A fork, seen from the process that commands it: pipes to its input and from its output."""

    def __init__(self, execmodel: Any, pid: int, to_worker: int, from_worker: int) -> None:
        super().__init__(os.fdopen(to_worker, "wb"), os.fdopen(from_worker, "rb"), execmodel)
        self._pid = pid
        self._code: int | None = None

    def wait(self) -> int:
        """Wait until it is gone, and return its exit code."""
        if self._code is None:
            self._code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return self._code

    def kill(self) -> None:
        """End it."""
        if self._code is None:
            os.kill(self._pid, signal.SIGKILL)


def fork_workers(config: pytest.Config, files: Iterable[Path], count: int) -> None:
    """Import the files, and fork as many workers as execnet is about to start; one that replaces another is started."""
    for file in files:
        _import(file, config.rootpath)
    assert threading.active_count() == 1, "an import starts a thread: the workers cannot be forked"
    gc.freeze()
    forks: list[tuple[int, int, int]] = []
    for _ in range(count):
        forks.append(_fork(forks))
    start = gateway_io.create_io

    def create_io(spec: Any, execmodel: Any) -> Any:
        return ForkedWorker(execmodel, *forks.pop(0)) if forks else start(spec, execmodel)

    gateway_io.create_io = create_io


def _import(file: Path, root: Path) -> None:
    """Import a file; if that fails, the worker that collects it says so."""
    try:
        import_path(file, mode="importlib", root=root, consider_namespace_packages=False)
    except (Exception, pytest.skip.Exception):
        for name in [name for name, module in sys.modules.items() if getattr(module, "__file__", "") == str(file)]:
            del sys.modules[name]


def _fork(earlier: Iterable[tuple[int, int, int]]) -> tuple[int, int, int]:
    """Return the number of a fork and the ends of its pipes."""
    its_input, to_worker = os.pipe()
    from_worker, its_output = os.pipe()
    pid = os.fork()
    if not pid:
        # it must see the end of its input when whoever commands is gone, not when the other workers are
        for end in (to_worker, from_worker, *(end for _, *ends in earlier for end in ends)):
            os.close(end)
        for number, end in enumerate((its_input, its_output)):
            os.dup2(end, number)
            os.close(end)
        _work()
    os.close(its_input)
    os.close(its_output)
    return pid, to_worker, from_worker


def _work() -> NoReturn:
    atexit._clear()
    try:
        sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
        exec(gateway_io.popen_bootstrapline, {"__name__": "__main__"})
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
    finally:
        atexit._run_exitfuncs()
        os._exit(0)
