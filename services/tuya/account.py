"""The devices of the Tuya account, and how they compare with the list of plugs. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr, ValidationError

from services.tuya.grid_rules import GangStates
from services.tuya.plug import Mode, Plug, is_key, usual_gangs
from shared.conditions import Reason, plugs

NO_NAMES: Mapping[str, str] = {}
PLUGS = frozenset({"cz", "pc", "kg", "tdq", "dlq", "wkcz"})
"""Categories of plugs, strips, wall switches and breakers."""
COUNTS_ENERGY = frozenset({"dlq", "zndb"})
"""Categories of breakers and meters whose data point 1 is their energy: what they call `switch` is POINT_OF_BREAKERS.

Seen in make-all/tuya-local#536, #659, #745 and esphome/feature-requests#977. A breaker that is a plug inside has
`switch_1`.
"""
POINT_OF_BREAKERS = 16
NEVER = frozenset({"ckmkzq", "cl", "clkg", "jtmspro", "mal", "mk", "ms", "sd", "sp", "wg2", "ywbj"})
"""Categories with a switch that is not a load: doors, gates, locks, curtains, alarms, vacuum cleaners, cameras."""


@dataclass(frozen=True)
class Device:
    """One device of the account. `switches` are its values that are on or off, a child lock among them."""

    id: str
    name: str
    local_key: SecretStr
    online: bool
    switches: Mapping[str, bool]
    category: str = ""

    @property
    def gangs(self) -> dict[str, int]:
        """Its relays with their usual data points, none if it is no load."""
        gangs = {} if self.category in NEVER else usual_gangs(self.switches)
        if "switch" in gangs and self.category in COUNTS_ENERGY:
            gangs["switch"] = POINT_OF_BREAKERS
        return gangs

    def reading(self, plug: Plug) -> GangStates:
        """Return whether each gang of the plug is on."""
        return {gang: self.switches.get(gang) for gang in plug.gangs}


def to_device(record: Mapping[str, Any]) -> Device:
    """Return a device from its record in the cloud's answer."""
    status = record.get("status")
    values = [one for one in status if isinstance(one, dict)] if isinstance(status, list) else []
    return Device(
        id=str(record.get("id") or ""),
        name=str(record.get("name") or ""),
        local_key=SecretStr(str(record.get("local_key") or "")),
        online=record.get("online") is True,
        switches={str(one.get("code")): one["value"] for one in values if isinstance(one.get("value"), bool)},
        category=str(record.get("category") or ""),
    )


def to_plug(device: Device, names: Mapping[str, str] = NO_NAMES, *, enabled: bool = False) -> Plug | None:
    """Return a device as a plug, or None if it has no relay. One enabled automatically has not been seen yet."""
    if not device.gangs:
        return None
    enabled = enabled and device.category in PLUGS
    key = device.local_key.get_secret_value()
    fields = {
        "id": device.id,
        "name": device.name,
        "enabled": enabled,
        "seen": not enabled,
        "gangs": device.gangs,
        "names": {gang: names[gang] for gang in device.gangs if names.get(gang)},
    }
    try:
        return Plug.model_validate(fields | ({"local_key": key} if is_key(key) else {}))
    except ValidationError:  # an id that is not valid in a topic
        return None


def unlisted(devices: Iterable[Device], listed: Mapping[str, Plug]) -> list[Device]:
    """Return the devices of the account that have a relay and are not in the list, each once."""
    return list({device.id: device for device in devices if device.id not in listed and to_plug(device)}.values())


def mismatch(plug: Plug, device: Device | None) -> Reason | None:
    """Return where the list and the account disagree about a plug."""
    if device is None:
        return None if plug.is_local else plugs.not_in_account(name=plug.title)
    ours, theirs = plug.local_key.get_secret_value(), device.local_key.get_secret_value()
    return plugs.new_key(name=plug.title) if ours and theirs and ours != theirs else None


def missing_key(plug: Plug, device: Device) -> str:
    """Return the key of a plug whose owner has left it out, or an empty string if none is needed."""
    theirs = device.local_key.get_secret_value()
    is_missing = plug.mode is not Mode.CLOUD and not plug.local_key.get_secret_value()
    return theirs if is_missing and is_key(theirs) else ""
