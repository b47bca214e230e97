"""The actions that a controller performs for a plug, and their possible results. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from services.tuya.grid_rules import GangStates
from services.tuya.journal import Journal, Target
from shared.conditions import Reason
from shared.errors import DeviceError, StorageError
from shared.messages import Via


@dataclass(frozen=True)
class Wait:
    """Wait, or until something has changed."""

    seconds: float


@dataclass(frozen=True)
class Begin:
    """Begin an attempt to reach these targets."""

    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Abandon:
    """End the attempt: its targets are no longer wanted."""


@dataclass(frozen=True)
class Read:
    """Read the plug."""

    via: Via


@dataclass(frozen=True)
class Switch:
    """Send the command, over the connection that the plug was read with."""

    via: Via
    values: Mapping[str, bool]


@dataclass(frozen=True)
class Persist:
    """Save this journal before anything else is done or published."""

    journal: Journal


@dataclass(frozen=True)
class MarkToRestore(Persist):
    """Save what is about to be switched off because of the grid."""


@dataclass(frozen=True)
class Complete(Persist):
    """Save that the targets are reached."""


@dataclass(frozen=True)
class EndTest(Persist):
    """Save that an off-on test has failed, and why; what it may have switched off is switched on."""

    reason: Reason


@dataclass(frozen=True)
class GiveUp(Persist):
    """Save that the plug is left alone."""


@dataclass(frozen=True)
class Expire(Persist):
    """Save that old targets of people are dropped."""

    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Resist(Persist):
    """Save that the plug came back on by itself: it is switched off again, or left on after too many times."""

    left_on: tuple[str, ...]


Action: TypeAlias = Wait | Begin | Abandon | Read | Switch | Persist
Outcome: TypeAlias = GangStates | DeviceError | StorageError | None
