"""What is known about each battery pack, and whether its reading is live, pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.broker_state import BrokerState
from shared.freshness import CLOCK_SLACK
from shared.live_figures import ALL, is_battery_live
from shared.messages import Availability, BatteryInfo, BatteryState
from shared.texts.localizer import Localizer


@dataclass(frozen=True)
class Pack:
    """A battery. state is None before its first reading; ahead: the reading is from the future, so a clock is wrong."""

    device: str
    name: str
    state: BatteryState | None
    info: BatteryInfo | None
    contact: Availability | None
    live: bool
    ahead: bool


def packs_of(snapshot: BrokerState, localizer: Localizer) -> list[Pack]:
    """Return the single batteries by name, including those that have never been read."""
    known = {*snapshot.batteries, *snapshot.battery_infos, *snapshot.battery_availability} - {ALL}
    return sorted((_pack(device, snapshot, localizer) for device in known), key=lambda pack: (pack.name, pack.device))


def total_of(snapshot: BrokerState, packs: Sequence[Pack], localizer: Localizer) -> Pack | None:
    """Return the sum of the batteries, where there are several."""
    return _pack(ALL, snapshot, localizer) if ALL in snapshot.batteries and len(packs) > 1 else None


def _pack(device: str, snapshot: BrokerState, localizer: Localizer) -> Pack:
    state, info = snapshot.batteries.get(device), snapshot.battery_infos.get(device)
    contact = snapshot.battery_availability.get(device)
    live = is_battery_live(snapshot, device, localizer.now)
    name = localizer("battery.all") if device == ALL else snapshot.battery_name(device)
    ahead = state is not None and state.at > localizer.now + CLOCK_SLACK
    return Pack(device, name, state, info, contact, live, ahead)
