"""How every service starts, repeats its work, backs off and stops."""

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar

from shared.backoff import Backoff
from shared.bus import Bus
from shared.clock import LOOK_S, Clock, use_clock, utc_now
from shared.conditions import broker, files
from shared.conditions.system import os_reason
from shared.errors import BadReplyError, ConfigError, DeviceOfflineError, TwinError
from shared.health import Health, Reporter
from shared.logs import to_file, to_stderr
from shared.machine import SimulatedMachine, run_on
from shared.notify import notify
from shared.settings import MqttSettings, ServiceSettings, load

log = logging.getLogger("service")

S = TypeVar("S", bound=ServiceSettings)

EXIT_CONFIG = 78
"""EX_CONFIG of sysexits.h: a restart is useless until the user has done something, and supervisors know that."""
HEARTBEAT_S = 30
LAST_WORDS_S = 10.0
STOP_AGAIN_S = 5.0
TWIN_PAUSE_S = 600.0
"""In a container: Docker restarts it whatever its exit code, and each start disturbs the other process for a moment."""
RETRY_FIRST_S = 1.0
RETRY_MOST_S = 30.0


@dataclass(frozen=True)
class Service(Generic[S]):
    """The parts that every service has."""

    name: str
    settings: S
    bus: Bus
    health: Health


def run(
    name: str,
    settings_type: type[S],
    serve: Callable[[Service[S]], Coroutine[Any, Any, None]],
    *,
    session_s: int = 0,
    mqtt5: bool = True,
) -> None:
    """Run a service until it is told to stop; session_s and mqtt5 are those of its Bus.

    Exit codes: 0 told to stop, 78 only the user can fix it, 1 a bug, with its traceback.
    """
    to_stderr(name, "INFO")
    try:
        settings = load(settings_type)
        if settings.simulated_clock:
            run_on(SimulatedMachine(settings.simulated_clock))
        use_clock(Clock(always_trusted=settings.clock_trust == "always"))
    except ConfigError as error:
        asyncio.run(_last_words(name, error))
        _give_up(error)
    to_stderr(name, settings.log_level)
    if settings.log_dir:
        to_file("-".join(filter(None, (name, settings.instance))), settings.log_dir)
    try:
        asyncio.run(_live(name, settings, serve, session_s, mqtt5=mqtt5))
    except ConfigError as error:
        _give_up(error, pause_s=exit_pause_s(error, in_container=settings.health_file is not None))


async def repeat(
    step: Callable[[], Awaitable[float]],
    health: Reporter,
    slot: str,
    *,
    retry_first_s: float = RETRY_FIRST_S,
    retry_most_s: float = RETRY_MOST_S,
) -> NoReturn:
    """Repeat a step, `step()` seconds from start to start; after passing failures with growing pauses."""
    clock = asyncio.get_running_loop().time
    backoff = Backoff(retry_first_s, retry_most_s)
    while True:
        began = clock()
        try:
            pause = await step()
            backoff.reset()
            health.report(slot, None)
        except (DeviceOfflineError, BadReplyError) as error:
            pause = backoff.next_s()
            health.report(slot, error.reason)
        _heed_cancellation()
        await asyncio.sleep(max(0.0, began + pause - clock()))


def _heed_cancellation() -> None:
    """Before Python 3.12, wait_for loses a cancellation that arrives with its result; libraries use it."""
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError


async def _live(
    name: str, settings: S, serve: Callable[[Service[S]], Coroutine[Any, Any, None]], session_s: int, *, mqtt5: bool
) -> None:
    health = Health()
    bus = Bus(settings, name, health, session_s=session_s, mqtt5=mqtt5)
    service = Service(name, settings, bus, health)
    work = asyncio.create_task(serve(service))
    await asyncio.sleep(0)  # so that it subscribes before the first connection
    connection = asyncio.create_task(bus.run())
    around = (_heartbeat(service), _watchdog(health), _lapse(health), _watch_clock(bus.clock), _stop_signal())
    tasks = [work, connection, *map(asyncio.create_task, around)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await _end(work)
        failure = next((error for task in done if (error := task.exception())), None)
        if failure is None or isinstance(failure, ConfigError):
            await _goodbye(bus, connection, failure)
        if failure:
            raise failure
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _end(work: asyncio.Task[None]) -> None:
    """Stop the work and let it clean up: the recorder commits its last batch here."""
    while not work.done():
        work.cancel()
        await asyncio.wait([work], timeout=STOP_AGAIN_S)


async def _goodbye(bus: Bus, connection: asyncio.Task[None], failure: ConfigError | None) -> None:
    if await _reached(bus, connection, LAST_WORDS_S if failure else 0.1):
        await bus.close(failure.reason if failure else broker.STOPPED())


async def _reached(bus: Bus, connection: asyncio.Task[None], patience_s: float) -> bool:
    """Wait for the broker, unless `run` ends before."""
    waiting = asyncio.create_task(bus.connected.wait())
    await asyncio.wait([waiting, connection], timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    return bus.connected.is_set()


async def _heartbeat(service: Service[S]) -> None:
    """Repeat the status while the event loop runs and the broker is there, and touch the file of the health check."""
    while True:
        await service.bus.connected.wait()
        service.bus.send_status()
        _touch(service.settings.health_file)
        await asyncio.sleep(HEARTBEAT_S)


async def _watchdog(health: Health) -> None:
    """Keep systemd's watchdog quiet while the event loop runs, with or without the broker.

    A restart would not bring the broker back, but lose what waits for it.
    """
    notify("READY=1")
    while True:
        status = health.status(utc_now())
        why = " ".join(reason.text for reason in status.reasons)
        notify("WATCHDOG=1", f"STATUS={status.state}: {why}" if why else f"STATUS={status.state}")
        await asyncio.sleep(HEARTBEAT_S)


async def _lapse(health: Health) -> None:
    """Clear reports about messages that are long over."""
    while True:
        health.lapse(time.monotonic())
        await asyncio.sleep(HEARTBEAT_S)


async def _watch_clock(clock: Clock) -> None:
    """Notice when the clock is set."""
    while True:
        clock.look()
        await asyncio.sleep(LOOK_S)


def _touch(file: Path | None) -> None:
    try:
        if file:
            file.touch()
    except OSError as error:
        unwritable = files.unwritable(name="HEALTH_FILE", file=str(file), cause=os_reason(error))
        raise ConfigError(unwritable) from None


async def _stop_signal() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


async def _last_words(name: str, error: ConfigError) -> None:
    """Publish the reason as the status, if the settings allow connecting."""
    with suppress(ConfigError):
        bus = Bus(load(MqttSettings), name, Health())
        connection = asyncio.create_task(bus.run())
        await _goodbye(bus, connection, error)
        connection.cancel()
        await asyncio.gather(connection, return_exceptions=True)


def exit_pause_s(error: ConfigError, *, in_container: bool) -> float:
    """Return how long to wait before the process ends, as Docker would restart it at once."""
    return TWIN_PAUSE_S if in_container and isinstance(error, TwinError) else 0


def _give_up(error: ConfigError, *, pause_s: float = 0) -> NoReturn:
    log.error("%s", error)
    time.sleep(pause_s)
    sys.exit(EXIT_CONFIG)
