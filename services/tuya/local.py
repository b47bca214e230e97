"""A plug over the home network. The only module that knows tinytuya; one connection a command, bounded in time."""

import json
import logging
import select
import socket
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from typing import Any

from tinytuya import OutletDevice, decrypt_udp, scanner

from services.tuya.plugs import Plug
from shared.errors import BadReplyError, CommandRefusedError, ConfigError, DeviceOfflineError

logging.getLogger("tinytuya").setLevel("WARNING")  # below that it logs keys

ANNOUNCE_PORTS = (6666, 6667, 7000)
LONGEST = 4096
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


def look_around(seconds: float, ports: Iterable[int], *, ask: bool) -> list[tuple[str, str, str]]:
    """Listen for plugs that announce themselves, and ask for those that only answer; return id, address, version."""
    found: dict[str, tuple[str, str]] = {}
    with ExitStack() as opened:
        listening = [opened.enter_context(_listener(port)) for port in ports]
        end = time.monotonic() + seconds
        if ask:
            scanner.send_discovery_request()
        while (left := end - time.monotonic()) > 0:
            for heard in select.select(listening, [], [], left)[0]:
                found |= _announced(heard.recv(LONGEST))
    return sorted((id_, host, version) for id_, (host, version) in found.items())


def _listener(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("", port))
    except OSError as error:
        listener.close()
        raise ConfigError(f"UDP port {port} cannot be listened on ({error.strerror}): does another scan run?") from None
    return listener


def _announced(packet: bytes) -> dict[str, tuple[str, str]]:
    """Return who says in a packet where it is; anybody may send anything there."""
    try:
        said = json.loads(decrypt_udp(packet))
        return {str(said["gwId"]): (str(said["ip"]), str(said["version"]))}
    except Exception:  # whatever the ciphers make of a foreign packet
        return {}
