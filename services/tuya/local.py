"""A plug over the home network. The only module that knows tinytuya; one connection a command, bounded in time."""

import logging
from collections.abc import Mapping
from typing import Any

from tinytuya import OutletDevice, scanner

from services.tuya.plugs import Plug
from shared.errors import BadReplyError, CommandRefusedError, DeviceOfflineError

logging.getLogger("tinytuya").setLevel("WARNING")  # below that it logs keys

OFFLINE = {"901", "902", "905"}
WRONG_KEY = {"900", "904", "908", "914"}


class LocalTalk:
    """One connection to a plug: read, switch, read back, close. Blocks; for a thread of its own."""

    def __init__(self, plug: Plug, timeout_s: float) -> None:
        self._plug = plug
        self._device = OutletDevice(
            plug.id,
            address=plug.host,
            local_key=plug.local_key.get_secret_value(),
            connection_timeout=timeout_s,
            persist=True,
            connection_retry_limit=1,
            connection_retry_delay=0,
            port=plug.port,
        )
        # 3.2 must be asked by name; without names it would search for them at once, and long
        self._device.set_dpsUsed({str(point): None for point in plug.gangs.values()})
        self._device.set_version(float(plug.version))

    def read(self) -> dict[str, bool | None]:
        """Return what each gang is, None where the plug does not say."""
        points = self._heard(self._device.status())
        if points is None:
            raise self._refusal() or BadReplyError(f"{self._plug.title} answers without saying what is on.")
        found = {gang: points.get(str(point)) for gang, point in self._plug.gangs.items()}
        return {gang: value if isinstance(value, bool) else None for gang, value in found.items()}

    def switch(self, wants: Mapping[str, bool]) -> None:
        """Tell it what its gangs should be; many plugs only acknowledge that, so read it back."""
        points = {str(self._plug.gangs[gang]): on for gang, on in wants.items()}
        if self._heard(self._device.set_multiple_values(points)) is None and (refusal := self._refusal()):
            raise refusal

    def close(self) -> None:
        """Let it go: a plug serves one client at a time."""
        self._device.close()

    def _heard(self, answer: Any) -> dict[str, Any] | None:
        """Return the data points of an answer, None where it has none; raise what went wrong."""
        if not isinstance(answer, dict):
            return None
        error = str(answer.get("Err", ""))
        if error in OFFLINE:
            raise DeviceOfflineError(
                f"{self._plug.title} does not answer at {self._plug.host}: is it powered, and no phone app open?"
            )
        if error in WRONG_KEY:
            raise self._wrong_key()
        if error:
            raise BadReplyError(f"{self._plug.title} answers something that cannot be understood (error {error}).")
        points = answer.get("dps")
        return points if isinstance(points, dict) else None

    def _refusal(self) -> CommandRefusedError | None:
        """Return an error where the plug's last return code was a no."""
        return self._wrong_key() if self._device.cmd_retcode else None

    def _wrong_key(self) -> CommandRefusedError:
        return CommandRefusedError(
            f"{self._plug.title} does not understand us: its local_key or version is wrong. A key changes "
            "when the plug is paired again: python -m services.tuya list shows whether it has."
        )


def look_around(seconds: int) -> list[tuple[str, str, str]]:
    """Listen for plugs that announce themselves by UDP; return id, address and version of each."""
    found = scanner.devices(verbose=False, scantime=seconds, color=False, poll=False, byID=True)
    return sorted((str(id_), str(one.get("ip", "")), str(one.get("version", ""))) for id_, one in found.items())
