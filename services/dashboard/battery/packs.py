"""What is known about each battery pack, and whether its reading is live, pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.broker_state import BrokerState
from shared.charge import LONG, roughly
from shared.freshness import CLOCK_SLACK
from shared.live_figures import ALL, is_battery_live, live_figures
from shared.messages import Availability, BatteryInfo, BatteryState, Grid
from shared.texts.localizer import Localizer
from shared.trusted_time import is_unset


@dataclass(frozen=True)
class Pack:
    """A battery. state is None before its first reading; ahead: the reading is from the future, so a clock is wrong.

    until is until when the charge of the whole home lasts without power, on the card of the whole.
    """

    device: str
    name: str
    state: BatteryState | None
    info: BatteryInfo | None
    contact: Availability | None
    live: bool
    ahead: bool
    until: datetime | None = None


def packs_of(snapshot: BrokerState, localizer: Localizer) -> list[Pack]:
    """Return the single batteries by name, including those that have never been read."""
    known = {*snapshot.batteries, *snapshot.battery_infos, *snapshot.battery_availability} - {ALL}
    found = sorted((_pack(device, snapshot, localizer) for device in known), key=lambda pack: (pack.name, pack.device))
    return [replace(one, until=_until(snapshot, localizer.now)) for one in found] if len(found) == 1 else found


def total_of(snapshot: BrokerState, packs: Sequence[Pack], localizer: Localizer) -> Pack | None:
    """Return the sum of the batteries, where there are several."""
    if ALL not in snapshot.batteries or len(packs) < 2:
        return None
    return replace(_pack(ALL, snapshot, localizer), until=_until(snapshot, localizer.now))


def _until(snapshot: BrokerState, now: datetime) -> datetime | None:
    """Return until when the charge lasts, as everybody shows it; beyond a day is no forecast."""
    figures = live_figures(snapshot, now)
    is_off = figures.grid is not None and figures.grid.state is Grid.OFF
    left = figures.runtime_after(figures.grid.since) if figures.grid and is_off else figures.runtime
    return None if left is None or left > LONG or is_unset(now) else roughly(now + left, now)


def _pack(device: str, snapshot: BrokerState, localizer: Localizer) -> Pack:
    state, info = snapshot.batteries.get(device), snapshot.battery_infos.get(device)
    contact = snapshot.battery_availability.get(device)
    live = is_battery_live(snapshot, device, localizer.now)
    name = localizer("battery.all") if device == ALL else snapshot.battery_name(device)
    ahead = state is not None and state.at > localizer.now + CLOCK_SLACK
    return Pack(device, name, state, info, contact, live, ahead)
