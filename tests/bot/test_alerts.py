"""The rules: what is told, and that nothing is told twice or from ignorance."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.bot.alert import Alert, Kind
from services.bot.alerts import Event, plug_event, step
from services.bot.memory import Memory
from services.bot.merge import account
from services.bot.troubles import Rules
from services.bot.wording import alert_text
from shared.broker_state import BrokerState
from shared.messages import (
    ActionOutcome,
    BatteryInfo,
    BatteryState,
    DayPlan,
    Grid,
    GridState,
    PlannedDay,
    PlugAction,
    ServiceHealth,
    ServiceStatus,
)
from shared.outages import Expected
from tests.bot.facts import NOW, TODAY, at, changed_plan, grid, house, plan, voice

RULES = Rules(reminder_minutes=(15,))
MINUTE = timedelta(minutes=1)


def run(memory: Memory, known: BrokerState, now: datetime, rules: Rules = RULES) -> tuple[Memory, list[Alert]]:
    """Take a step as after a restart: the memory has been on disk."""
    memory, alerts = step(Memory.model_validate_json(memory.model_dump_json()), known, now, rules)
    again, twice = step(memory, known, now, rules)
    assert (again, twice) == (memory, []), "the same message a second time says nothing"
    return memory, alerts


def bare(state: Grid, since: datetime, now: datetime) -> BrokerState:
    return BrokerState(grid=grid(state, since, now))


GRID_STEPS = st.lists(
    st.tuples(st.sampled_from([Grid.ON, Grid.OFF, Grid.UNKNOWN]), st.integers(1, 1500), st.booleans()), max_size=30
)


@settings(max_examples=150, deadline=None)
@given(GRID_STEPS)
def test_each_change_of_the_grid_is_told_or_counted_once_and_none_from_unknown(
    steps: list[tuple[Grid, int, bool]],
) -> None:
    now, memory, told, confirmed, key, changes = NOW, Memory(), list[Alert](), None, None, 0
    since = now
    for state, seconds, is_stale in steps:
        now += timedelta(seconds=seconds)
        if state is not Grid.UNKNOWN and state is not confirmed and not is_stale:
            changes += confirmed is not None
            confirmed, since, key = state, now, f"{state}-{now.isoformat()}"
        stated = Grid.UNKNOWN if state is Grid.UNKNOWN or confirmed is None else confirmed
        seen_at = now - timedelta(days=7) if is_stale else now
        message = GridState(at=seen_at, state=stated, since=since, transition_id=key)
        memory, alerts = run(memory, BrokerState(grid=message), now)
        assert stated is not Grid.UNKNOWN or not alerts
        told += alerts
    for _ in range(2):
        now += timedelta(minutes=5)
        if confirmed:
            memory, alerts = run(memory, BrokerState(grid=grid_again(confirmed, since, key, now)), now)
            told += alerts
    counted = sum(alert.count if alert.kind is Kind.GRID_UNSTABLE else 1 for alert in told)
    assert counted == changes
    assert max(Counter(alert.key for alert in told).values(), default=1) == 1


def grid_again(state: Grid, since: datetime, key: str | None, now: datetime) -> GridState:
    return GridState(at=now, state=state, since=since, transition_id=key)


def test_the_alert_of_an_outage_knows_what_people_ask() -> None:
    memory, alerts = run(Memory(), house(grid=grid(Grid.ON, at("11:00"))), NOW)
    assert [one.kind for one in alerts if one.group == "grid"] == []
    memory, alerts = run(memory, house(), NOW)
    (lost,) = (one for one in alerts if one.kind is Kind.GRID_LOST)
    assert (lost.at, lost.expected, lost.soc_percent, lost.load_w) == (at("18:02"), Expected.OUTAGE, 44.0, 640)
    assert lost.window
    assert lost.window.end == at("21:30")
    assert lost.lasted_s == (at("18:02") - at("11:00")).total_seconds()


@pytest.mark.parametrize(("began", "count"), [("18:00", 1), ("17:00", 0)])
def test_a_whole_outage_in_our_absence_is_told_but_not_a_poller_without_memory(began: str, count: int) -> None:
    memory, _ = run(Memory(), house(grid=grid(Grid.ON, at("09:00"))), NOW)
    back = house(grid=grid(Grid.ON, at("17:30")), listening_since=at(began))
    memory, alerts = run(memory, back, NOW)
    assert [(one.kind, one.at, one.over) for one in alerts] == [(Kind.GRID_BACK, at("17:30"), True)] * count


def test_figures_of_now_are_not_passed_off_as_those_of_then() -> None:
    memory, _ = run(Memory(), house(grid=grid(Grid.ON, at("11:00"))), NOW)
    _, alerts = run(memory, house(grid=grid(Grid.OFF, at("14:00"))), NOW)
    (lost,) = (one for one in alerts if one.kind is Kind.GRID_LOST)
    assert "44\u00a0% (as of 18:30)" in alert_text(voice(), lost)
    back = lost.model_copy(update={"kind": Kind.GRID_BACK, "key": "b", "at": at("15:00")})
    assert "44 %" not in account(voice(), [lost, back])


def test_a_flapping_grid_is_merged() -> None:
    now, memory, told = NOW, Memory(), list[Alert]()
    for number in range(13):
        now += 0.5 * MINUTE
        memory, alerts = run(memory, bare(Grid.OFF if number % 2 else Grid.ON, now, now), now)
        told += alerts
    assert len(told) == 4
    memory, alerts = run(memory, bare(Grid.ON, now, now + 4 * MINUTE), now + 4 * MINUTE)
    assert [(one.kind, one.count, one.on) for one in alerts] == [(Kind.GRID_UNSTABLE, 8, True)]


def test_a_schedule_is_news_once_and_not_at_the_first_sight() -> None:
    memory, alerts = run(Memory(), BrokerState(schedule=plan()), NOW)
    assert alerts == []
    memory, alerts = run(memory, BrokerState(schedule=changed_plan()), NOW)
    assert [one.kind for one in alerts] == [Kind.SCHEDULE]
    assert run(Memory(), BrokerState(schedule=changed_plan()), NOW)[1] == []
    assert run(memory, BrokerState(schedule=changed_plan()), NOW + timedelta(days=3))[1] == []


@pytest.mark.parametrize(
    ("clock", "state", "kinds"),
    [
        pytest.param("17:40", Grid.ON, [], id="too-early"),
        pytest.param("17:46", Grid.ON, [Kind.REMIND_OUTAGE], id="outage-ahead"),
        pytest.param("17:46", Grid.OFF, [], id="it-is-dark-already"),
        pytest.param("17:46", Grid.UNKNOWN, [], id="nobody-knows"),
        pytest.param("21:20", Grid.OFF, [Kind.REMIND_LIGHT], id="light-ahead"),
        pytest.param("21:20", Grid.ON, [], id="the-light-is-back-already"),
    ],
)
def test_reminders(clock: str, state: Grid, kinds: list[Kind]) -> None:
    now = at(clock)
    known = BrokerState(grid=grid(state, at("12:00"), now), schedule=plan(fetched_at=now))
    memory, _ = run(Memory(), BrokerState(grid=grid(state, at("12:00"), now)), now)
    assert [one.kind for one in run(memory, known, now)[1]] == kinds


def test_no_reminder_of_a_plan_that_does_not_hold() -> None:
    day = (PlannedDay(day=TODAY, state=DayPlan.EMERGENCY, confirmed_at=NOW),)
    now = at("17:50")
    for doubtful in (plan(days=day), plan(fetched_at=now - timedelta(days=2))):
        assert run(Memory(), BrokerState(grid=grid(Grid.ON, at("12:00"), now), schedule=doubtful), now)[1] == []


def charged(soc: float | None, now: datetime = NOW) -> BrokerState:
    return BrokerState(batteries={"all": BatteryState(at=now, soc_percent=soc)})


def test_a_low_battery_is_told_once_a_crossing() -> None:
    memory, kinds = Memory(), []
    for number, soc in enumerate([30, 19, 21, 19.5, None, 24, 26, 30, 19]):
        now = NOW + 20 * number * MINUTE
        memory, alerts = run(memory, charged(soc, now), now)
        kinds += [(soc, one.over) for one in alerts]
    assert kinds == [(19, False), (26, True), (19, False)]
    assert run(Memory(), charged(5, NOW - timedelta(days=2)), NOW)[1] == [], "old news"


def alarmed(now: datetime, *alarms: str) -> BrokerState:
    return BrokerState(
        batteries={"c1": BatteryState(at=now, alarms=alarms)},
        battery_infos={"c1": BatteryInfo(at=now, address="C8:47:80:00:00:01", name="Cellar")},
    )


def test_an_alarm_that_comes_and_goes_is_told_when_it_stays() -> None:
    memory, told = Memory(), []
    for minute in range(60):
        now = NOW + minute * MINUTE
        is_there = minute < 20 and minute % 2 == 0
        memory, alerts = run(memory, alarmed(now, *(("cell over-voltage",) if is_there else ())), now)
        told += alerts
    assert [(one.kind, one.over, one.name) for one in told] == [
        (Kind.BATTERY_ALARM, False, "Cellar"),
        (Kind.BATTERY_ALARM, True, "Cellar"),
    ]
    assert memory.conditions == {}


def service(state: ServiceHealth, status_at: datetime) -> BrokerState:
    return BrokerState(services={"poller": ServiceStatus(at=status_at, state=state, since=status_at, version="1")})


def test_a_service_is_down_after_a_while_and_a_disabled_one_never() -> None:
    memory, _ = run(Memory(), service(ServiceHealth.OFFLINE, NOW - timedelta(hours=5)), NOW)
    early = run(memory, service(ServiceHealth.OFFLINE, NOW - timedelta(hours=5)), NOW + 4 * MINUTE)[1]
    assert early == [], "after a boot all are gone for a moment"
    memory, alerts = run(memory, service(ServiceHealth.OFFLINE, NOW), NOW + 6 * MINUTE)
    assert [one.kind for one in alerts] == [Kind.SERVICE_DOWN]
    now = NOW + 7 * MINUTE
    assert [one.over for one in run(memory, service(ServiceHealth.ONLINE, now), now)[1]] == [True]
    disabled = run(Memory(), service(ServiceHealth.DISABLED, NOW), NOW)[0]
    assert run(disabled, service(ServiceHealth.DISABLED, NOW), NOW + 60 * MINUTE)[1] == []


def test_the_bot_does_not_report_on_itself() -> None:
    gone = ServiceStatus(at=NOW, state=ServiceHealth.OFFLINE, since=NOW, version="1")
    memory, alerts = Memory(), list[Alert]()
    for minute in range(0, 20, 2):
        memory, told = run(memory, BrokerState(services={"bot": gone, "poller": gone}), NOW + minute * MINUTE)
        alerts += told
    assert [one.name for one in alerts] == ["poller"]


def test_a_service_that_does_part_of_its_work_is_told_late_and_not_called_down() -> None:
    memory, told = Memory(), list[Alert]()
    for minute in range(0, 70, 2):
        now = NOW + minute * MINUTE
        status = ServiceStatus(at=now, state=ServiceHealth.DEGRADED, since=NOW, reason="No source.", version="1")
        memory, alerts = run(memory, BrokerState(services={"schedule": status}), now)
        told += [alert.model_copy(update={"stored_at": now}) for alert in alerts]
    assert [(one.kind, one.name, one.stored_at) for one in told] == [
        (Kind.SERVICE_PARTLY, "schedule", NOW + 60 * MINUTE)
    ]


def test_what_was_done_to_a_plug_is_told_once() -> None:
    event = Event("boiler", PlugAction(at=NOW, on=False, by="grid", outcome=ActionOutcome.DONE))
    memory, alerts = plug_event(Memory(), house(), event, NOW)
    assert [(one.name, one.on) for one in alerts] == [("Boiler <b>", False)]
    assert plug_event(memory, house(), event, NOW) == (memory, [])
    other = Event("boiler", event.action.model_copy(update={"gang": "2"}))
    assert [one.name for one in plug_event(memory, house(), other, NOW)[1]] == ["Boiler <b> 2"]
