"""A home whose clock is not set, as the chats see it: said once, no wrong time, nothing twice, and right in the end."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bot.alerts.alert import Alert, AlertKind
from services.bot.alerts.rules import next_alerts
from services.bot.alerts.state import AlertState
from services.bot.alerts.troubles import Limits
from services.bot.telegram.outbox import Outbox
from services.bot.texts.alerts import alert_text
from services.bot.texts.replies import status_text
from shared.broker_state import BrokerState, state_by_clock
from shared.clock import Clock
from shared.conditions import clock as conditions
from shared.messages import Grid, GridState, ServiceHealth, ServiceStatus
from shared.trusted_time import ClockChange, is_unset, this_boot_only
from tests.bot.facts import localizer_for, plan
from tests.support.unset_clock import TRUE_START, UnsetHost

LIMITS = Limits()
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


class Bot:
    """The rules with their file, on a host of its own; it sees what the others on the host publish."""

    def __init__(self, host: UnsetHost, path: Any) -> None:
        self.host, self.path = host, path
        self.sent: list[Alert] = []
        self.state: Grid | None = None
        self.transition = ""
        self.known: BrokerState = BrokerState()
        self.waiting = 0
        self.start()

    def start(self) -> None:
        """Start after a boot."""
        self.clock = Clock(self.host)
        self.outbox = Outbox(self.path)
        self.clock.on_change(self.on_change)
        self.outbox.redate(lambda value: this_boot_only(value, self.clock.track))
        self.since = self.clock.now()

    def on_change(self, change: ClockChange) -> None:
        """Move what is kept, as poller and bot do."""
        self.since = change.moved(self.since)
        self.outbox.redate(change.moved)

    def grid(self, state: Grid, transition: str) -> None:
        """Let power go or come back."""
        self.state, self.transition, self.since = state, transition, self.clock.now()

    def live(self, minutes: float = 1) -> None:
        """Evaluate the rules every twenty seconds."""
        for _ in range(int(minutes * 3)):
            self.host.wait(20)
            self.clock.look()
            now, (at, clock) = self.clock.now(), self.clock.status()
            reasons = (conditions.waiting(count=self.waiting),) if self.waiting and not clock.trusted else ()
            health = ServiceHealth.DEGRADED if reasons else ServiceHealth.ONLINE
            status = ServiceStatus(at=at, clock=clock, state=health, since=at, reasons=reasons, version="1")
            grid = None
            if self.state:
                measured = GridState(at=now, state=self.state, since=self.since, transition_id=self.transition)
                grid = self.clock.stamp(measured)
            received = BrokerState(connected=True, listening_since=now, grid=grid, services={"recorder": status})
            self.known = state_by_clock(received, self.clock.track)
            self.known = replace(self.known, schedule=plan() if clock.trusted else None)
            state, alerts = next_alerts(self.outbox.state, self.known, now, LIMITS, (15, 60))
            self.outbox.put(state, [(5, alert) for alert in alerts])
            self.sent += alerts

    def kinds(self) -> list[tuple[AlertKind, bool]]:
        """Return what was sent, and whether it is an end."""
        return [(alert.kind, alert.over) for alert in self.sent]


@pytest.mark.parametrize("ahead", [-40 * MINUTE, -90 * DAY, 2 * DAY, TRUE_START - TRUE_START], ids=str)
def test_it_is_said_once_that_the_clock_is_not_set_and_once_that_it_is(tmp_path: Any, ahead: timedelta) -> None:
    host = UnsetHost(ahead)
    bot = Bot(host, tmp_path / "outbox.json")
    bot.grid(Grid.OFF, "off-1")
    bot.waiting = 7
    bot.live(90)
    assert bot.kinds() == [(AlertKind.CLOCK_UNSET, False)]
    bot.waiting = 1042
    bot.live(1)
    host.synchronise()
    bot.live(90)
    assert bot.kinds() == [(AlertKind.CLOCK_UNSET, False), (AlertKind.CLOCK_UNSET, True)]
    text = alert_text(localizer_for(now=bot.clock.now()), bot.sent[-1])
    assert "1042 readings" in text


def test_a_boot_that_learns_the_time_within_minutes_is_no_news(tmp_path: Any) -> None:
    host = UnsetHost(-DAY)
    bot = Bot(host, tmp_path / "outbox.json")
    bot.live(4)
    host.synchronise()
    bot.live(30)
    assert bot.sent == []


def test_an_outage_under_an_unset_clock_is_told_by_how_long_ago_it_was(tmp_path: Any) -> None:
    host = UnsetHost(-90 * DAY)
    bot = Bot(host, tmp_path / "outbox.json")
    bot.grid(Grid.ON, "on-1")
    bot.live(3)
    bot.grid(Grid.OFF, "off-2")
    lost_at = host.true
    bot.live(4)
    (lost,) = (one for one in bot.sent if one.kind is AlertKind.GRID_LOST)
    assert lost.lasted_s == 180, "how long there was power before, as measured"
    assert "4 min ago Power is out" in alert_text(localizer_for(now=bot.clock.now()), lost)
    assert "for at least 4 min" in status_text(localizer_for(now=bot.clock.now()), bot.known)
    host.synchronise()
    bot.live(1)
    (waiting,) = (one for one in bot.outbox.waiting(5) if one.kind is AlertKind.GRID_LOST)
    assert waiting.at == lost_at, "what was not sent yet has its true time now"
    assert not is_unset(bot.outbox.state.grid.since if bot.outbox.state.grid else lost.at)


def test_an_outage_over_a_reboot_is_not_reported_again_and_its_length_is_not_made_up(tmp_path: Any) -> None:
    host = UnsetHost(synchronised=True)
    bot = Bot(host, tmp_path / "outbox.json")
    bot.grid(Grid.ON, "on-1")
    bot.live(3)
    bot.grid(Grid.OFF, "off-2")
    bot.live(3)
    assert [alert.kind for alert in bot.sent] == [AlertKind.GRID_LOST]
    host.reboot(-40 * MINUTE)
    bot.start()
    bot.live(3)
    assert len(bot.sent) == 1
    bot.grid(Grid.ON, "on-3")
    bot.live(1)
    assert bot.sent[-1].kind is AlertKind.GRID_BACK
    assert bot.sent[-1].lasted_s is None, "nobody knows how long the machine was off"


STEPS = st.lists(
    st.tuples(st.sampled_from(["live", "on", "off", "sync", "reboot", "by hand"]), st.integers(-3000, 3000)),
    max_size=25,
)


@given(STEPS)
def test_no_length_is_ever_negative_or_months_and_no_wrong_time_is_told(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    host = UnsetHost(synchronised=True)
    bot = Bot(host, tmp_path_factory.mktemp("bot") / "outbox.json")
    started = host.true
    for number, (step, value) in enumerate(steps):
        if step == "sync":
            host.synchronise()
        elif step == "by hand":
            host.set_by_hand(value * timedelta(hours=1))
        elif step == "reboot":
            host.reboot(value * timedelta(hours=1))
            bot.start()
        elif step != "live":
            bot.grid(Grid(step), f"{step}-{number}")
        before = len(bot.sent)
        bot.live(1)
        now = bot.clock.now()
        for alert in bot.sent[before:]:
            assert alert.lasted_s is None or 0 <= alert.lasted_s <= (host.true - started).total_seconds() + 60
            assert is_unset(alert.at) or started - MINUTE <= alert.at <= host.true + MINUTE, "a time that was"
            assert " 197" not in alert_text(localizer_for(now=now), alert)
    assert AlertState.model_validate_json(bot.outbox.state.model_dump_json()) == bot.outbox.state
