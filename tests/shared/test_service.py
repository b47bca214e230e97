"""How a service repeats its work and stops."""

import asyncio
from contextlib import suppress

import pytest

from shared.conditions.schedule import NO_ANSWER as NO_ANSWER_IN_TIME
from shared.errors import ConfigError, DeviceOfflineError, TwinError
from shared.health import Health
from shared.service import exit_pause_s, repeat
from tests.support.flying_time import fly
from tests.support.waiting import until

NO_ANSWER = NO_ANSWER_IN_TIME()


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


async def test_a_passing_failure_is_said_and_over_when_it_works_again() -> None:
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
