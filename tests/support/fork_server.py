"""Starts our programs as processes without loading an interpreter and its libraries each time.

`python -m services.poller` spends half a second of processor time on imports, the dashboard nearly two, and the suite
starts hundreds. A server imports each program once and forks: the process runs `__main__` anew, with an environment,
a directory, arguments and streams of its own, and it can be killed like any other. What loads the interpreter itself
is covered by tests/e2e/test_demo.py, whose programs are started as a user's are.
"""

import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from shared.version import program_version
from tests.support.waiting import PATIENCE_S, PROGRAM_S

ROOT = Path(__file__).parent.parent.parent
REQUEST_BYTES = 1 << 17
LAZILY = {
    "services.bms": ("simulators.jk.backend",),
    "services.bot": ("services.bot.bot",),
    "services.poller": ("services.poller.tools.__main__",),
    "services.recorder": ("services.recorder.tools.__main__",),
    "simulators batteries": ("simulators.jk.serve",),
    "simulators outages": ("simulators.schedule.serve",),
    "simulators plugs": ("simulators.tuya.serve",),
    "simulators serve": ("simulators.serve",),
    "simulators telegram": ("simulators.telegram.serve",),
}
"""What a program loads only while it runs."""


class Forked:
    """A process of the server, with the methods of subprocess.Popen that tests need."""

    def __init__(self, server: "ForkServer", pid: int) -> None:
        self.pid = pid
        self._server = server
        self._code: int | None = None
        try:
            self._handle = os.pidfd_open(pid)
        except ProcessLookupError:
            self._handle = -1  # gone already

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it is gone, and return its exit code; minus the signal's number if one ended it."""
        if self._code is None:
            if self._handle >= 0:
                with selectors.DefaultSelector() as selector:
                    selector.register(self._handle, selectors.EVENT_READ)
                    if not selector.select(timeout):
                        raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
                os.close(self._handle)
                self._handle = -1
            self._code = self._server.exit_code(self.pid)
        return self._code

    def poll(self) -> int | None:
        """Return its exit code, None while it runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it is gone."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._handle, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class ForkServer:
    """The server's process, seen from a test."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.RLock()
        self._codes: dict[int, int] = {}
        with theirs:
            # as bare as that of the programs, so that locale and encoding are the same
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.fork_server", str(theirs.fileno())],
                cwd=ROOT,
                env={"PATH": os.environ["PATH"]},
                pass_fds=[theirs.fileno()],
            )

    def start(self, module: str, arguments: Sequence[str], env: Mapping[str, str], streams: Sequence[int]) -> Forked:
        """Start `python -m module`; the streams are descriptors of its input, output and errors."""
        request = json.dumps({"module": module, "arguments": arguments, "env": dict(env)})
        with self._lock:
            socket.send_fds(self._socket, [request.encode()], streams)
            return Forked(self, self._receive("started"))

    def exit_code(self, pid: int) -> int:
        """Return the exit code of a process that is gone."""
        with self._lock:
            while pid not in self._codes:
                self._receive("ended")
            return self._codes.pop(pid)

    def _receive(self, wanted: str) -> int:
        while True:
            answer = json.loads(self._socket.recv(REQUEST_BYTES) or b"{}")
            if not answer:
                raise RuntimeError("the fork server is gone")
            if answer["what"] == "ended":
                self._codes[answer["pid"]] = answer["code"]
            if answer["what"] == wanted:
                return int(answer["pid"])

    def stop(self) -> None:
        """End the server; whoever started a process has ended it."""
        self._socket.close()
        self._process.wait(PATIENCE_S)


@cache
def fork_server() -> ForkServer:
    """Return the one server of this test process."""
    return ForkServer()


def stop_fork_server() -> None:
    """End the server if one was started."""
    if fork_server.cache_info().currsize:
        fork_server().stop()
        fork_server.cache_clear()


def run_module(
    module: str, *arguments: str, env: Mapping[str, str], input_text: str = "", timeout: float = PROGRAM_S
) -> subprocess.CompletedProcess[str]:
    """Run `python -m module` to its end, and return what it wrote."""
    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
        given.write(input_text.encode())
        given.seek(0)
        process = fork_server().start(module, arguments, env, [file.fileno() for file in (given, out, err)])
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
            process.wait()
        return subprocess.CompletedProcess((module, *arguments), code, _text(out), _text(err))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _serve(connection: socket.socket) -> dict[str, Any] | None:
    """Fork for each request; return the request in the child, None in the server when nobody asks any more."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is connection:
                    message, streams, _, _ = socket.recv_fds(connection, REQUEST_BYTES, 3)
                    if not message:
                        return None
                    request: dict[str, Any] = json.loads(message)
                    _load(request["module"], request["arguments"])
                    if not (pid := os.fork()):
                        connection.close()
                        return request | {"streams": streams}
                    for stream in streams:
                        os.close(stream)
                    selector.register(os.pidfd_open(pid), selectors.EVENT_READ, pid)
                    connection.send(json.dumps({"what": "started", "pid": pid}).encode())
                else:
                    selector.unregister(key.fileobj)
                    os.close(key.fd)
                    code = os.waitstatus_to_exitcode(os.waitpid(key.data, 0)[1])
                    connection.send(json.dumps({"what": "ended", "pid": key.data, "code": code}).encode())


def _load(module: str, arguments: Sequence[str]) -> None:
    """Import what a program imports when it starts, once."""
    command = " ".join((module, *arguments[:1]))
    for name in (f"{module}.__main__", *LAZILY.get(module, ()), *LAZILY.get(command, ())):
        if name not in sys.modules:
            importlib.import_module(name)
            assert threading.active_count() == 1, f"{name} starts a thread: it must not be forked"
            _read_what_is_kept(module)
            gc.collect()
            gc.freeze()


def _read_what_is_kept(module: str) -> None:
    """Read the files of the project that never change while it runs: they cost each poller a tenth of a second."""
    program_version()
    if module == "services.poller":
        from services.poller.registers import layout_for

        layout_for(0)  # no inverter says 0, so it looks into every layout


def _run(request: dict[str, Any]) -> None:
    for number, stream in enumerate(request["streams"]):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv[1:] = request["arguments"]
    sys.modules.pop(f"{request['module']}.__main__")
    runpy.run_module(request["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    try:
        wanted = _serve(socket.socket(fileno=int(sys.argv[1])))
    except KeyboardInterrupt:
        wanted = None
    if wanted:
        _run(wanted)
