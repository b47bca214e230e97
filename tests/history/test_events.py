"""Events of several tables as one list: ordered, without what changes nothing, in pages that lose and double none."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete

from services.recorder.rows import to_row
from services.recorder.store import Store, open_store
from shared.conditions import alerts
from shared.history import events as module
from shared.history.derived import grid_run
from shared.history.engine import Place, reader
from shared.history.events import Event, EventFilter, EventKind, EventPage, event_devices, events
from shared.history.queries import Session
from shared.history.tables import alert_sent, battery_availability, grid_state, plug_action, service_status
from shared.messages import (
    ActionOutcome,
    AlertSent,
    Availability,
    Contact,
    Grid,
    GridState,
    Message,
    OutageSchedule,
    PlugAction,
    ScheduleChange,
    ServiceHealth,
    ServiceStatus,
    SettingChange,
    SettingOutcome,
)
from shared.topics import (
    ALERT_SENT,
    BATTERY_AVAILABILITY,
    GRID_STATE,
    INVERTER_AVAILABILITY,
    OUTAGE_SCHEDULE,
    PLUG_ACTION,
    SERVICE_STATUS,
    SETTING_CHANGE,
)
from tests.support.recorded import change

START = datetime(2026, 11, 23, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def moment(minute: int) -> datetime:
    return START + minute * MINUTE


def record(store: Store, *given: tuple[str, Message]) -> None:
    store.write([to_row(topic, message.model_dump_json().encode()) for topic, message in given])


EVERYTHING = EventFilter()


@contextmanager
def reading(place: Place, home: str = "") -> Iterator[Session]:
    engine = reader(place, home)
    try:
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()


def page(place: Place, wanted: EventFilter = EVERYTHING, at_once: int = 50) -> EventPage:
    with reading(place) as session:
        return events(session, wanted, at_once)


def all_pages(place: Place, at_once: int, home: str = "") -> list[Event]:
    """Return everything, a page after the other."""
    found: list[Event] = []
    wanted = EventFilter()
    with reading(place, home) as session:
        for _ in range(500):
            part = events(session, wanted, at_once)
            assert len(part.events) <= at_once
            found += part.events
            if part.older is None:
                return found
            wanted = EventFilter(start=part.older)
    raise AssertionError("the pages have no end")


def grid(minute: int, state: Grid, since: int) -> tuple[str, Message]:
    return GRID_STATE.named(), GridState(at=moment(minute), state=state, since=moment(since))


def action(minute: int, gang: str | None = None) -> tuple[str, Message]:
    done = PlugAction(at=moment(minute), on=False, by="grid", outcome=ActionOutcome.DONE, gang=gang)
    return PLUG_ACTION.named("boiler"), done


def status(minute: int, state: ServiceHealth, attempts: int = 0, service: str = "poller") -> tuple[str, Message]:
    reasons = (alerts.grid_missed(count=attempts),) if attempts else ()
    return SERVICE_STATUS.named(service), ServiceStatus(
        at=moment(minute), state=state, since=START, reasons=reasons, version="1"
    )


def contact(minute: int, state: Contact) -> Availability:
    return Availability(at=moment(minute), state=state, since=moment(minute), reason=alerts.GRID_LOST())


def told(minute: int, event: str = "grid/1") -> tuple[str, Message]:
    return ALERT_SENT.named(), AlertSent(
        at=moment(minute), event=event, what=alerts.GRID_LOST(), kind="grid_lost", recipients=2
    )


def a_house(store: Store) -> None:
    change = ScheduleChange(at=moment(8), published=(moment(8).date(),))
    plan = OutageSchedule(at=moment(8), queue="4.1", change=change)
    changed = SettingChange(at=moment(2), value="SBU", before=3, by="telegram:7", outcome=SettingOutcome.CONFIRMED)
    record(
        store,
        *(grid(minute, Grid.ON, 0) for minute in range(5)),
        *(grid(minute, Grid.OFF, 5) for minute in range(5, 9)),
        action(6, "1"),
        action(6, "2"),
        told(7),
        told(7),  # replayed
        told(7, "grid/2"),
        (OUTAGE_SCHEDULE.named(), plan),
        (OUTAGE_SCHEDULE.named(), plan.model_copy(update={"at": moment(9), "stale": True})),
        (INVERTER_AVAILABILITY.named("main"), contact(3, Contact.ONLINE)),
        (INVERTER_AVAILABILITY.named("main"), contact(4, Contact.ONLINE)),  # the poller was started again
        (BATTERY_AVAILABILITY.named("jk"), contact(10, Contact.OFFLINE)),
        (SETTING_CHANGE.named("main/output_priority"), changed),
        status(1, ServiceHealth.ONLINE),
        *(status(minute, ServiceHealth.DEGRADED, attempts=minute) for minute in range(11, 14)),
    )


def brief(found: Sequence[Event]) -> list[tuple[int, str, str]]:
    return [((one.at - START) // MINUTE, one.kind.value, one.device) for one in found]


def test_what_happened_is_told_once_newest_first(database: Place) -> None:
    store = open_store(database)
    a_house(store)
    a_house(store)  # all of it again: a broker that was killed, retained messages of a new connection
    store.close()
    assert brief(page(database).events) == [
        (11, "service", "service/poller"),
        (10, "device", "battery/jk"),
        (8, "plan", ""),
        (7, "alert", ""),
        (7, "alert", ""),
        (6, "plug", "plug/boiler"),
        (6, "plug", "plug/boiler"),
        (5, "grid", ""),
        (3, "device", "inverter/main"),
        (2, "setting", "inverter/main"),
        (1, "service", "service/poller"),
        (0, "grid", ""),
    ]
    (setting,) = page(database, EventFilter(kinds=[EventKind.SETTING])).events
    assert isinstance(setting.what, SettingChange)
    assert (setting.part, setting.what.before, setting.what.value) == ("output_priority", 3, "SBU")
    with Session(reader(database)) as session:
        assert event_devices(session) == ["battery/jk", "inverter/main", "plug/boiler", "service/poller"]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    place = tmp_path / "easun.db"
    store = open_store(place)
    a_house(store)
    store.close()
    return place


@pytest.mark.parametrize(
    ("wanted", "minutes"),
    [
        pytest.param(EventFilter(kinds=[EventKind.GRID]), [5, 0], id="kind"),
        pytest.param(EventFilter(kinds=[EventKind.GRID, EventKind.PLAN]), [8, 5, 0], id="kinds"),
        pytest.param(EventFilter(device="plug/boiler"), [6, 6], id="device"),
        pytest.param(EventFilter(device="inverter/main"), [3, 2], id="device-with-settings"),
        pytest.param(EventFilter(device="plug/nobody"), [], id="no-such-device"),
        pytest.param(EventFilter(kinds=[EventKind.GRID], device="plug/boiler"), [], id="device-of-another-kind"),
        pytest.param(EventFilter(since=moment(10)), [11, 10], id="since"),
        pytest.param(EventFilter(since=moment(5), before=moment(7)), [6, 6, 5], id="span"),
    ],
)
def test_filters(house: Path, wanted: EventFilter, minutes: list[int]) -> None:
    assert [minute for minute, *_ in brief(page(house, wanted).events)] == minutes


def test_a_row_of_a_newer_version_is_left_out(house: Path) -> None:
    change(house, "UPDATE plug_action SET outcome = 'teleported' WHERE gang = '1'")
    assert [minute for minute, *_ in brief(page(house, EventFilter(kinds=[EventKind.PLUG])).events)] == [6]


def test_without_a_database_there_are_no_events(tmp_path: Path) -> None:
    assert page(tmp_path / "none.db") == EventPage([])


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Path]]:
    place = tmp_path_factory.mktemp("events") / "easun.db"
    store = open_store(place)
    yield store, place
    store.close()


STATES = st.lists(st.sampled_from(ServiceHealth), max_size=30)
ACTIONS = st.lists(st.tuples(st.integers(0, 12), st.sampled_from(["1", "2", "3"])), max_size=12, unique=True)


SERVICES = ("bms", "bot", "poller", "recorder", "schedule")
OF_ONE_MOMENT = {
    "gangs-of-a-plug": [action(0, str(gang)) for gang in range(6)],
    "gangs-and-what-was-before": [action(minute, str(gang)) for minute in (0, 1) for gang in range(4)],
    "alerts": [told(0, f"grid/{number}") for number in range(6)],
    "services": [status(0, ServiceHealth.OFFLINE, service=name) for name in SERVICES],
    "several-kinds": [
        grid(0, Grid.OFF, 0),
        *(told(0, f"grid/{number}") for number in range(3)),
        *(action(0, str(gang)) for gang in range(3)),
        *(status(0, ServiceHealth.OFFLINE, service=name) for name in SERVICES),
        (BATTERY_AVAILABILITY.named("jk"), contact(0, Contact.OFFLINE)),
    ],
}


@pytest.fixture
def without_events(shared_store: tuple[Store, Path]) -> tuple[Store, Path]:
    empty(shared_store[0])
    return shared_store


def empty(store: Store) -> None:
    tables = (service_status, plug_action, alert_sent, battery_availability, grid_state, grid_run)
    store.run(lambda connection: [connection.execute(delete(one)) for one in tables])


def limit(monkeypatch: pytest.MonkeyPatch, budget: int) -> None:
    """Read little at once, and little for a page."""
    monkeypatch.setattr(module._Budget, "__init__", lambda self: setattr(self, "rows", budget))
    monkeypatch.setattr(module, "FIRST_ROWS", 4)


@pytest.mark.parametrize("recorded", OF_ONE_MOMENT.values(), ids=OF_ONE_MOMENT.keys())
@pytest.mark.parametrize(("at_once", "budget"), [(2, 0), (1, 6), (3, 4000)])
def test_more_events_of_one_moment_than_a_page_holds(
    without_events: tuple[Store, Path], monkeypatch: pytest.MonkeyPatch, recorded, budget, at_once
) -> None:
    store, place = without_events
    record(store, *recorded)
    at_a_stroke = page(place).events
    limit(monkeypatch, budget)
    assert all_pages(place, at_once) == at_a_stroke
    assert len(at_a_stroke) == len(recorded)


def test_pages_of_a_home_that_shares_a_database(without_events: tuple[Store, Path]) -> None:
    store, place = without_events
    for home in ("home7", "home70"):
        record(store, *((f"{home}/{topic}", message) for topic, message in OF_ONE_MOMENT["several-kinds"]))
    for home in ("home7", "home70"):
        assert len(all_pages(place, 2, home)) == len(OF_ONE_MOMENT["several-kinds"])
    assert all_pages(place, 2) == []


@given(states=STATES, actions=ACTIONS, bounds=st.tuples(st.integers(1, 6), st.integers(0, 40)))
def test_pages_lose_nothing_and_double_nothing(
    shared_store: tuple[Store, Path], monkeypatch: pytest.MonkeyPatch, states, actions, bounds
) -> None:
    (store, place), (at_once, budget) = shared_store, bounds
    limit(monkeypatch, budget)
    empty(store)
    record(
        store,
        *(status(minute, state) for minute, state in enumerate(states)),
        *(action(minute, gang) for minute, gang in actions),
    )
    found = all_pages(place, at_once)
    changes = [at for at, state in enumerate(states) if at == 0 or states[at - 1] is not state]
    expected = sorted([*changes, *(at for at, _ in actions)], reverse=True)
    assert [(one.at - START) // MINUTE for one in found] == expected
    assert sum(one.kind is EventKind.PLUG for one in found) == len(actions)


def test_a_service_that_only_counts_costs_a_bounded_read(without_events: tuple[Store, Path]) -> None:
    store, place = without_events
    record(store, status(0, ServiceHealth.ONLINE))
    rows = [status(minute, ServiceHealth.DEGRADED, attempts=minute) for minute in range(1, 6000)]
    record(store, *rows)
    first = page(place)
    assert not first.events
    assert first.older is not None
    assert first.older.at < moment(5999)
    assert [minute for minute, *_ in brief(all_pages(place, 50))] == [1, 0]
