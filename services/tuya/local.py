"""A plug over the home network: one connection per command, with timeouts. The only importer of tinytuya."""

import json
import logging
import select
import socket
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from typing import Any

from tinytuya import OutletDevice, decrypt_udp, scanner

from services.tuya.plug import Plug
from shared.conditions import plugs
from shared.conditions.system import os_reason
from shared.errors import BadReplyError, CommandRefusedError, DeviceOfflineError, UsageError

logging.getLogger("tinytuya").setLevel("WARNING")  # below that it logs keys

ANNOUNCE_PORTS = (6666, 6667, 7000)
MAX_PACKET = 4096
OFFLINE = {"901", "902", "905"}
WRONG_KEY = {"900", "904", "908", "914"}


class LocalPlug:
    """One connection to a plug: read, switch, read back, close. It blocks, so use it in a thread."""

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
        """Return whether each gang is on, None where the plug does not say."""
        points = self._data_points(self._device.status())
        if points is None:
            raise self._refusal() or BadReplyError(plugs.no_switch_in_answer(name=self._plug.title))
        found = {gang: points.get(str(point)) for gang, point in self._plug.gangs.items()}
        return {gang: value if isinstance(value, bool) else None for gang, value in found.items()}

    def switch(self, values: Mapping[str, bool]) -> None:
        """Send a command; many plugs only acknowledge it, so read it back."""
        points = {str(self._plug.gangs[gang]): on for gang, on in values.items()}
        if self._data_points(self._device.set_multiple_values(points)) is None and (refusal := self._refusal()):
            raise refusal

    def close(self) -> None:
        """Close the connection: a plug serves one client at a time."""
        self._device.close()

    def _data_points(self, answer: Any) -> dict[str, Any] | None:
        """Return the data points of an answer, None where it has none. Raises DeviceError."""
        if not isinstance(answer, dict):
            return None
        error = str(answer.get("Err", ""))
        if error in OFFLINE:
            raise DeviceOfflineError(plugs.no_answer(name=self._plug.title, host=self._plug.host))
        if error in WRONG_KEY:
            raise self._wrong_key()
        if error:
            raise BadReplyError(plugs.bad_answer(name=self._plug.title, number=error))
        points = answer.get("dps")
        return points if isinstance(points, dict) else None

    def _refusal(self) -> CommandRefusedError | None:
        """Return an error where the plug's last return code was a refusal."""
        return self._wrong_key() if self._device.cmd_retcode else None

    def _wrong_key(self) -> CommandRefusedError:
        return CommandRefusedError(plugs.wrong_key(name=self._plug.title))


def discover(seconds: float, ports: Iterable[int], *, ask: bool) -> list[tuple[str, str, str]]:
    """Listen for plugs that announce themselves, and ask for those that only answer; return id, address, version."""
    found: dict[str, tuple[str, str]] = {}
    with ExitStack() as opened:
        sockets = [opened.enter_context(_udp_socket(port)) for port in ports]
        end = time.monotonic() + seconds
        if ask:
            scanner.send_discovery_request()
        while (left := end - time.monotonic()) > 0:
            for readable in select.select(sockets, [], [], left)[0]:
                found |= _announcement(readable.recv(MAX_PACKET))
    return sorted((id_, host, version) for id_, (host, version) in found.items())


def _udp_socket(port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind(("", port))
    except OSError as error:
        opened.close()
        raise UsageError(f"Cannot listen on UDP port {port} ({os_reason(error)}): is another scan running?") from None
    return opened


def _announcement(packet: bytes) -> dict[str, tuple[str, str]]:
    """Return the address and version that a packet announces by the plug's id; anybody may send anything there."""
    try:
        content = json.loads(decrypt_udp(packet))
        return {str(content["gwId"]): (str(content["ip"]), str(content["version"]))}
    except Exception:  # the ciphers raise many things for a foreign packet
        return {}
