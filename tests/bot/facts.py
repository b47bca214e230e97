"""The state of the broker at a moment, for texts and rules."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.bot.texts.html import escape_html
from shared.broker_state import BrokerState
from shared.conditions import Reason
from shared.messages import (
    Availability,
    BatteryInfo,
    BatteryState,
    Certainty,
    Contact,
    DayState,
    Grid,
    GridState,
    HoursChange,
    HoursChangeKind,
    InverterState,
    OutageSchedule,
    PlannedDay,
    PlugState,
    ScheduleChange,
    ServiceHealth,
    ServiceStatus,
    Window,
)
from shared.texts.language import Language
from shared.texts.localizer import Localizer

KYIV = ZoneInfo("Europe/Kyiv")
NOW = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)  # 18:30 on the wall
TODAY, TOMORROW = date(2026, 11, 24), date(2026, 11, 25)


def localizer_for(language: Language = Language.EN, now: datetime = NOW) -> Localizer:
    return Localizer(language, now, KYIV, escape_html)


def at(clock: str, day: date = TODAY) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return (datetime(day.year, day.month, day.day, tzinfo=KYIV) + timedelta(hours=hour, minutes=minute)).astimezone(UTC)


def window(start: str, end: str, day: date = TODAY, certainty: Certainty = Certainty.DEFINITE) -> Window:
    return Window(start=at(start, day), end=at(end, day), certainty=certainty)


def plan(**changes: Any) -> OutageSchedule:
    given: dict[str, Any] = {
        "at": NOW,
        "queue": "5.2",
        "days": (
            PlannedDay(day=TODAY, state=DayState.PLANNED, confirmed_at=NOW),
            PlannedDay(day=TOMORROW, state=DayState.NO_OUTAGES, confirmed_at=NOW),
        ),
        "windows": (
            window("08:00", "11:00"),
            window("18:00", "21:30"),
            window("22:00", "24:00", TODAY, Certainty.POSSIBLE),
        ),
        "fetched_at": NOW,
    }
    return OutageSchedule(**(given | changes))


def changed_plan() -> OutageSchedule:
    change = ScheduleChange(
        at=at("18:05"),
        published=(TOMORROW,),
        hours=(
            HoursChange(kind=HoursChangeKind.ADDED, after=(window("22:00", "24:00"),)),
            HoursChange(kind=HoursChangeKind.CANCELLED, before=(window("14:00", "16:00"),)),
            HoursChange(
                kind=HoursChangeKind.MOVED, before=(window("17:00", "20:30"),), after=(window("18:00", "21:30"),)
            ),
        ),
    )
    return plan(change=change)


def grid(state: Grid, since: datetime, now: datetime = NOW) -> GridState:
    return GridState(at=now, state=state, since=since, transition_id=f"{state}-{since.isoformat()}")


def broker_state(now: datetime = NOW, **changes: Any) -> BrokerState:
    full = BrokerState(
        connected=True,
        grid=grid(Grid.OFF, at("18:02"), now),
        schedule=plan(),
        inverters={
            "main": InverterState(at=now, grid_voltage_v=0.0, load_power_w=640, pv_power_w=0, faults=(), warnings=())
        },
        batteries={
            "all": BatteryState(at=now, voltage_v=52.1, power_w=-655.0, soc_percent=44.0, remaining_ah=88.0),
            "c1": BatteryState(
                at=now,
                voltage_v=52.1,
                power_w=-655.0,
                soc_percent=44.0,
                cell_min_v=3.251,
                cell_max_v=3.262,
                cell_delta_v=0.011,
                temperatures_c=(21.5, 22.0),
                alarms=(),
            ),
            "c2": BatteryState(at=now - timedelta(hours=2), soc_percent=90.0),
        },
        battery_infos={
            "c1": BatteryInfo(at=now, address="C8:47:80:00:00:01", name="Cellar <b>"),
            "c2": BatteryInfo(at=now, address="C8:47:80:00:00:02", name="Attic & co"),
        },
        battery_availability={
            "c2": Availability(
                at=now, state=Contact.OFFLINE, since=now - timedelta(hours=2), reason=Reason.sentence("Lost.")
            )
        },
        plugs={
            "boiler": PlugState(at=now, name="Boiler <b>", on=False, reachable=True),
            "desk": PlugState(at=now, name="Desk", on=None, reachable=False, protected=True),
        },
        services={
            "poller": ServiceStatus(at=now, state=ServiceHealth.ONLINE, since=now - timedelta(days=1), version="0.1.0")
        },
    )
    return replace(full, **changes)


def several_inverters(now: datetime = NOW, **changes: Any) -> BrokerState:
    """Return a home with three inverters on three phases, one of which is silent; the second phase is gone."""
    phases = {1: True, 2: False, 3: None}
    silent = Availability(
        at=now, state=Contact.OFFLINE, since=now - timedelta(minutes=9), reason=Reason.sentence("No.")
    )
    several: dict[str, Any] = {
        "grid": grid(Grid.ON, at("12:00"), now).model_copy(update={"phases": phases, "voltage_v": 231.0}),
        "inverters": {
            "all": InverterState(at=now, inverters=("left", "mid", "right"), silent=("right",)),
            "left": InverterState(at=now, load_power_w=400, pv_power_w=150, faults=(), warnings=()),
            "mid": InverterState(at=now, load_power_w=1000, total_load_power_w=1600, pv_power_w=0, faults=()),
            "right": InverterState(at=now - timedelta(minutes=9), load_power_w=300),
        },
        "inverter_availability": {"right": silent},
    }
    return broker_state(now, **several | changes)
