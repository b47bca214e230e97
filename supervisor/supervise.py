"""Starts programs in order, restarts those that exit, and stops all, the broker last."""

import asyncio
import ctypes
import logging
import signal
import socket
import time
from collections.abc import Mapping, Sequence

from shared.backoff import Backoff
from shared.service import EXIT_CONFIG
from supervisor.programs import Program

log = logging.getLogger("supervisor")

RESTART_FIRST_S = 0.5
RESTART_MOST_S = 30.0
STABLE_S = 30.0
"""A program that ran this long is restarted without a long pause."""
STOP_TIMEOUT_S = 10.0
PR_SET_PDEATHSIG = 1
CLAIMS: list[socket.socket] = []
"""The claims to our ports, held until we exit."""


class Supervisor:
    """Keeps processes running from `start` to `stop`."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self._programs = programs
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._watchers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start all in order, waiting for the port of each program that has one."""
        for program in self._programs:
            watcher = asyncio.create_task(self._watch(program))
            self._watchers.append(watcher)
            if program.wait_for_port:
                listening = asyncio.create_task(until_listening(program.wait_for_port))
                await asyncio.wait([watcher, listening], return_when=asyncio.FIRST_COMPLETED)
                listening.cancel()

    async def stop(self) -> None:
        """Stop all, the broker last, so that services can publish that they are offline."""
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        last = [program.name for program in self._programs if program.name == "mosquitto"]
        first = [program.name for program in self._programs if program.name not in last]
        for names in (first, last):
            await asyncio.gather(*(_end(self._processes[name]) for name in names if name in self._processes))

    async def _watch(self, program: Program) -> None:
        backoff = Backoff(RESTART_FIRST_S, RESTART_MOST_S)
        while True:
            began = time.monotonic()
            try:
                code = await self._run_once(program)
            except OSError as error:
                log.error("%s cannot be started: %s.", program.name, error)
                return
            if program.once and code == 0:
                return
            if code == EXIT_CONFIG:
                log.error("%s needs its settings corrected, see above; then start again.", program.name)
                return
            if time.monotonic() - began > STABLE_S:
                backoff.reset()
            pause = backoff.next_s()
            log.warning("%s has exited (%s); restarting it in %.1f s.", program.name, _how(code), pause)
            await asyncio.sleep(pause)

    async def _run_once(self, program: Program) -> int:
        process = await asyncio.create_subprocess_exec(
            *program.command,
            env=program.env,
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # we handle Ctrl-C ourselves, in order
            preexec_fn=_die_with_parent,
        )
        self._processes[program.name] = process
        return await process.wait()


async def until_listening(port: int, timeout_s: float = 120.0) -> None:
    """Wait until something accepts connections on a port of this machine; give up silently, as the logs tell why."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return


def is_free(port: int) -> bool:
    """Return whether a port of this machine can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def ports_near(preferred: Mapping[str, int], in_a_row: Mapping[str, int] | None = None) -> dict[str, int]:
    """Return for each name its preferred port or the next free one; no port twice.

    `in_a_row` says of which names there are several, and how many: the first port is returned.
    """
    several = in_a_row or {}
    ports: dict[str, int] = {}
    for name, wanted in preferred.items():
        count = several.get(name, 1)
        ports[name] = next(port for port in range(wanted, wanted + 200) if _claim_all(range(port, port + count)))
        if ports[name] != wanted:
            log.info("Port %d is taken by another program; using %d.", wanted, ports[name])
    return ports


def _claim_all(ports: Sequence[int]) -> bool:
    """Claim all of the ports, or none."""
    before = len(CLAIMS)
    if all(is_free(port) and _claim(port) for port in ports):
        return True
    for claim in CLAIMS[before:]:
        claim.close()
    del CLAIMS[before:]
    return False


def _claim(port: int) -> bool:
    """Claim a port until we exit, against ourselves and other demos, which start to listen later.

    By an abstract socket, of which there is one per network as of the port itself, whoever runs the other demo.
    """
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0easun-port-{port}")
    except OSError:
        claim.close()
        return False
    CLAIMS.append(claim)
    return True


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _die_with_parent() -> None:
    """Stop the child if the supervisor is killed; runs in the child (Linux)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
