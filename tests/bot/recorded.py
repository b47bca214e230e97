"""A database as the recorder leaves it, about the moment of facts.py."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from services.recorder.rows import to_row
from services.recorder.store import open_store
from services.recorder.upkeep import Upkeep
from shared.history.engine import reader
from shared.messages import DayPlan, Grid, GridState, InverterState, Message, PlannedDay
from shared.topics import GRID_STATE, INVERTER_STATE, OUTAGE_SCHEDULE
from tests.bot.facts import KYIV, NOW, TODAY, at, plan, window

YESTERDAY = TODAY - timedelta(days=1)
LOST = (window("14:00", "14:20", YESTERDAY), window("08:12", "11:05"), window("18:02", "24:00"))
EVERY = timedelta(minutes=4)


def recorded(directory: Path) -> Engine:
    """Two days: an outage yesterday that nobody had planned, a planned one this morning, one that lasts."""
    path, now = directory / "easun.db", NOW - 2 * timedelta(days=1)
    day = (PlannedDay(day=TODAY, state=DayPlan.PLANNED, confirmed_at=at("00:00")),)
    empty = (PlannedDay(day=YESTERDAY, state=DayPlan.NO_OUTAGES, confirmed_at=now),)
    messages: list[tuple[str, Message]] = [
        (OUTAGE_SCHEDULE.named(), plan(at=now, days=empty, windows=(), fetched_at=now)),
        (OUTAGE_SCHEDULE.named(), plan(at=at("00:00"), days=day, fetched_at=at("00:00"))),
    ]
    since, state = now, Grid.ON
    while now <= NOW:
        power = Grid.OFF if any(one.start <= now < one.end for one in LOST) else Grid.ON
        since, state = (since, state) if power is state else (now, power)
        messages.append((GRID_STATE.named(), GridState(at=now, state=state, since=since)))
        grid_w = 503 if state is Grid.ON else 0
        reading = InverterState(
            at=now,
            load_power_w=504,
            pv_power_w=1000,
            grid_power_w=grid_w,
            battery_soc_percent=80,
            grid_voltage_v=230,
        )
        messages.append((INVERTER_STATE.named("main"), reading))
        now += EVERY
    store = open_store(path)
    store.write([to_row(topic, message.model_dump_json().encode()) for topic, message in messages])
    Upkeep(store, KYIV, 400).finish(NOW)
    store.close()
    return reader(path)
