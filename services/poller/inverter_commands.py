"""The commands to an inverter: what executes each, and the event that reports that there is no such inverter."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.poller.inverter_control import Control
from shared.clock import utc_now
from shared.conditions import inverter_settings
from shared.messages import ChargeAheadStep, Message, ProfileOutcome, SettingOutcome
from shared.topics import (
    CHARGE_AHEAD_EVENT,
    CHARGE_AHEAD_SET,
    PROFILE_CHANGE,
    PROFILE_SET,
    SETTING_CHANGE,
    SETTING_SET,
    Topic,
)


@dataclass(frozen=True)
class InverterCommand:
    """A topic of commands, what executes them, the topic of their outcome, and the outcome if nothing executes one.

    `obey` is called with the inverter's control, the rest of the topic, the command, and whether it was retained.
    """

    topic: Topic[Any]
    obey: Callable[[Control, str, Any, bool], None]
    outcome: Topic[Any]
    nothing: dict[str, Any]
    repeats: tuple[str, ...] = ()

    def nobody(self, command: Any) -> Message:
        """Return the event for an inverter that is not there, or not being read."""
        asked = {name: getattr(command, name) for name in ("by", *self.repeats)}
        reason = inverter_settings.UNKNOWN_INVERTER()
        event: Message = self.outcome.payload.model_validate(
            {"at": utc_now(), "reason": reason, **self.nothing, **asked}
        )
        return event


INVERTER_COMMANDS = (
    InverterCommand(
        SETTING_SET,
        lambda one, setting, command, retained: one.writer.receive(setting, command, retained=retained),
        SETTING_CHANGE,
        {"outcome": SettingOutcome.NOT_WRITTEN},
        ("value",),
    ),
    InverterCommand(
        PROFILE_SET,
        lambda one, _, command, retained: one.profiles.receive(command, retained=retained),
        PROFILE_CHANGE,
        {"outcome": ProfileOutcome.NOT_APPLIED},
        ("profile",),
    ),
    InverterCommand(
        CHARGE_AHEAD_SET,
        lambda one, _, command, retained: one.charging.receive(command, retained=retained),
        CHARGE_AHEAD_EVENT,
        {"step": ChargeAheadStep.FAILED},
    ),
)
