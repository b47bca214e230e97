"""Buttons and what they send back."""

from datetime import timedelta

import pytest

from services.bot.alerts.alert import AlertGroup
from services.bot.chats import ChatSettings
from services.bot.commands import inverter_keyboards, keyboards
from shared.broker_state import BrokerState
from shared.messages import PlugState, ServiceHealth, ServiceStatus
from tests.bot.facts import NOW, broker_state, localizer_for
from tests.bot.test_commands import INFO
from tests.dashboard.harness import reading
from tests.support.inverter_controls import settings

UNSEEN = INFO.model_copy(update={"seen": False})


@pytest.mark.parametrize("data", ["", "plug", "plug|x", "plug|x|maybe", "plug|x|on|more", "set", "drop table", "|||"])
def test_forged_buttons_are_not_parsed(data: str) -> None:
    assert keyboards.parse(data) is None


def test_every_button_of_ours_is_parsed() -> None:
    boards = [
        keyboards.plugs(localizer_for(), broker_state()),
        keyboards.settings(localizer_for(), ChatSettings()),
        keyboards.charts(localizer_for()),
        keyboards.plug_setup(localizer_for(), BrokerState(plug_infos={"bf1": INFO, "bf2": UNSEEN})),
    ]
    for board in boards:
        assert all(keyboards.parse(data) and len(data.encode()) <= 64 for row in board for _, data in row)


def test_every_setting_has_a_next_value() -> None:
    chosen = ChatSettings()
    for value in ("language", "quiet", "waits", "minutes", *AlertGroup):
        after = keyboards.next_settings(chosen, value)
        assert after
        assert after != chosen
    assert keyboards.next_settings(chosen, "nonsense") is None


def test_a_message_has_no_more_buttons_than_telegram_takes() -> None:
    many = [f"p{number:03}" for number in range(130)]
    plugs = {name: PlugState(at=NOW, name=name, reachable=True) for name in many}
    infos = {name: INFO.model_copy(update={"name": name}) for name in many}
    inverters = {name: settings(NOW) for name in many}
    home = BrokerState(
        connected=True,
        plugs=plugs,
        plug_infos=infos,
        inverters={name: reading(NOW) for name in many},
        inverter_settings=inverters,
        services={"poller": ServiceStatus(at=NOW, since=NOW, state=ServiceHealth.ONLINE, version="0.1")},
    )
    for board in (
        keyboards.plugs(localizer_for(), home),
        keyboards.plug_setup(localizer_for(), home, many[0]),
        inverter_keyboards.overview(localizer_for(), home),
    ):
        assert 50 < sum(map(len, board)) <= keyboards.MOST_BUTTONS


@pytest.mark.parametrize(("age", "offered"), [(timedelta(0), ["off"]), (timedelta(hours=2), ["on", "off"])])
def test_a_plug_of_which_nothing_is_known_now_can_be_switched_either_way(age: timedelta, offered: list[str]) -> None:
    home = BrokerState(plugs={"boiler": PlugState(at=NOW - age, name="Boiler", on=True, reachable=True)})
    (buttons, _refresh) = keyboards.plugs(localizer_for(), home)
    assert [data.rpartition("|")[2] for _, data in buttons] == offered
