"""A machine whose clock is not set: nothing is lost, nothing stored at a wrong time, nothing deleted."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.recorder import undated
from services.recorder.ingest import commit_now
from services.recorder.store import open_store
from services.recorder.undated import Dating
from services.recorder.upkeep import Upkeep
from shared.bus import Delivery
from shared.clock import Clock
from shared.conditions import clock as conditions
from shared.history.engine import Place
from shared.history.tables import to_ms
from shared.messages import (
    ActionOutcome,
    Grid,
    GridState,
    InverterState,
    Message,
    PlugAction,
    ServiceHealth,
    ServiceStatus,
)
from shared.topics import GRID_STATE, INVERTER_STATE, PLUG_ACTION, SERVICE_STATUS
from tests.support.databases import cases_of_sqlite
from tests.support.recorded import a_reading_a_day, ask
from tests.support.unset_clock import TRUE_START, UnsetHost

KYIV = ZoneInfo("Europe/Kyiv")
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
WRONG = [
    pytest.param(-2 * DAY, id="two-days-behind"),
    pytest.param(2 * DAY, id="two-days-ahead"),
    pytest.param(-40 * MINUTE, id="forty-minutes-behind"),
    pytest.param(datetime(1970, 1, 1, tzinfo=UTC) - TRUE_START, id="1970"),
    pytest.param(datetime(2120, 1, 1, tzinfo=UTC) - TRUE_START, id="2120"),
]


class Home:
    """A recorder and a poller on one host, and the outage that they watch."""

    def __init__(self, place: Place, host: UnsetHost) -> None:
        self.place, self.host = place, host
        self.store = open_store(place)
        self.truth: list[datetime] = []
        self.start()

    def start(self) -> None:
        """Start both after a boot."""
        self.clock = Clock(self.host)
        self.dating = Dating(self.store, self.clock)
        self.upkeep = Upkeep(self.store, KYIV, 30, clock=self.seconds, dating=self.dating)
        self.since = self.clock.now()

    def seconds(self) -> float:
        """Return a clock that only goes on."""
        return (self.host.true - TRUE_START).total_seconds()

    def measure(self, minutes: int, state: Grid = Grid.OFF) -> None:
        """Publish and record a reading and the grid once a minute."""
        for _ in range(minutes):
            self.host.wait(61)
            self.truth.append(self.host.true)
            self.clock.look()
            now = self.clock.now()
            self.record(INVERTER_STATE.named("main"), self.clock.stamp(InverterState(at=now, load_power_w=600)))
            self.record(GRID_STATE.named(), self.clock.stamp(GridState(at=now, state=state, since=self.since)))
            self.report()

    def report(self) -> None:
        """Publish the status, and let upkeep work."""
        self.clock.look()
        at, clock = self.clock.status()
        status = ServiceStatus(at=at, clock=clock, state=ServiceHealth.ONLINE, since=at, version="1")
        self.record(SERVICE_STATUS.named("poller"), status)
        self.upkeep.work(self.clock.now(), trusted=self.clock.trusted)

    def record(self, topic: str, message: Message) -> None:
        """Commit what was published."""
        delivery = Delivery(topic, message.model_dump_json().encode(), retained=False, ack=lambda: None)
        commit_now([delivery], self.store, self.clock, self.dating)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database."""
        return ask(self.place, query)

    def moments(self) -> list[int]:
        """Return the recorded times of the inverter."""
        return [at for (at,) in self.ask("SELECT at FROM inverter_state WHERE device = 'main' ORDER BY at")]


@pytest.fixture
def host() -> UnsetHost:
    return UnsetHost(synchronised=True)


@pytest.fixture
def home(database: Place, host: UnsetHost) -> Iterator[Home]:
    home = Home(database, host)
    yield home
    home.store.close()


def undo(home: Home) -> None:
    """Set the clock, and let everything catch up."""
    home.host.synchronise()
    for _ in range(2):
        home.host.wait(61)
        home.report()


@cases_of_sqlite("ahead", *WRONG)
def test_readings_of_a_boot_are_recorded_at_their_true_times_once_its_clock_is_set(
    home: Home, host: UnsetHost, ahead: timedelta
) -> None:
    home.measure(5)
    host.reboot(ahead)
    home.start()
    home.measure(10)
    assert home.moments() == [to_ms(at) for at in home.truth[:5]], "nothing at a wrong time"
    assert home.dating.reason() is not None
    undo(home)
    assert home.moments() == [to_ms(at) for at in home.truth]
    assert home.ask("SELECT count(*) FROM undated_message") == [(0,)]
    assert home.ask("SELECT count(*) FROM dead_letter") == [(0,)]
    assert home.dating.reason() is None


@cases_of_sqlite("ahead", *WRONG)
def test_an_outage_with_a_reboot_on_a_wrong_clock_overlaps_nothing(
    home: Home, host: UnsetHost, ahead: timedelta
) -> None:
    home.measure(5, Grid.ON)
    home.since = home.clock.now()
    began = host.true
    home.measure(5)
    host.reboot(ahead)
    home.start()
    home.measure(30)
    undo(home)
    records = home.ask('SELECT start, "end" FROM outage ORDER BY start')
    assert records[0][0] == to_ms(began)
    assert len(records) <= 2, "the poller starts `since` again where it cannot know"
    assert records[-1][1] is None


def test_a_boot_that_never_learns_the_time_stays_apart(home: Home, host: UnsetHost) -> None:
    host.reboot(-2 * DAY)
    home.start()
    home.measure(5)
    host.reboot(-1 * DAY)
    home.start()
    undo(home)
    home.measure(3)
    assert home.moments() == [to_ms(at) for at in home.truth[5:]]
    reason = home.dating.reason()
    assert reason is not None
    assert reason.code == conditions.undated.code


def test_what_waits_is_bounded(home: Home, host: UnsetHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undated, "MAX_COUNT", 30)
    host.reboot(-2 * DAY)
    home.start()
    home.measure(40)
    (count,) = home.ask("SELECT count(*) FROM undated_message")
    assert count == (30,)


def test_two_minutes_in_2120_delete_nothing_and_stop_nothing(home: Home, host: UnsetHost) -> None:
    home.store.write(a_reading_a_day(host.true, days=40))
    home.measure(3, Grid.ON)
    count = "SELECT (SELECT count(*) FROM inverter_state) + (SELECT coalesce(sum(n), 0) FROM compressed_hour)"
    ((before,),) = home.ask(count)
    host.ahead = 94 * 365 * DAY
    home.measure(2, Grid.ON)
    assert home.ask(count) == [(before + 2,)], "the boot is known already, so these have their times"
    host.ahead = timedelta(0)
    home.report()
    home.since = home.clock.now()
    home.measure(3)
    assert home.moments() == [to_ms(at) for at in home.truth]
    assert home.ask("SELECT count(*) FROM outage") == [(1,)]


def test_a_purge_on_a_wrong_clock_costs_a_day_at_most(home: Home, host: UnsetHost) -> None:
    """Even where the kernel calls a clock of 2056 synchronised from the boot on, and readings of 2056 are recorded."""
    home.store.write(a_reading_a_day(host.true, days=40))
    home.upkeep.finish(host.true)
    count = "SELECT (SELECT count(*) FROM inverter_state) + (SELECT coalesce(sum(n), 0) FROM compressed_hour)"
    ((before,),) = home.ask(count)
    host.reboot(30 * 365 * DAY)
    host.synchronised = True
    home.start()
    home.measure(2)
    home.upkeep.finish(home.clock.now())
    ((after,),) = home.ask(count)
    assert before + 2 - after <= 1
    host.reboot(timedelta(0))
    host.synchronised = True
    home.start()
    newest = home.store.newest()
    assert newest is not None
    assert newest > host.true + 300 * DAY, "until the clock is known to be right, both are kept"
    home.measure(3)
    assert home.store.newest() == host.true, "and then nothing of the future is the newest"
    assert home.moments() == [to_ms(at) for at in home.truth[-3:]]
    assert home.ask("SELECT count(*) FROM undated_message WHERE topic = 'inverter/main/state'") == [(2,)], "kept apart"


def test_a_will_of_an_unset_clock_is_dated_by_its_arrival(home: Home, host: UnsetHost) -> None:
    host.reboot(-2 * DAY)
    home.start()
    host.wait(300)
    arrived = host.true
    will = ServiceStatus(at=home.clock.now() - 4 * MINUTE, state=ServiceHealth.OFFLINE, since=None, version="1")
    home.record(SERVICE_STATUS.named("bms"), will)
    host.wait(60)
    undo(home)
    assert home.ask("SELECT at FROM service_status WHERE device = 'bms'") == [(to_ms(arrived),)]


def test_readings_of_a_clock_that_was_two_days_ahead_are_dated_again(home: Home, host: UnsetHost) -> None:
    """The kernel called it synchronised from the boot on, so nothing could tell; and then it was corrected."""
    home.measure(3, Grid.ON)
    host.reboot(2 * DAY)
    host.synchronised = True
    home.start()
    home.measure(3, Grid.ON)
    began = host.true
    home.since = home.clock.now()
    home.measure(4)
    assert len(home.moments()) == 10
    host.ahead = timedelta(0)
    home.clock.on_change(lambda change: setattr(home, "since", change.moved(home.since)))
    home.measure(12)
    assert home.clock.trusted, "it has stood for long enough"
    home.measure(2)
    assert home.moments() == [to_ms(at) for at in home.truth]
    assert home.ask("SELECT count(*) FROM undated_message") == [(0,)]
    (record,) = home.ask('SELECT start, "end" FROM outage')
    assert record == (to_ms(began), None)
    ((days,),) = home.ask("SELECT count(DISTINCT at) FROM inverter_rollup WHERE step = 1440")
    assert days == 1, "derived tables follow"


def test_two_gangs_that_were_switched_in_one_moment_are_both_recorded(home: Home, host: UnsetHost) -> None:
    host.reboot(-2 * DAY)
    home.start()
    host.wait(60)
    now = home.clock.now()
    for gang in ("1", "2"):
        action = PlugAction(at=now, on=False, gang=gang, by="grid", outcome=ActionOutcome.DONE)
        home.record(PLUG_ACTION.named("boiler"), home.clock.stamp(action))
    undo(home)
    assert home.ask("SELECT gang FROM plug_action ORDER BY gang") == [("1",), ("2",)]
