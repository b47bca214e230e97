"""Everything known about one plug: the attempt under way, retries, the last reading, what is published. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from services.tuya.contact import Contact
from services.tuya.grid_rules import SEEN_BEFORE, GangStates
from services.tuya.journal import Target, key
from services.tuya.off_on_test import OffOnTest
from services.tuya.plug import Plug
from services.tuya.shared_state import SharedState
from shared.conditions import Reason
from shared.errors import DeviceError
from shared.messages import PlugAction, PlugState, Via


@dataclass(frozen=True)
class Now:
    """The present time, and that of a clock that is never set."""

    utc: datetime
    monotonic_s: float


class Result(StrEnum):
    """The result of reading back."""

    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    FLIPPED = "flipped"


@dataclass(frozen=True)
class Attempt:
    """One attempt to reach some targets, and its progress. `ways` are those left, the current one first.

    `tries` counts the connections that broke on this way. A blind one switches first: reading before failed.
    """

    targets: tuple[Target, ...]
    ways: tuple[Via, ...]
    error: DeviceError | None = None
    """Why the previous way failed."""
    tries: int = 0
    blind: bool = False
    reading: GangStates | None = None
    switched: bool = False
    read_backs: int = 0
    not_before_s: float = 0
    result: Result | None = None

    @property
    def via(self) -> Via | None:
        """The way that is being tried."""
        return self.ways[0] if self.ways else None

    @property
    def values(self) -> dict[str, bool]:
        """What each gang should become."""
        return {target.gang: target.on for target in self.targets}


@dataclass(frozen=True)
class KeyTrust:
    """The evidence for and against the plug's key, since it last decrypted an answer."""

    works: bool = False
    unopened: int = 0
    """Complete answers that the key did not decrypt."""
    broken_off: int = 0
    """Connections that the plug accepted and then broke off."""
    since_s: float = 0
    """When the first of either happened."""


@dataclass(frozen=True)
class CloudHold:
    """The cloud's answers about a plug, and until when it is not asked again."""

    error: DeviceError
    until_s: float
    answers: int


@dataclass(frozen=True)
class ControlState:
    """Everything known about one plug. `tried` are the targets that `failures`, `flips` and `cloud_hold` are about."""

    plug: Plug
    ways: tuple[Via, ...]
    shared: SharedState
    published: PlugState
    check_every_s: float
    dry_run: bool = False
    retries: bool = True
    """Whether a failed attempt is repeated; a command-line tool tries once."""

    reading: GangStates = field(default_factory=dict)
    """As it is published."""
    recent: GangStates = field(default_factory=dict)
    """The last reading, of an attempt too, or what the plug was told since; and when it was read."""
    read_at_s: float | None = None
    unjudged: GangStates | None = None
    """A reading that on_reading has not seen yet."""
    check_at_s: float = 0
    attempt: Attempt | None = None
    tried: tuple[Target, ...] = ()
    failures: int = 0
    is_reported: bool = False
    """Whether an event has reported their failure."""
    flips: int = 0
    retry_at_s: float = 0
    paused_until_s: float = 0
    cloud_hold: CloudHold | None = None

    asking: tuple[Via, ...] = ()
    """The ways left to ask whether the plug would follow."""
    unanswered: Reason | None = None
    """Why it would not, as far as known."""
    problem: Reason | None = None
    test: OffOnTest | None = None
    """How the last off-on test ended."""
    went_off: bool = False
    """Whether the running test has seen the plug off."""
    test_problem: Reason | None = None
    """Why the running test has already failed."""
    contact: Contact = Contact.UNKNOWN
    common_trouble: Reason | None = None
    """Why no plug answers at present."""
    key: KeyTrust = KeyTrust()
    key_problem: Reason | None = None
    events: tuple[PlugAction, ...] = ()
    """The events to publish, oldest first."""

    def seen(self, now: Now, within: timedelta) -> GangStates:
        """Return the last reading if it is not older."""
        is_recent = self.read_at_s is not None and now.monotonic_s - self.read_at_s <= within.total_seconds()
        return self.recent if is_recent else {}

    def supposed(self, now: Now) -> GangStates:
        """Return how the gangs are supposed to be where they cannot be read: what was once found off is not on."""
        seen_on = {gang: True for gang in self.plug.gangs if key(self.plug.id, gang) in self.shared.journal.seen_on}
        on = {gang: True for gang, on in self.seen(now, SEEN_BEFORE).items() if on}
        off = {gang: False for gang, on in self.recent.items() if on is False}
        return {**seen_on, **on, **off}

    @property
    def is_silent(self) -> bool:
        """Whether it answers on no way, which may have a common cause if no other plug answers either."""
        return self.published.reachable is False and self.contact in (Contact.SILENT, Contact.CUT_OFF)

    @property
    def patience(self) -> int:
        """How many times longer than usual to wait for an answer: a plug that was silent may only be slow."""
        return 1 + (self.attempt.tries if self.attempt else 0)
