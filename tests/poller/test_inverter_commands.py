"""Commands for an inverter that is not there: each is answered by an event of its kind that says so."""

from datetime import UTC, datetime

import pytest

from services.poller.inverter_commands import INVERTER_COMMANDS, InverterCommand
from shared.messages import (
    ChargeAheadCommand,
    ChargeAheadEvent,
    ChargeAheadStep,
    Message,
    ProfileChange,
    ProfileCommand,
    ProfileOutcome,
    SettingChange,
    SettingCommand,
    SettingOutcome,
)
from shared.topics import CHARGE_AHEAD_SET, PROFILE_SET, SETTING_SET

AT = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("topic", "command", "event", "said"),
    [
        pytest.param(
            SETTING_SET,
            SettingCommand(at=AT, value=20, by="page"),
            SettingChange,
            {"value": 20, "outcome": SettingOutcome.NOT_WRITTEN},
            id="a-setting",
        ),
        pytest.param(
            PROFILE_SET,
            ProfileCommand(at=AT, profile="night", by="page"),
            ProfileChange,
            {"profile": "night", "outcome": ProfileOutcome.NOT_APPLIED},
            id="a-profile",
        ),
        pytest.param(
            CHARGE_AHEAD_SET,
            ChargeAheadCommand(at=AT, hold_off=True, by="page"),
            ChargeAheadEvent,
            {"step": ChargeAheadStep.FAILED},
            id="charging-ahead",
        ),
    ],
)
def test_nobody_obeys_a_command_for_an_inverter_that_is_not_there(topic, command, event, said) -> None:
    kind: InverterCommand = next(one for one in INVERTER_COMMANDS if one.topic is topic)
    answer: Message = kind.nobody(command)
    assert isinstance(answer, event)
    assert kind.outcome.payload is event
    assert {name: getattr(answer, name) for name in said} == said
    assert (answer.by, answer.reason and answer.reason.code) == ("page", "control.unknown_inverter")
