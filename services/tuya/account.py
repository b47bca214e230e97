"""The devices of the Tuya account, and how they compare with the list of plugs. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr, ValidationError

from services.tuya.grid_rules import GangStates
from services.tuya.plug import KEY_LENGTH, Plug
from shared.conditions import Reason, plugs

SWITCHES = ("switch_1", "switch", "switch_led")
"""The codes that can be a plug's relay, the likeliest first."""


@dataclass(frozen=True)
class Device:
    """One device of the account. `switches` are its values that are on or off, a child lock among them."""

    id: str
    name: str
    local_key: SecretStr
    online: bool
    switches: Mapping[str, bool]

    @property
    def gang(self) -> str | None:
        """The switch that is its relay, None where it has none."""
        return next((code for code in SWITCHES if code in self.switches), None)

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
    )


def to_plug(device: Device) -> Plug | None:
    """Return a device as a disabled plug, None where it has no relay."""
    if not device.gang:
        return None
    key = device.local_key.get_secret_value()
    fields = {"id": device.id, "name": device.name, "enabled": False, "gangs": [device.gang]}
    try:
        return Plug.model_validate(fields | ({"local_key": key} if len(key.encode()) == KEY_LENGTH else {}))
    except ValidationError:  # an id that does not fit into a topic
        return None


def unlisted(devices: Iterable[Device], listed: Mapping[str, Plug]) -> list[Plug]:
    """Return the plugs of the account that are not in the list, disabled."""
    new = {device.id: device for device in devices if device.id not in listed}
    return [plug for device in new.values() if (plug := to_plug(device))]


def mismatch(plug: Plug, device: Device | None) -> Reason | None:
    """Return where the list and the account disagree about a plug."""
    if device is None:
        return None if plug.is_local else plugs.not_in_account(name=plug.title)
    ours, theirs = plug.local_key.get_secret_value(), device.local_key.get_secret_value()
    return plugs.new_key(name=plug.title) if ours and theirs and ours != theirs else None
