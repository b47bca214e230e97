"""Buttons and what they send back."""

import pytest

from services.bot.alerts.alert import AlertGroup
from services.bot.chats import ChatSettings
from services.bot.commands import keyboards
from shared.broker_state import BrokerState
from tests.bot.facts import broker_state, localizer_for
from tests.bot.test_commands import INFO

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
