"""Days at a bad wire, in flying time: every value that is published was true, and hardly a cycle is lost."""

import asyncio
import os
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import pytest

from services.poller.inverters import RETRY_MOST_S
from services.poller.settings import PollerSettings
from services.poller.transports.factory import create_client
from shared.health import Health
from shared.messages import Contact, Grid, InverterState
from shared.service import repeat
from shared.topics import GRID_STATE, INVERTER_AVAILABILITY, INVERTER_STATE
from simulators.faults import Fault
from tests.poller.alone import alone
from tests.poller.simulated_inverter import simulated
from tests.support.fake_bus import FakeBus
from tests.support.flying_time import fly

pytestmark = pytest.mark.hours

START = datetime(2026, 11, 23, tzinfo=UTC)
POLL_S = 5.0

HOURS = float(os.environ.get("LONG_RUN_HOURS", "3"))
"""Of flying time at the dongle; LONG_RUN_HOURS=24 is a day, for which nobody waits at every change."""


class Enough(Exception):
    """The time is over."""


def tick_words(tick: int, layout: str) -> Mapping[int, int]:
    """Return registers of which every one says at which tick it was read, within what can be true."""
    a, b = tick % 97, tick % 89
    if layout == "classic":
        base = {
            184: 1,
            171: 0x1E00,
            201: 2,
            202: 2200 + a,
            203: 4960 + b,
            204: 100 + tick % 1009,
            213: 300 + tick % 1013,
        }
        return base | {210: 2200 + b, 215: 480 + a, 217: 0x10000 - 500 - tick % 1019, 223: tick % 1021, 229: tick % 101}
    base = {184: 3, 171: 0x8000, 198: tick % 1031, 201: 2, 203: 4960 + b, 231: 20 + tick % 61, 253: 4960 + a}
    base |= {277: 480 + a, 279: 0x10000 - 500 - tick % 1019, 280: tick % 101, 302: tick % 1021, 338: 2200 + a}
    return base | {
        346: 2200 + b,
        348: 300 + tick % 1013,
        353: tick % 1033,
        391: tick % 1039,
        702: tick % 1049,
        696: 2026,
    }


NAMES = {
    "classic": {
        202: ("grid_voltage_v", 10),
        203: ("grid_frequency_hz", 100),
        204: ("grid_power_w", 1),
        213: ("load_power_w", 1),
        210: ("output_voltage_v", 10),
        215: ("battery_voltage_v", 10),
        217: ("battery_power_w", 1),
        223: ("pv_power_w", 1),
        229: ("battery_soc_percent", 1),
    },
    "k11": {
        198: ("power_flow_bits", 1),
        203: ("grid_frequency_hz", 100),
        231: ("inverter_temperature_c", 1),
        253: ("output_frequency_hz", 100),
        277: ("battery_voltage_v", 10),
        279: ("battery_power_w", 1),
        280: ("battery_soc_percent", 1),
        302: ("pv_power_w", 1),
        338: ("grid_voltage_v", 10),
        346: ("output_voltage_v", 10),
        348: ("load_power_w", 1),
        353: ("pv1_power_w", 1),
        391: ("pv2_power_w", 1),
        702: ("pv_energy_today_kwh", 100),
    },
}


@lru_cache(maxsize=1000)
def true_values(tick: int, layout: str) -> dict[str, float]:
    words = tick_words(tick, layout)
    signed = {name: words[at] - 0x10000 if words[at] > 0x7FFF else words[at] for at, (name, _) in NAMES[layout].items()}
    return {name: signed[name] / divide_by for name, divide_by in NAMES[layout].values()}


def is_true(state: InverterState, layout: str, ticks: range) -> bool:
    """Whether every value that is known was true at one of the ticks of this very cycle."""
    known = {name: getattr(state, name) for name, _ in NAMES[layout].values()}
    return all(
        value is None or any(value == true_values(tick, layout)[name] for tick in reversed(ticks))
        for name, value in known.items()
    )


def is_complete(state: InverterState, layout: str) -> bool:
    """Whether every value is known."""
    return all(getattr(state, name) is not None for name, _ in NAMES[layout].values())


async def live(kind: str, layout: str, hours: float, *faults: Fault) -> tuple[FakeBus, int]:
    """Poll for so many hours; return what was published, and how many cycles there should have been."""
    loop = asyncio.get_running_loop()

    def tick() -> int:
        return int(loop.time() * 10)

    wire, settings = await simulated(kind, lambda: tick_words(tick(), layout))
    wire.faults.dice = random.Random(7)
    end = hours * 3600

    def check(topic: str, message: Any) -> None:
        if loop.time() > end:
            raise Enough
        if topic == INVERTER_STATE.named("main"):
            now = int((message.at - START).total_seconds() * 10)
            assert is_true(message, layout, range(now - 200, now + 1)), (topic, loop.time(), message)

    bus = FakeBus(check)
    all_settings = PollerSettings(_env_file=None, **settings | {"poll_interval": POLL_S, "modbus_timeout": 3})
    inverter = create_client(all_settings)
    poller, _ = alone(inverter, all_settings, bus, Health(), lambda: START + timedelta(seconds=loop.time()))
    try:
        await poller.step()
        await wire.fail(*faults)
        await repeat(poller.step, Health(), "inverter", retry_most_s=RETRY_MOST_S)
    except Enough:
        return bus, int(end / POLL_S)
    finally:
        inverter.close()
        await wire.stop()
    raise AssertionError("unreachable")


def a_bad_wire(*others: str) -> list[Fault]:
    kinds = {"silent": 0.02, "corrupt": 0.01} | dict.fromkeys(others, 0.01)
    return [Fault(kind=kind, probability=probability) for kind, probability in kinds.items()]


@pytest.mark.parametrize(
    ("kind", "layout", "hours", "faults"),
    [
        pytest.param("dongle-eybond", "classic", HOURS, a_bad_wire(), id="eybond"),
        pytest.param(
            "dongle-eybond", "k11", 1, a_bad_wire("late", "stale", "double", "stray", "drop"), id="all-at-once"
        ),
        pytest.param("dongle-raw", "k11", 1, a_bad_wire("late", "double", "stray", "half", "garbage"), id="raw"),
        pytest.param("rtu_over_tcp", "classic", 1, a_bad_wire("late", "double", "stray", "drop"), id="rtu-over-tcp"),
        pytest.param("dongle-eybond", "k11", 1, a_bad_wire("zeros", "zero_identity"), id="zeros-k11"),
        pytest.param("rtu_over_tcp", "k11", 1, a_bad_wire("zeros", "late"), id="zeros-rtu-over-tcp"),
        pytest.param("dongle-eybond", "classic", 1, a_bad_wire("zeros", "exception"), id="zeros-classic"),
    ],
)
def test_no_wrong_value_and_hardly_a_lost_cycle(kind: str, layout: str, hours: float, faults: list[Fault]) -> None:
    bus, cycles = fly(live(kind, layout, hours, *faults))
    assert sum(is_complete(state, layout) for state in bus.on(INVERTER_STATE, "main")) >= 0.95 * cycles
    assert {message.state for message in bus.on(GRID_STATE)} == {Grid.ON}


@pytest.mark.parametrize("kind", ["tcp", "rtu_over_tcp", "dongle-eybond", "dongle-raw"])
@pytest.mark.parametrize("layout", ["classic", "k11"])
@pytest.mark.parametrize("fault", ["zeros", "silent"])
def test_a_block_that_fails_for_an_hour_costs_only_itself(kind: str, layout: str, fault: str) -> None:
    first, last = (100, 109) if layout == "classic" else (277, 281)
    bus, cycles = fly(live(kind, layout, 1, Fault(kind=fault, first=first, last=last)))
    states = bus.on(INVERTER_STATE, "main")
    assert len(states) >= 0.9 * cycles
    assert all(state.grid_voltage_v is not None for state in states[-100:])
    assert {message.state for message in bus.on(GRID_STATE)} == {Grid.ON}


def test_the_truth_would_be_missed_if_it_were_not_told() -> None:
    """The check itself can fail: a value of another moment is found out."""
    state = InverterState(at=START, **true_values(500, "classic"))
    assert is_true(state, "classic", range(400, 501))
    assert not is_true(state, "classic", range(501, 700))


@pytest.mark.parametrize("kind", ["tcp", "rtu_over_tcp", "dongle-eybond", "dongle-raw"])
def test_an_hour_without_the_inverter_is_no_outage_and_ends_by_itself(kind: str) -> None:
    async def run() -> tuple[list[Grid], float]:
        loop = asyncio.get_running_loop()
        wire, settings = await simulated(kind, lambda: tick_words(int(loop.time() * 10), "classic"))
        bus, health = FakeBus(), Health()
        all_settings = PollerSettings(_env_file=None, **settings)
        inverter = create_client(all_settings)
        poller, _ = alone(inverter, all_settings, bus, health, lambda: START + timedelta(seconds=loop.time()))
        polling = asyncio.create_task(repeat(poller.step, health, "inverter", retry_most_s=RETRY_MOST_S))
        await asyncio.sleep(60)
        await wire.fail(Fault(kind="unplug"))
        await asyncio.sleep(3600)
        status = health.status(START)
        assert status.state == "degraded"
        assert status.reasons
        assert bus.on(INVERTER_AVAILABILITY, "main")[-1].state is Contact.OFFLINE
        await wire.fail()
        back = loop.time()
        readings = len(bus.on(INVERTER_STATE, "main"))
        while len(bus.on(INVERTER_STATE, "main")) == readings:
            await asyncio.sleep(0.1)
        took = loop.time() - back
        await asyncio.sleep(10)
        assert health.status(START).reasons == ()
        polling.cancel()
        inverter.close()
        await wire.stop()
        states = [message.state for message in bus.on(GRID_STATE)]
        changes = {message.transition_id for message in bus.on(GRID_STATE) if message.transition_id}
        assert len(changes) == 1, "nothing that anybody should be woken for"
        return [state for at, state in enumerate(states) if at == 0 or states[at - 1] is not state], took

    states, took = fly(run())
    assert states == [Grid.ON, Grid.UNKNOWN, Grid.ON]
    assert took <= 5, "within one announce period, and the reading itself"
