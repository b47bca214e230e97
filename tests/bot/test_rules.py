"""The rules: what is reported, and that nothing is reported twice or from ignorance."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.bot.alerts.alert import Alert, AlertKind
from services.bot.alerts.rules import PlugEvent, next_alerts, plug_alerts
from services.bot.alerts.state import AlertState
from services.bot.alerts.troubles import Limits, trouble_alerts
from services.bot.texts.alerts import alert_text, digest_text
from shared.broker_state import BrokerState
from shared.conditions import Reason, battery, inverter, plugs, schedule
from shared.messages import (
    ActionOutcome,
    Availability,
    BatteryInfo,
    BatteryState,
    Contact,
    DayState,
    Grid,
    GridState,
    InverterState,
    OutageOutlook,
    PlannedDay,
    PlugAction,
    PlugGain,
    PlugState,
    QueueFit,
    QueueScore,
    QueueVerdict,
    ServiceHealth,
    ServiceStatus,
    Verdict,
)
from shared.outages import Expected
from tests.bot.facts import NOW, TODAY, at, broker_state, changed_plan, grid, localizer_for, plan, window
from tests.support.outlooks import outlook

LIMITS = Limits()
REMINDERS = (15,)
MINUTE = timedelta(minutes=1)


def run(state: AlertState, known: BrokerState, now: datetime) -> tuple[AlertState, list[Alert]]:
    """Take a step as after a restart: the state has been on disk."""
    state, alerts = next_alerts(AlertState.model_validate_json(state.model_dump_json()), known, now, LIMITS, REMINDERS)
    again, twice = next_alerts(state, known, now, LIMITS, REMINDERS)
    assert (again, twice) == (state, []), "the same message a second time says nothing"
    return state, alerts


def bare(state: Grid, since: datetime, now: datetime) -> BrokerState:
    return BrokerState(grid=grid(state, since, now))


@pytest.mark.parametrize("power", [Grid.ON, Grid.OFF])
def test_what_was_measured_before_the_outage_that_was_told_is_no_news(power: Grid) -> None:
    """A broker that saves once a minute has it again after a power cut."""
    began, now = NOW, NOW + timedelta(seconds=15)
    told, _ = run(AlertState(), bare(Grid.ON, began - timedelta(hours=2), began), began)
    told, alerts = run(told, bare(Grid.OFF, began, began), began)
    assert [one.kind for one in alerts] == [AlertKind.GRID_LOST]
    before = bare(power, began - timedelta(hours=3), began - timedelta(seconds=2))
    assert run(told, before, now) == (told, [])
    back = run(told, bare(Grid.ON, now, now), now)[1]
    assert [one.kind for one in back] == [AlertKind.GRID_BACK]


GRID_STEPS = st.lists(
    st.tuples(st.sampled_from([Grid.ON, Grid.OFF, Grid.UNKNOWN]), st.integers(1, 1500), st.booleans()), max_size=30
)


@settings(max_examples=150)
@given(GRID_STEPS)
def test_each_change_of_the_grid_is_reported_or_counted_once_and_none_from_unknown(
    steps: list[tuple[Grid, int, bool]],
) -> None:
    now, state, reported, confirmed, key, changes = NOW, AlertState(), list[Alert](), None, None, 0
    since = now
    for power, seconds, is_stale in steps:
        now += timedelta(seconds=seconds)
        if power is not Grid.UNKNOWN and power is not confirmed and not is_stale:
            changes += confirmed is not None
            confirmed, since, key = power, now, f"{power}-{now.isoformat()}"
        stated = Grid.UNKNOWN if power is Grid.UNKNOWN or confirmed is None else confirmed
        seen_at = now - timedelta(days=7) if is_stale else now
        message = GridState(at=seen_at, state=stated, since=since, transition_id=key)
        state, alerts = run(state, BrokerState(grid=message), now)
        assert stated is not Grid.UNKNOWN or not alerts
        reported += alerts
    for _ in range(2):
        now += timedelta(minutes=5)
        if confirmed:
            state, alerts = run(state, BrokerState(grid=grid_again(confirmed, since, key, now)), now)
            reported += alerts
    counted = sum(alert.count if alert.kind is AlertKind.GRID_UNSTABLE else 1 for alert in reported)
    assert counted == changes
    assert max(Counter(alert.key for alert in reported).values(), default=1) == 1


def grid_again(state: Grid, since: datetime, key: str | None, now: datetime) -> GridState:
    return GridState(at=now, state=state, since=since, transition_id=key)


def test_the_alert_of_an_outage_knows_what_people_ask() -> None:
    state, alerts = run(AlertState(), broker_state(grid=grid(Grid.ON, at("11:00"))), NOW)
    assert [one.kind for one in alerts if one.group == "grid"] == []
    state, alerts = run(state, broker_state(), NOW)
    (lost,) = (one for one in alerts if one.kind is AlertKind.GRID_LOST)
    assert (lost.at, lost.expected, lost.soc_percent, lost.load_w) == (at("18:02"), Expected.OUTAGE, 44.0, 640)
    assert lost.window
    assert lost.window.end == at("21:30")
    assert lost.lasted_s == (at("18:02") - at("11:00")).total_seconds()


@pytest.mark.parametrize(("began", "count"), [("18:00", 1), ("17:00", 0)])
def test_a_whole_outage_in_our_absence_is_reported_but_not_a_poller_without_state(began: str, count: int) -> None:
    state, _ = run(AlertState(), broker_state(grid=grid(Grid.ON, at("09:00"))), NOW)
    back = broker_state(grid=grid(Grid.ON, at("17:30")), listening_since=at(began))
    state, alerts = run(state, back, NOW)
    assert [(one.kind, one.at, one.over) for one in alerts] == [(AlertKind.GRID_BACK, at("17:30"), True)] * count


def test_figures_of_now_are_not_passed_off_as_those_of_then() -> None:
    state, _ = run(AlertState(), broker_state(grid=grid(Grid.ON, at("11:00"))), NOW)
    _, alerts = run(state, broker_state(grid=grid(Grid.OFF, at("14:00"))), NOW)
    (lost,) = (one for one in alerts if one.kind is AlertKind.GRID_LOST)
    assert "44\u00a0% (as of 18:30)" in alert_text(localizer_for(), lost)
    back = lost.model_copy(update={"kind": AlertKind.GRID_BACK, "key": "b", "at": at("15:00")})
    assert "44 %" not in digest_text(localizer_for(), [lost, back])


def test_a_flapping_grid_is_merged() -> None:
    now, state, reported = NOW, AlertState(), list[Alert]()
    for number in range(13):
        now += 0.5 * MINUTE
        state, alerts = run(state, bare(Grid.OFF if number % 2 else Grid.ON, now, now), now)
        reported += alerts
    assert len(reported) == 4
    state, alerts = run(state, bare(Grid.ON, now, now + 4 * MINUTE), now + 4 * MINUTE)
    assert [(one.kind, one.count, one.on) for one in alerts] == [(AlertKind.GRID_UNSTABLE, 8, True)]


def test_a_schedule_is_reported_once_and_not_at_the_first_sight() -> None:
    state, alerts = run(AlertState(), BrokerState(schedule=plan()), NOW)
    assert alerts == []
    state, alerts = run(state, BrokerState(schedule=changed_plan()), NOW)
    assert [one.kind for one in alerts] == [AlertKind.SCHEDULE]
    assert run(AlertState(), BrokerState(schedule=changed_plan()), NOW)[1] == []
    assert run(state, BrokerState(schedule=changed_plan()), NOW + timedelta(days=3))[1] == []


@pytest.mark.parametrize(
    ("clock", "state", "kinds"),
    [
        pytest.param("17:40", Grid.ON, [], id="too-early"),
        pytest.param("17:46", Grid.ON, [AlertKind.REMIND_OUTAGE], id="outage-ahead"),
        pytest.param("17:46", Grid.OFF, [], id="it-is-dark-already"),
        pytest.param("17:46", Grid.UNKNOWN, [], id="nobody-knows"),
        pytest.param("21:20", Grid.OFF, [AlertKind.REMIND_POWER_BACK], id="light-ahead"),
        pytest.param("21:20", Grid.ON, [], id="the-light-is-back-already"),
    ],
)
def test_reminders(clock: str, state: Grid, kinds: list[AlertKind]) -> None:
    now = at(clock)
    known = BrokerState(grid=grid(state, at("12:00"), now), schedule=plan(fetched_at=now))
    reported, _ = run(AlertState(), BrokerState(grid=grid(state, at("12:00"), now)), now)
    assert [one.kind for one in run(reported, known, now)[1]] == kinds


def test_a_reminder_says_what_the_outlook_says_of_just_this_outage() -> None:
    now, due = at("17:46"), plan(fetched_at=at("17:46"))
    ahead = next(one for one in due.windows if one.start > now)
    judged = OutageOutlook(
        start=ahead.start,
        end=ahead.end,
        verdict=Verdict.WILL_NOT_LAST,
        margin_min=-35,
        plugs=(PlugGain(plug="b", power_w=900, adds_min=110),),
    )
    other = judged.model_copy(update={"start": judged.start - timedelta(hours=9)})
    unknown = judged.model_copy(update={"verdict": Verdict.UNKNOWN})

    def said(age: timedelta, *outages: OutageOutlook) -> OutageOutlook | None:
        known = BrokerState(
            grid=grid(Grid.ON, at("12:00"), now),
            schedule=due,
            outlook=outlook("no_plan", now - age, outages=outages),
            plugs={"b": PlugState(at=now, name="Boiler")},
        )
        (one,) = [one for one in run(AlertState(), known, now)[1] if one.kind is AlertKind.REMIND_OUTAGE]
        return one.outlook

    told = said(timedelta(), other, judged)
    assert told
    assert (told.margin_min, told.plugs[0].plug) == (-35, "Boiler")
    assert said(timedelta(), other) is said(timedelta(), unknown) is said(timedelta(hours=1), judged) is None


def test_no_reminder_of_a_plan_that_does_not_hold() -> None:
    day = (PlannedDay(day=TODAY, state=DayState.EMERGENCY, confirmed_at=NOW),)
    now = at("17:50")
    for doubtful in (plan(days=day), plan(fetched_at=now - timedelta(days=2))):
        assert run(AlertState(), BrokerState(grid=grid(Grid.ON, at("12:00"), now), schedule=doubtful), now)[1] == []


def charged(soc: float | None, now: datetime = NOW) -> BrokerState:
    return BrokerState(batteries={"all": BatteryState(at=now, soc_percent=soc)})


def test_a_low_battery_is_reported_once_a_crossing() -> None:
    state, kinds = AlertState(), []
    for number, soc in enumerate([30, 19, 19, 21, 19.5, None, 24, 26, 30, 19, 30, 19, 19]):
        now = NOW + 20 * number * MINUTE
        state, alerts = run(state, charged(soc, now), now)
        kinds += [(soc, one.over) for one in alerts]
    assert kinds == [(19, False), (26, True), (19, False)]
    assert run(AlertState(), charged(5, NOW - timedelta(days=2)), NOW)[1] == [], "old news"


def alarmed(now: datetime, *alarms: Reason) -> BrokerState:
    return BrokerState(
        batteries={"c1": BatteryState(at=now, alarms=alarms)},
        battery_infos={"c1": BatteryInfo(at=now, address="C8:47:80:00:00:01", name="Cellar")},
    )


def test_an_alarm_that_comes_and_goes_is_reported_when_it_stays() -> None:
    state, reported = AlertState(), []
    for minute in range(60):
        now = NOW + minute * MINUTE
        is_there = minute < 20 and minute % 4 < 2
        state, alerts = run(state, alarmed(now, *((battery.CELL_VOLTAGE_TOO_LOW(),) if is_there else ())), now)
        reported += alerts
    assert [(one.kind, one.over, one.name) for one in reported] == [
        (AlertKind.BATTERY_ALARM, False, "Cellar"),
        (AlertKind.BATTERY_ALARM, True, "Cellar"),
    ]
    assert state.troubles == {}


@pytest.mark.parametrize(
    ("seen", "told_after_s"),
    [
        pytest.param({0}, None, id="by-one-reading-which-may-be-damaged"),
        pytest.param({0, 20, 40}, None, id="by-one-damaged-reading-in-two"),
        pytest.param({0, 10}, 10, id="by-a-second-one"),
        pytest.param({0, None}, 30, id="by-the-last-one-before-silence"),
    ],
)
@pytest.mark.parametrize("kind", [AlertKind.INVERTER_FAULT, AlertKind.BATTERY_ALARM])
def test_a_fault_is_told_once_a_second_reading_shows_it(
    seen: set[int | None], told_after_s: int | None, kind: AlertKind
) -> None:
    state, told = AlertState(), []
    for second in range(0, 60, 5):
        read_s = 0 if None in seen else second - second % 10
        at, now = NOW + timedelta(seconds=read_s), NOW + timedelta(seconds=second)
        home = alarmed(at, *([battery.CELL_VOLTAGE_TOO_LOW()] if read_s in seen else []))
        if kind is AlertKind.INVERTER_FAULT:
            faults = (inverter.INVERTER_TOO_HOT(),) if read_s in seen else ()
            home = BrokerState(inverters={"main": InverterState(at=at, faults=faults, warnings=())})
        state, alerts = run(state, home, now)
        told += [second for one in alerts if one.kind is kind and not one.over]
    assert told == ([] if told_after_s is None else [told_after_s])


def after_minutes(minutes: int, known: Callable[[datetime], BrokerState]) -> list[Alert]:
    """Return the alerts of so many minutes."""
    state, reported = AlertState(), list[Alert]()
    for minute in range(minutes):
        now = NOW + minute * MINUTE
        state, alerts = run(state, known(now), now)
        reported += alerts
    return reported


@pytest.mark.parametrize(
    ("reason", "power", "count"),
    [
        pytest.param(inverter.PV_VOLTAGE_TOO_LOW(), Grid.ON, 0, id="dusk"),
        pytest.param(inverter.MAINS_LOST(), Grid.OFF, 0, id="the-mains-in-an-outage"),
        pytest.param(inverter.MAINS_LOST(), Grid.UNKNOWN, 0, id="the-mains-while-nobody-knows"),
        pytest.param(inverter.MAINS_VOLTAGE_TOO_HIGH(), Grid.ON, 1, id="the-mains-while-power-is-on"),
        pytest.param(inverter.OVERLOAD(), Grid.OFF, 1, id="overload"),
        pytest.param(Reason(code="inverter.of_the_future", text="New."), Grid.OFF, 1, id="an-unknown-code"),
    ],
)
def test_conditions_say_when_to_be_quiet(reason: Reason, power: Grid, count: int) -> None:
    def known(now: datetime) -> BrokerState:
        return BrokerState(
            grid=grid(power, at("12:00"), now), inverters={"main": InverterState(at=now, warnings=(reason,))}
        )

    assert [one.reasons for one in after_minutes(5, known)] == [(reason,)] * count


def test_only_one_of_several_inverters_is_named_and_their_sum_reports_nothing() -> None:
    hot = InverterState(at=NOW, faults=(inverter.INVERTER_TOO_HOT(),), warnings=())

    def names(*inverters: str) -> list[str]:
        state = BrokerState(inverters=dict.fromkeys(inverters, hot))
        again = BrokerState(inverters=dict.fromkeys(inverters, hot.model_copy(update={"at": NOW + MINUTE})))
        seen_once, _ = run(AlertState(), state, NOW)
        return [one.name for one in run(seen_once, again, NOW + MINUTE)[1]]

    assert names("main") == [""]
    assert names("left", "right", "all") == ["left", "right"]


def test_a_phase_is_lost_and_back_while_the_grid_is_on() -> None:
    def known(state: Grid, phase: bool | None) -> BrokerState:
        return BrokerState(grid=grid(state, at("12:00")).model_copy(update={"phases": {1: True, 2: phase, 3: True}}))

    state, found = AlertState(), list[tuple[str, str, bool]]()
    for seen, phase in ((Grid.ON, True), (Grid.ON, False), (Grid.OFF, False), (Grid.ON, None), (Grid.ON, True)):
        state, alerts = trouble_alerts(state, known(seen, phase), NOW, Limits())
        found += [(one.kind, one.name, one.over) for one in alerts]
    assert found == [(AlertKind.PHASE_LOST, "2", False), (AlertKind.PHASE_LOST, "2", True)]


def test_a_full_battery_is_no_alarm() -> None:
    assert after_minutes(5, lambda now: alarmed(now, battery.BATTERY_FULLY_CHARGED())) == []


def test_a_trouble_is_known_by_its_code_and_parameters_not_by_its_text() -> None:
    reworded = battery.CELL_VOLTAGE_TOO_LOW().model_copy(update={"text": "As a newer version puts it."})
    low, bit_31 = battery.CELL_VOLTAGE_TOO_LOW(), battery.unknown_alarm(bit=31)
    state, told = AlertState(), list[list[Alert]]()
    for minute, alarms in enumerate([(low, battery.unknown_alarm(bit=30))] * 2 + [(reworded, bit_31)] * 2):
        state, alerts = run(state, alarmed(NOW + minute * MINUTE, *alarms), NOW + minute * MINUTE)
        told.append(alerts)
    assert len(told[1]) == 2
    second = told[3] + told[2]
    assert [(one.over, one.reasons) for one in second] == [
        (False, (battery.unknown_alarm(bit=31),)),
        (True, (battery.unknown_alarm(bit=30),)),
    ]


def service(state: ServiceHealth, status_at: datetime) -> BrokerState:
    status = ServiceStatus(at=status_at, state=state, since=status_at, version="1")
    return BrokerState(connected=True, services={"poller": status})


def test_a_service_is_down_after_a_while_and_a_disabled_one_never() -> None:
    state, _ = run(AlertState(), service(ServiceHealth.OFFLINE, NOW - timedelta(hours=5)), NOW)
    early = run(state, service(ServiceHealth.OFFLINE, NOW - timedelta(hours=5)), NOW + 4 * MINUTE)[1]
    assert early == [], "after a boot all are gone for a moment"
    state, alerts = run(state, service(ServiceHealth.OFFLINE, NOW), NOW + 6 * MINUTE)
    assert [one.kind for one in alerts] == [AlertKind.SERVICE_DOWN]
    now = NOW + 7 * MINUTE
    assert [one.over for one in run(state, service(ServiceHealth.ONLINE, now), now)[1]] == [True]
    disabled = run(AlertState(), service(ServiceHealth.DISABLED, NOW), NOW)[0]
    assert run(disabled, service(ServiceHealth.DISABLED, NOW), NOW + 60 * MINUTE)[1] == []


def silent(
    *, connected: bool = True, state: ServiceHealth = ServiceHealth.ONLINE, own_at: datetime | None = None
) -> BrokerState:
    status = ServiceStatus(at=NOW, state=state, since=NOW, version="1")
    own = {"bot": status.model_copy(update={"at": own_at})} if own_at else {}
    return BrokerState(connected=connected, services={"poller": status, "recorder": status} | own)


@pytest.mark.parametrize("state", [ServiceHealth.ONLINE, ServiceHealth.OFFLINE])
@pytest.mark.parametrize(
    ("connected", "hears_itself", "expected"),
    [
        pytest.param(True, True, 2, id="it-hears-itself"),
        pytest.param(True, None, 2, id="it-has-not-heard-of-itself-yet"),
        pytest.param(True, False, 0, id="it-hears-not-even-itself"),
        pytest.param(False, None, 0, id="the-broker-is-away"),
        pytest.param(False, True, 0, id="the-broker-has-just-gone"),
    ],
)
def test_a_bot_that_is_cut_off_calls_no_service_down(
    connected: bool, hears_itself: bool | None, expected: int, state: ServiceHealth
) -> None:
    known, alerts = AlertState(), list[Alert]()
    for minute in range(0, 14, 2):
        now = NOW + minute * MINUTE
        own_at = now if hears_itself else None if hears_itself is None else NOW - 2 * MINUTE
        known, new = run(known, silent(connected=connected, state=state, own_at=own_at), now)
        alerts += new
    assert [one.kind for one in alerts] == [AlertKind.SERVICE_DOWN] * expected


def test_a_service_that_nobody_could_hear_for_a_while_is_not_called_down_as_soon_as_the_broker_is_back() -> None:
    noticed, _ = run(AlertState(), silent(), NOW + 2 * MINUTE)
    away, _ = run(noticed, silent(connected=False), NOW + 60 * MINUTE)
    back, alerts = run(away, silent(), NOW + 61 * MINUTE)
    assert alerts == []
    assert len(run(back, silent(), NOW + 66 * MINUTE)[1]) == 2


def test_what_went_just_before_the_bot_is_given_time_to_come_back_with_it() -> None:
    """All stop together, and those that stop before the bot are still noticed by it."""
    gone = service(ServiceHealth.OFFLINE, NOW)
    contact = {"main": Availability(at=NOW, state=Contact.OFFLINE, since=NOW)}
    before = replace(gone, inverter_availability=contact, listening_since=NOW - 60 * MINUTE)
    noticed, _ = run(AlertState(), before, NOW + MINUTE)
    restarted = replace(before, listening_since=NOW + 60 * MINUTE)
    still, alerts = run(noticed, restarted, NOW + 60 * MINUTE)
    assert alerts == []
    _, alerts = run(still, restarted, NOW + 65 * MINUTE)
    assert {one.kind for one in alerts} == {AlertKind.SERVICE_DOWN, AlertKind.INVERTER_SILENT}
    assert {one.at for one in alerts} == {NOW}


def test_the_bot_does_not_report_on_itself() -> None:
    gone = ServiceStatus(at=NOW, state=ServiceHealth.OFFLINE, since=NOW, version="1")
    state, alerts = AlertState(), list[Alert]()
    for minute in range(0, 20, 2):
        now = NOW + minute * MINUTE
        own = gone.model_copy(update={"at": now})
        state, reported = run(state, BrokerState(connected=True, services={"bot": own, "poller": gone}), now)
        alerts += reported
    assert [one.name for one in alerts] == ["poller"]


def test_a_service_that_does_part_of_its_work_is_reported_late_and_not_called_down() -> None:
    state, reported = AlertState(), list[Alert]()
    for minute in range(0, 70, 2):
        now = NOW + minute * MINUTE
        status = ServiceStatus(
            at=now, state=ServiceHealth.DEGRADED, since=NOW, reasons=(schedule.NO_ANSWER(),), version="1"
        )
        state, alerts = run(state, BrokerState(connected=True, services={"schedule": status}), now)
        reported += [alert.model_copy(update={"stored_at": now}) for alert in alerts]
    assert [(one.kind, one.name, one.stored_at) for one in reported] == [
        (AlertKind.SERVICE_DEGRADED, "schedule", NOW + 60 * MINUTE)
    ]


def test_that_plugs_are_switched_from_now_on_is_reported_within_minutes() -> None:
    state, reported = AlertState(), list[Alert]()
    reason = plugs.enabled_as_before(names="Router")
    for minute in range(0, 10, 2):
        now = NOW + minute * MINUTE
        status = ServiceStatus(at=now, state=ServiceHealth.DEGRADED, since=NOW, reasons=(reason,), version="1")
        state, alerts = run(state, BrokerState(connected=True, services={"tuya": status}), now)
        reported += alerts
    assert [(one.kind, one.reasons) for one in reported] == [(AlertKind.SERVICE_DEGRADED, (reason,))]


def test_what_was_done_to_a_plug_is_reported_once() -> None:
    event = PlugEvent("boiler", PlugAction(at=NOW, on=False, by="grid", outcome=ActionOutcome.DONE))
    state, alerts = plug_alerts(AlertState(), broker_state(), event, NOW)
    assert [(one.name, one.on) for one in alerts] == [("Boiler <b>", False)]
    assert plug_alerts(state, broker_state(), event, NOW) == (state, [])
    other = PlugEvent("boiler", event.action.model_copy(update={"gang": "2"}))
    assert [one.name for one in plug_alerts(state, broker_state(), other, NOW)[1]] == ["Boiler <b> · 2"]


def refusal(plug: str, seconds: float, gang: str | None = None) -> PlugEvent:
    at, outcome = NOW + timedelta(seconds=seconds), ActionOutcome.REFUSED
    return PlugEvent(
        plug, PlugAction(at=at, on=False, by="hass", gang=gang, outcome=outcome, reason=plugs.COMMAND_RETAINED())
    )


def test_a_client_whose_thousand_commands_are_refused_rings_once() -> None:
    state, snapshot, rung = AlertState(), broker_state(), []
    for number in range(1000):
        for plug in ("boiler", f"nobody's {number}"):
            state, alerts = plug_alerts(state, snapshot, refusal(plug, number / 10, f"gang{number}"), NOW)
            rung += alerts
    assert [one.outcome for one in rung] == [ActionOutcome.REFUSED]
    assert len(state.plug_actions) == 2, "what is remembered does not grow"
    assert len(plug_alerts(state, snapshot, plug_event("boiler", on=True), NOW)[1]) == 1, "what is done is told"
    assert len(plug_alerts(state, snapshot, refusal("boiler", 601), NOW)[1]) == 1


def plug_event(plug: str, *, on: bool, by: str = "grid") -> PlugEvent:
    return PlugEvent(plug, PlugAction(at=NOW, on=on, by=by, outcome=ActionOutcome.DONE))


def test_how_long_the_battery_lasts_is_told_by_what_is_so_after_the_event() -> None:
    before = NOW - MINUTE
    state, _ = run(AlertState(), broker_state(before, grid=grid(Grid.ON, NOW - 60 * MINUTE, before)), before)
    measured_before = broker_state(NOW - timedelta(seconds=5), grid=grid(Grid.OFF, NOW))
    state, (lost,) = run(state, measured_before, NOW)
    assert (lost.soc_percent, lost.runtime_s) == (44, None)
    soon = NOW + timedelta(seconds=5)
    state, nothing = run(state, broker_state(soon, grid=grid(Grid.OFF, NOW, soon)), soon)
    assert nothing == []
    assert state.outage
    assert state.outage.now
    assert state.outage.now.runtime_s
    assert state.outage.now.figures_at == soon
    after = soon + timedelta(seconds=5)
    same, _ = run(state, broker_state(after, grid=grid(Grid.OFF, NOW, after)), after)
    assert same == state, "a reading is no event"
    changed = plan(windows=(window("18:00", "23:00"),))
    replanned, _ = run(state, broker_state(after, grid=grid(Grid.OFF, NOW, after), schedule=changed), after)
    assert replanned.outage
    assert replanned.outage.now
    assert replanned.outage.now.window == changed.windows[0]
    _, (back,) = run(state, broker_state(after, grid=grid(Grid.ON, after, after)), after)
    assert (back.soc_percent, back.runtime_s) == (44, None)


def test_the_message_of_the_outage_says_whether_the_battery_lasts() -> None:
    lost_at, window_end = NOW - 10 * MINUTE, NOW + 150 * MINUTE

    def seen_at(now: datetime, verdict: Verdict) -> BrokerState:
        one = OutageOutlook(start=lost_at, end=window_end, running=True, verdict=verdict, chance=0.2, margin_min=-35)
        known = outlook("no_plan", now, outages=(one,))
        return broker_state(now, grid=grid(Grid.OFF, lost_at, now), outlook=known)

    before = lost_at - MINUTE
    state, _ = run(AlertState(), broker_state(before, grid=grid(Grid.ON, before - 60 * MINUTE, before)), before)
    found = []
    for minute, verdict in enumerate((Verdict.UNKNOWN, Verdict.LASTS, *(Verdict.WILL_NOT_LAST,) * 6, Verdict.UNKNOWN)):
        state, _ = run(state, seen_at(now := lost_at + (1 + minute) * MINUTE, verdict), now)
        assert state.outage
        told = state.outage.now
        assert told
        found.append(told.outlook and told.outlook.verdict)
        if told.outlook and told.outlook.verdict is Verdict.WILL_NOT_LAST:
            assert "The battery will not last" in alert_text(localizer_for(now=now), told)
    assert found == [None, *(Verdict.LASTS,) * 5, *(Verdict.WILL_NOT_LAST,) * 3]


def test_what_the_grid_makes_of_plugs_belongs_to_the_message_of_the_outage() -> None:
    state, _ = run(AlertState(), bare(Grid.ON, NOW - 60 * MINUTE, NOW), NOW)
    state, _ = run(state, bare(Grid.OFF, NOW, NOW), NOW)
    for plug in ("a", "b"):
        state, (alert,) = plug_alerts(state, BrokerState(), plug_event(plug, on=False), NOW)
        assert alert.told_there
    state, (by_hand,) = plug_alerts(state, BrokerState(), plug_event("c", on=True, by="telegram:5"), NOW)
    assert not by_hand.told_there
    back = NOW + 30 * MINUTE
    state, _ = run(state, bare(Grid.ON, back, back), back)
    state, _ = plug_alerts(state, BrokerState(), plug_event("a", on=True), back)
    assert state.outage
    assert (sorted(state.outage.off), sorted(state.outage.on)) == (["a/", "b/"], []), "the broker sent it twice"
    late = back + timedelta(hours=3)
    event = PlugEvent("a", plug_event("a", on=True).action.model_copy(update={"at": late}))
    assert [one.told_there for one in plug_alerts(state, BrokerState(), event, late)[1]] == [False]


def test_that_another_queue_fits_better_is_told_once_and_only_of_this_address() -> None:
    fit = QueueFit(
        at=NOW,
        region="lviv",
        queue="5.2",
        outages=12,
        fitting=1,
        verdict=QueueVerdict.OTHER,
        others=(QueueScore(queue="3.1", fitting=11),),
    )
    state, told = AlertState(), list[Alert]()
    for known in (
        broker_state(schedule=plan(region="kyiv"), queue_fit=fit),
        broker_state(schedule=plan(region="lviv"), queue_fit=fit.model_copy(update={"verdict": QueueVerdict.UNCLEAR})),
        broker_state(schedule=plan(region="lviv"), queue_fit=fit),
        broker_state(schedule=plan(region="lviv"), queue_fit=fit.model_copy(update={"outages": 13})),
    ):
        state, alerts = run(state, known, NOW)
        told += [one for one in alerts if one.kind is AlertKind.QUEUE_FIT]
    (alert,) = told
    text = alert_text(localizer_for(), alert)
    assert "Queue 5.2 does not seem to be yours" in text
    assert "12 outages began by the schedule of queue 3.1 (11), and 1 by that of yours" in text
