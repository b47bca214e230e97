"""The past of the house as messages, so that a new installation has charts to show."""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from shared.bus import Bus
from shared.conditions import inverter
from shared.conditions.broker import STOPPED
from shared.freshness import STATUS_HOLDS, fresh
from shared.health import Health
from shared.messages import Grid, GridState, InverterState, Message, Mode, ServiceHealth, ServiceStatus, iso
from shared.topics import BATTERY_STATE, GRID_STATE, INVERTER_STATE, OUTAGE_SCHEDULE, SERVICE_STATUS, Topic
from simulators.house import House, Truth
from simulators.jk.past import HouseBattery, battery_states
from simulators.registers import Layout, power_flow, power_flow_ext, shown_warnings, strings
from simulators.schedule.past import schedules
from simulators.settings import HistorySettings

log = logging.getLogger("history")

LONG_PATIENCE_S = 600
EVERY_S = {"poller": 60, "bms": 300}
"""Seconds between readings of a service."""
MODES = {1: Mode.STANDBY, 2: Mode.MAINS, 3: Mode.OFF_GRID, 5: Mode.CHARGING}

WARNINGS = {0: inverter.MAINS_LOST, 8: inverter.BATTERY_VOLTAGE_LOW, 12: inverter.BATTERY_NOT_YET_RECOVERED}

SAME_ON_BOTH = (
    *("mode_code", "fault_bits", "warning_bits"),
    *("grid_voltage_v", "grid_frequency_hz", "grid_power_w"),
    *("inverter_voltage_v", "inverter_current_a", "inverter_frequency_hz", "inverter_power_w"),
    *("output_voltage_v", "output_current_a", "output_frequency_hz"),
    *("load_power_w", "load_apparent_power_va", "load_percent"),
    *("battery_voltage_v", "battery_current_a", "battery_power_w", "battery_soc_percent"),
    *("pv_power_w", "pv_charging_power_w", "pv_charging_current_a"),
    *("inverter_temperature_c", "dcdc_temperature_c"),
)
SAME_ON_ONE = {
    Layout.CLASSIC: ("bus_voltage_v",),
    Layout.K11: ("grid_charging_power_w", "pv_temperature_c", "pv_energy_today_kwh", "pv_energy_total_kwh"),
}
"""What Truth and InverterState call the same, and which layout has registers for it."""


Told = tuple[Topic[Any], Message, str]
"""A topic, a message and the name in the topic."""


async def publish_pasts(
    settings: HistorySettings, accounts: Iterable[str], days: int | None, every_s: int | None, *, wait: bool
) -> None:
    """Publish the past of several services at the same time."""
    pasts = (
        publish_past(settings, account, days, every_s or EVERY_S.get(account, 60), wait=wait) for account in accounts
    )
    await asyncio.gather(*pasts)  # a task group would wrap the error


async def publish_past(settings: HistorySettings, account: str, days: int | None, every_s: int, *, wait: bool) -> None:
    """Publish what a service would have published until now, wait until the broker has all of it, and end.

    It goes where only recorders listen: on the live topics it would be news of the grid for plugs, page and bot.
    With `wait` it first waits for a recorder: messages without a subscriber are lost.
    """
    now = datetime.now(UTC)
    past = PASTS[account](settings, settings.new_house(now, days), now, every_s)
    bus = Bus(settings, account, Health(), client_id=f"easun-house-history-{account}", announce=False)
    recorder = _recorder_online(bus)
    if not wait:
        recorder.set()
    connection = asyncio.create_task(bus.run())
    work = asyncio.create_task(_send(bus, settings, past, recorder))
    try:
        await asyncio.wait([connection, work], return_when=asyncio.FIRST_COMPLETED)
        if connection.done():
            connection.result()
        count = await work
        log.info("%d messages of %s are on the broker.", count, account)
    finally:
        work.cancel()
        connection.cancel()


def of_poller(settings: HistorySettings, house: House, until: datetime, every_s: int) -> Iterator[Told]:
    """Yield the readings of the inverter and the states of the grid."""
    for truth in truths(house, until, every_s):
        yield INVERTER_STATE, inverter_state(truth, settings.house_layout), settings.inverter_name
        yield GRID_STATE, grid_state(truth), ""


def of_bms(settings: HistorySettings, house: House, until: datetime, every_s: int) -> Iterator[Told]:
    """Yield the readings of the batteries."""
    for truth in truths(house, until, every_s):
        seen = HouseBattery(
            truth.house_time, truth.battery_voltage_v, truth.battery_current_a, truth.battery_soc_percent
        )
        for name, state in battery_states(seen, settings.house_batteries):
            yield BATTERY_STATE, state, name


def of_schedule(settings: HistorySettings, house: House, until: datetime, _every_s: int) -> Iterator[Told]:
    """Yield the schedules."""
    for schedule in schedules(settings.house_outages, settings.house_queue, house.now, until):
        yield OUTAGE_SCHEDULE, schedule, ""


PASTS = {"poller": of_poller, "bms": of_bms, "schedule": of_schedule}
"""What each service would have published, by its account."""


def truths(house: House, until: datetime, every_s: int) -> Iterator[Truth]:
    """Advance the house step by step and yield its state."""
    while house.now + timedelta(seconds=every_s) <= until:
        house.step(every_s)
        yield house.truth()


def inverter_state(truth: Truth, layout: Layout) -> InverterState:
    """Return a reading as the poller would publish it; what the layout has no register for is unknown."""
    values = {name: getattr(truth, name) for name in (*SAME_ON_BOTH, *SAME_ON_ONE[layout])}
    warnings = tuple(warning() for bit, warning in WARNINGS.items() if truth.warning_bits >> bit & 1)
    return InverterState(
        at=truth.house_time,
        mode=MODES[truth.mode_code],
        faults=(),
        warnings=warnings,
        warning_bits_masked=shown_warnings(truth),
        power_flow_bits=power_flow(truth),
        inverter_charging_current_a=truth.grid_charging_current_a,
        pv1_voltage_v=truth.pv_voltage_v,
        **values,
        **(_classic_only(truth) if layout is Layout.CLASSIC else _k11_only(truth)),
    )


def grid_state(truth: Truth) -> GridState:
    """Return the grid state as the poller would publish it."""
    state = Grid.ON if truth.grid_on else Grid.OFF
    return GridState(
        at=truth.house_time,
        state=state,
        since=truth.grid_since,
        transition_id=f"{state}-{iso(truth.grid_since)}",
        last_known=state,
        last_known_since=truth.grid_since,
        voltage_v=truth.grid_voltage_v,
        frequency_hz=truth.grid_frequency_hz,
    )


def keep_grid(file: Path, truth: Truth) -> None:
    """Write the last change of the grid as the poller keeps it, so that its own start is not one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'{{"grid": {grid_state(truth).model_dump_json()}}}', encoding="utf-8")


def _classic_only(truth: Truth) -> dict[str, float]:
    return {
        "inverter_charging_power_w": truth.grid_charging_power_w,
        "battery_current_average_a": truth.battery_current_a,
        "pv1_current_a": truth.pv_current_a,
    }


def _k11_only(truth: Truth) -> dict[str, float]:
    first, second = strings(truth)
    return {
        "power_flow_ext_bits": power_flow_ext(truth),
        "pv1_current_a": first.current_a,
        "pv1_power_w": first.power_w,
        "pv2_voltage_v": second.voltage_v,
        "pv2_current_a": second.current_a,
        "pv2_power_w": second.power_w,
    }


def _recorder_online(bus: Bus) -> asyncio.Event:
    """Return an event that is set once a recorder is online."""
    there = asyncio.Event()

    def note(name: str, status: ServiceStatus) -> None:
        if (
            name == "recorder"
            and status.state is ServiceHealth.ONLINE
            and fresh(status.at, datetime.now(UTC), STATUS_HOLDS)
        ):
            there.set()

    bus.subscribe(SERVICE_STATUS, note)
    return there


async def _send(bus: Bus, settings: HistorySettings, past: Iterable[Told], recorder: asyncio.Event) -> int:
    """Publish in batches that fit the outbox, each acknowledged before the next; return the number of messages."""
    await recorder.wait()
    batch = settings.mqtt_outbox // 2
    count = 0
    for count, (topic, message, name) in enumerate(past, start=1):
        bus.publish(topic.replay, message, *([name] if name else []))
        if count % batch == 0:
            await bus.flush(LONG_PATIENCE_S)
    await bus.flush(LONG_PATIENCE_S)
    await bus.close(STOPPED())
    return count
