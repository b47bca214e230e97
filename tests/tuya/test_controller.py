"""A controller with a real connection: what it publishes, and how often it asks the cloud about a dead plug."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from services.tuya import grid_rules, outcomes
from services.tuya.cloud import Credentials
from services.tuya.commands import on_command
from services.tuya.connector import Connector
from services.tuya.controller import PlugController
from services.tuya.journal import Journal
from services.tuya.plug import Plug
from services.tuya.shared_state import SharedState, SharedStateStore
from shared.clock import utc_now
from shared.conditions import Condition, Reason, plugs
from shared.health import Health
from shared.messages import ActionOutcome, Grid, GridState, PlugAction, PlugCommand, PlugState
from shared.topics import M, Topic
from simulators.tuya.cloud import CLIENT_ID, SECRET, USER, CloudFault
from tests.support.waiting import PATIENCE_S
from tests.tuya.facts import RULES
from tests.tuya.sky import Sky

PLUG = Plug(id="bf1", name="Kettle", mode="cloud")


class Bus:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.actions: list[PlugAction] = []
        self.states: list[PlugState] = []

    def publish(self, topic: Topic[M], message: M, name: str = "") -> None:
        if isinstance(message, PlugAction):
            self.actions.append(message)
        if isinstance(message, PlugState):
            self.states.append(message)


class Home:
    """A controller of one plug in the virtual cloud."""

    def __init__(self, sky: Sky, plug: Plug = PLUG) -> None:
        self.plug = plug
        self.bus = Bus()
        self.health = Health()
        self.store = SharedStateStore(SharedState(Journal(), RULES))
        self.connector = Connector(Credentials(sky.endpoint, CLIENT_ID, SECRET, user_id=USER), 0.3)
        self.controller = PlugController(plug, self.store, self.connector, self.bus, self.health, check_s=600)

    def command(self, on: bool, at: datetime | None = None) -> None:
        command = PlugCommand(at=at or utc_now(), on=on, by="bot")
        self.store.persist(on_command(self.store.shared.journal, self.plug, command, None, utc_now()))

    async def until(self, what: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not what():
                await self.controller.step()


@pytest.fixture
def home(sky: Sky, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setattr(outcomes, "RETRY_FIRST_S", 0.01)
    monkeypatch.setattr(outcomes, "RETRY_MOST_S", 0.02)
    home = Home(sky)
    yield home
    home.connector.close()


async def test_the_cloud_is_asked_ever_more_seldom_about_a_dead_plug_until_something_else_is_wanted(
    sky: Sky, home: Home
) -> None:
    sky.plug.online = False
    home.command(False)
    await home.until(lambda: home.controller._state.failures >= 5)
    assert sky.cloud.requests == 2, "a token and a look, once"
    assert home.bus.states[-1].reason == plugs.cloud_no_contact(name="Kettle")
    assert [action.outcome for action in home.bus.actions] == [ActionOutcome.FAILED]
    sky.plug.online = True
    home.command(False)
    await home.until(lambda: len(home.bus.actions) > 1)
    assert home.bus.actions[-1].outcome is ActionOutcome.DONE
    assert sky.plug.relays == {"switch_1": False}


async def test_a_cloud_that_is_out_of_reach_counts_nothing_so_it_is_tried_each_time(sky: Sky, home: Home) -> None:
    sky.fail(CloudFault.HTML)
    home.command(False)
    await home.until(lambda: home.controller._state.failures >= 3)
    assert sky.cloud.requests == 3
    sky.fail(CloudFault.NONE)
    await home.until(lambda: len(home.bus.actions) > 1)
    assert sky.plug.relays == {"switch_1": False}


async def test_an_action_at_the_cloud_is_four_requests(sky: Sky, home: Home) -> None:
    home.command(False)
    await home.until(lambda: home.bus.actions)
    assert sky.cloud.requests == 4
    state = home.bus.states[-1]
    assert (state.on, state.confirmed, state.pending, state.switched_by) == (False, True, None, "bot")


async def test_a_plug_without_any_way_is_reported(sky: Sky) -> None:
    home = Home(sky, Plug(id="bf1", name="Kettle"))
    home.connector.credentials = None
    home.controller = PlugController(home.plug, home.store, home.connector, home.bus, home.health, check_s=600)
    home.command(False)
    await home.until(lambda: home.bus.actions)
    assert home.bus.actions[-1].reason == plugs.retrying(cause=plugs.no_way(name="Kettle"))
    assert home.health.status(utc_now()).reasons[0].code == plugs.not_switched.code
    home.connector.close()


@pytest.mark.parametrize(
    ("fault", "condition"),
    [
        (CloudFault.SILENT, plugs.cloud_unreachable),
        (CloudFault.HTML, plugs.CLOUD_NO_JSON),
        (CloudFault.CLOCK, plugs.CLOUD_CLOCK),
        (CloudFault.QUOTA, plugs.CLOUD_QUOTA_USED_UP),
    ],
)
async def test_in_an_outage_a_cloud_that_fails_is_an_event_a_status_and_a_reason(
    sky: Sky, home: Home, fault: CloudFault, condition: Condition[Any]
) -> None:
    sky.fail(fault)
    lost = grid_rules.target("bf1", "switch_1", on=False, by="grid", now=utc_now(), transition_id="t2")
    home.store.persist(Journal(handled="t2", targets={lost.key: lost}))
    home.store.set_grid(GridState(at=utc_now(), state=Grid.OFF, since=utc_now(), transition_id="t2"))
    await home.until(lambda: home.bus.actions)
    (action,) = home.bus.actions
    assert action.outcome is ActionOutcome.FAILED
    assert action.reason
    cause = action.reason.params["cause"]
    assert isinstance(cause, Reason)
    assert cause.code == condition.code
    assert home.bus.states[-1].reason == cause
    assert home.health.status(utc_now()).reasons == (plugs.not_switched(name="Kettle", cause=cause),)
    sky.fail(CloudFault.NONE)
    home.controller._state = replace(home.controller._state, cloud_hold=None, retry_at_s=0)
    await home.until(lambda: not sky.plug.relays["switch_1"])
