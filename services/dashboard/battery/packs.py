"""The packs as they are known: who each is, what it said last, and whether that still tells about now, pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.dashboard.live import Snapshot
from services.dashboard.wording import Clock
from shared.charge import ALL, BATTERY_HOLDS
from shared.freshness import CLOCK_SLACK, fresh
from shared.messages import Availability, BatteryInfo, BatteryState, Contact


@dataclass(frozen=True)
class Pack:
    """A battery: state is None before its first reading, contact says why it is silent.

    ahead says that its reading comes from the future: a clock is wrong.
    """

    device: str
    name: str
    state: BatteryState | None
    info: BatteryInfo | None
    contact: Availability | None
    live: bool
    ahead: bool


def packs_of(snapshot: Snapshot, clock: Clock) -> list[Pack]:
    """Return the single batteries by name, with those of which nothing but their silence is known."""
    known = {*snapshot.batteries, *snapshot.battery_info, *snapshot.battery_availability} - {ALL}
    return sorted((_pack(device, snapshot, clock) for device in known), key=lambda pack: (pack.name, pack.device))


def total_of(snapshot: Snapshot, packs: Sequence[Pack], clock: Clock) -> Pack | None:
    """Return the sum of the batteries, where there are several."""
    return _pack(ALL, snapshot, clock) if ALL in snapshot.batteries and len(packs) > 1 else None


def _pack(device: str, snapshot: Snapshot, clock: Clock) -> Pack:
    state, info = snapshot.batteries.get(device), snapshot.battery_info.get(device)
    contact = snapshot.battery_availability.get(device)
    offline = contact is not None and contact.state is Contact.OFFLINE
    live = state is not None and not offline and fresh(state.at, clock.now, BATTERY_HOLDS)
    name = clock("battery.all") if device == ALL else (info and info.name) or device
    ahead = state is not None and state.at > clock.now + CLOCK_SLACK
    return Pack(device, name, state, info, contact, live, ahead)
