"""How a service repeats its work and stops."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from shared import clock
from shared.conditions import broker as conditions
from shared.conditions.schedule import NO_ANSWER as NO_ANSWER_IN_TIME
from shared.errors import ConfigError, DeviceOfflineError, TwinError
from shared.health import Health
from shared.messages import Grid, GridState, ServiceHealth
from shared.service import EXIT_CONFIG, Service, exit_pause_s, repeat, run
from shared.settings import ServiceSettings
from shared.topics import GRID_STATE
from tests.support.flying_time import fly
from tests.support.living import living
from tests.support.small_broker import SmallBroker
from tests.support.waiting import eventually, until

NO_ANSWER = NO_ANSWER_IN_TIME()
STATUS = "service/poller/status"


@pytest.fixture
def environment(small_broker: SmallBroker, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The settings that lead a service to the broker; its clock and its log end with the test."""
    for name, value in ({"env_file": ""} | small_broker.settings).items():
        monkeypatch.setenv(name.upper(), str(value))
    monkeypatch.setattr(clock, "_this", None)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield monkeypatch
    root.handlers[:] = before
    root.setLevel(level)


def grid(second: int) -> GridState:
    at = clock.utc_now()
    return GridState(at=at, since=at, state=Grid.ON, voltage_v=float(second))


def test_a_service_lives_until_it_is_told_to_stop_and_says_goodbye(
    small_broker: SmallBroker, environment: pytest.MonkeyPatch
) -> None:
    tidied = []

    async def serve(service: Service[ServiceSettings]) -> None:
        service.bus.publish(GRID_STATE, grid(1))
        try:
            await asyncio.Event().wait()
        finally:
            tidied.append(True)

    def stop_it() -> None:
        eventually(lambda: small_broker.on("grid/state"))
        os.kill(os.getpid(), signal.SIGTERM)

    stopper = threading.Thread(target=stop_it)
    stopper.start()
    run("poller", ServiceSettings, serve)
    stopper.join()
    assert tidied
    states = [(one["state"], [reason["code"] for reason in one["reasons"]]) for one in small_broker.on(STATUS)]
    assert states[0] == (ServiceHealth.ONLINE, [])
    assert states[-1] == (ServiceHealth.OFFLINE, [conditions.STOPPED.code])


def test_settings_that_only_a_person_can_mend_are_its_last_words(
    small_broker: SmallBroker, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def never(service: Service[ServiceSettings]) -> None:
        raise AssertionError("it starts all the same")

    environment.setenv("LOG_LEVEL", "LOUD")
    with pytest.raises(SystemExit) as left:
        run("poller", ServiceSettings, never)
    assert left.value.code == EXIT_CONFIG
    assert "LOG_LEVEL" in capsys.readouterr().err
    assert small_broker.on(STATUS)[-1]["state"] == ServiceHealth.OFFLINE
    assert "LOG_LEVEL" in str(small_broker.on(STATUS)[-1]["reasons"])


def test_what_only_a_person_can_mend_later_ends_it_too(
    small_broker: SmallBroker, environment: pytest.MonkeyPatch
) -> None:
    async def serve(service: Service[ServiceSettings]) -> None:
        await service.bus.connected.wait()
        raise ConfigError(NO_ANSWER)

    with pytest.raises(SystemExit) as left:
        run("poller", ServiceSettings, serve)
    assert left.value.code == EXIT_CONFIG
    assert [reason["code"] for reason in small_broker.on(STATUS)[-1]["reasons"]] == [NO_ANSWER.code]


async def test_what_is_said_while_the_broker_is_away_arrives_in_order_when_it_is_back(
    small_broker: SmallBroker, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr("shared.bus.bus.RESUBSCRIBE_MARGIN_S", 0)

    async def serve(service: Service[ServiceSettings]) -> None:
        bus = service.bus
        bus.publish(GRID_STATE, grid(1))
        await bus.flush()
        small_broker.break_connections()
        await until(lambda: not bus.connected.is_set())
        for second in (2, 3):
            bus.publish(GRID_STATE, grid(second))
        await bus.flush()
        await asyncio.Event().wait()

    async with living("poller", ServiceSettings(), serve, small_broker):
        await until(lambda: [one["voltage_v"] for one in small_broker.on("grid/state")][-1:] == [3])
    seen = [one["voltage_v"] for one in small_broker.on("grid/state")]
    assert list(dict.fromkeys(seen)) == [1, 2, 3]


async def test_a_cancellation_that_a_library_swallows_stops_the_loop_all_the_same() -> None:
    steps = 0

    async def swallowing() -> float:
        nonlocal steps
        steps += 1
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        return 0

    task = asyncio.create_task(repeat(swallowing, Health(), "inverter"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=5)
    assert task.cancelled()
    assert steps == 1


async def test_a_passing_failure_is_reported_and_over_when_it_works_again() -> None:
    health = Health()
    outcomes = iter([DeviceOfflineError(NO_ANSWER), None])
    told: list[str | None] = []
    health.changed = lambda: told.append(next((reason.text for reason in health._problems.values()), None))

    async def step() -> float:
        outcome = next(outcomes)
        if outcome:
            raise outcome
        return 60

    task = asyncio.create_task(repeat(step, health, "inverter"))
    await until(lambda: told == [NO_ANSWER.text, None])
    task.cancel()


def test_a_device_may_be_away_for_days() -> None:
    async def step() -> float:
        raise DeviceOfflineError(NO_ANSWER)

    async def run() -> None:
        task = asyncio.create_task(repeat(step, Health(), "inverter"))
        await asyncio.sleep(3 * 24 * 3600)
        assert not task.done()
        task.cancel()

    fly(run())


def test_in_a_container_a_twin_waits_before_it_ends_because_docker_starts_it_again() -> None:
    twin, other = TwinError(NO_ANSWER), ConfigError(NO_ANSWER)
    assert exit_pause_s(twin, in_container=True) >= 600
    assert exit_pause_s(twin, in_container=False) == exit_pause_s(other, in_container=True) == 0


async def test_a_bug_is_not_caught() -> None:
    async def step() -> float:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await repeat(step, Health(), "inverter")
