"""A plug over the home network: one connection per command, with timeouts. The only importer of tinytuya."""

import errno
import json
import logging
import select
import socket
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from ipaddress import ip_address
from typing import Any

from tinytuya import ERR_CONNECT, ERR_KEY_OR_VER, ERR_OFFLINE, DecodeError, OutletDevice, decrypt_udp, scanner
from tinytuya.core.command_types import STATUS, UPDATEDPS

from services.tuya.address import Address
from services.tuya.connection import KeyDoubtError, LostConnectionError, NoNetworkError, OurWayError, SilentError
from services.tuya.plug import VERSIONS, Plug
from shared.conditions import plugs
from shared.conditions.system import os_reason
from shared.errors import BadReplyError, CommandRefusedError, DeviceError, DeviceOfflineError

logging.getLogger("tinytuya").setLevel("WARNING")  # below that it logs keys

ANNOUNCE_PORTS = (6666, 6667, 7000)
MAX_PACKET = 4096
NOT_UNDERSTOOD = {"900", "904", "908", "914"}
SESSIONS_SINCE = 3.4
MEASURED = [18, 19, 20]
"""The data points of current, power and voltage: a plug refreshes these, and no others."""
NO_NETWORK = {errno.ENETUNREACH, errno.ENETDOWN}


class LocalPlug:
    """One connection to a plug: read, switch, read back, close. It blocks, so use it in a thread.

    Every call ends within timeout_s for connecting and timeout_s for the answer.
    """

    def __init__(self, plug: Plug, address: Address, timeout_s: float) -> None:
        self._plug = plug
        self._host = address.host
        self._device = _Device(plug, address, timeout_s)
        self._wanted = {str(point) for point in plug.gangs.values()}

    def read(self) -> dict[str, bool | None]:
        """Return whether each gang is on, None if the plug does not say."""
        points = self._data_points(self._device.ask())
        while self._device.has_reported and not self._wanted <= (points or {}).keys():
            points = (points or {}) | (self._data_points(self._device.receive()) or {})
        if points is None:
            self._device.wake()
            raise self._refusal() or BadReplyError(plugs.no_switch_in_answer(name=self._plug.title))
        found = {gang: points.get(str(point)) for gang, point in self._plug.gangs.items()}
        told = {gang: value if isinstance(value, bool) else None for gang, value in found.items()}
        if set(told.values()) == {None} and (odd := [gang for gang, value in found.items() if value is not None]):
            some = sorted((point for point, value in points.items() if isinstance(value, bool)), key=_by_number)
            name, point = self._plug.title, self._plug.gangs[odd[0]]
            raise CommandRefusedError(plugs.not_a_switch(name=name, point=point, some=", ".join(some) or "–"))
        return told

    def switch(self, values: Mapping[str, bool]) -> None:
        """Send a command; many plugs only acknowledge it, so read it back."""
        points = {str(self._plug.gangs[gang]): on for gang, on in values.items()}
        self._device.start()
        if self._data_points(self._device.set_multiple_values(points)) is None and (refusal := self._refusal()):
            raise refusal

    def close(self) -> None:
        """Close the connection: a plug serves one client at a time."""
        self._device.close()

    def _data_points(self, answer: Any) -> dict[str, Any] | None:
        """Return the data points of an answer, None if it has none. Raises DeviceError."""
        if not isinstance(answer, dict):
            return None
        if error := str(answer.get("Err", "")):
            raise self._error(error)
        if answer.get("devId", self._plug.id) != self._plug.id:
            raise OurWayError(plugs.another_plug(name=self._plug.title, host=self._host))
        points = answer.get("dps")
        return points if isinstance(points, dict) else None

    def _error(self, number: str) -> DeviceError:
        """Return what an error of the library proves: it reports any broken handshake as a wrong key."""
        device, where = self._device, {"name": self._plug.title, "host": self._host}
        if not device.connected:
            if device.refused_by_us:
                return NoNetworkError(plugs.NO_NETWORK())
            return DeviceOfflineError(plugs.no_answer(**where))
        if device.heard and number in NOT_UNDERSTOOD:
            return KeyDoubtError(plugs.not_understood(**where))
        return SilentError(plugs.silent(**where)) if device.silent else LostConnectionError(plugs.hung_up(**where))

    def _refusal(self) -> DeviceError | None:
        """Return an error if the plug's last return code was a refusal."""
        where = {"name": self._plug.title, "host": self._host}
        return KeyDoubtError(plugs.not_understood(**where)) if self._device.cmd_retcode else None


class _Device(OutletDevice):  # type: ignore[misc]  # the library has no types
    """The library's plug with one connection, a deadline, and a record of how far the plug got."""

    socket: Any

    def __init__(self, plug: Plug, address: Address, timeout_s: float) -> None:
        self.connected = False
        self.refused_by_us = False
        """Whether this machine has no network through which to reach it."""
        self.heard = False
        """Whether a whole frame has arrived, readable or not."""
        self.silent = False
        self._is_ready = self._asks = False
        self._timeout_s = timeout_s
        self._deadline_s = 0.0
        super().__init__(
            plug.id,
            address=address.host,
            local_key=plug.local_key.get_secret_value(),
            connection_timeout=timeout_s,
            persist=True,
            connection_retry_limit=1,
            connection_retry_delay=0,
            port=plug.port,
        )
        # 3.2 must be asked by name; without names the library would first search for them, which takes long
        self.set_dpsUsed({str(point): None for point in plug.gangs.values()})
        self.set_version(float(address.version))

    def ask(self) -> Any:
        """Return its status; wake it if it does not answer."""
        self.start()
        self._asks = True
        try:
            return self.status()
        finally:
            self._asks = False

    @property
    def has_reported(self) -> bool:
        """Whether its last frame is an unsolicited report, which has only what has changed (such as the voltage)."""
        return bool(self.raw_recv) and self.raw_recv[-1].cmd == STATUS

    def start(self) -> None:
        """Begin a call: its deadline counts from now."""
        self.heard = self.silent = False
        self._deadline_s = time.monotonic() + self._timeout_s

    def _get_socket(self, renew: bool) -> Any:  # noqa: ARG002 - the library's signature
        """Connect once: retries are not up to the library."""
        if self.socket:
            return True
        if self.connected:
            return ERR_CONNECT
        try:
            self.socket = socket.create_connection((self.address, self.port), self._timeout_s)
        except OSError as error:
            self.refused_by_us = error.errno in NO_NETWORK
            return ERR_OFFLINE
        self.connected = True
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._deadline_s = time.monotonic() + self._timeout_s
        if self.version >= SESSIONS_SINCE and not self._negotiate_session_key():
            self.close()
            return ERR_KEY_OR_VER
        self._is_ready = True
        return True

    def wake(self) -> None:
        """Ask it to refresh its data points, for the next connection, without waiting for an answer.

        A plug that has started without the internet, as after an outage, may not answer queries before that.
        """
        if self.socket and self._is_ready:
            with suppress(OSError):
                self.socket.sendall(self._encode_message(self.generate_payload(UPDATEDPS, MEASURED)))

    def _receive(self) -> Any:
        try:
            frame = super()._receive()
        except TimeoutError:
            self.silent = True
            if self._asks:
                self.wake()
            raise
        except DecodeError:
            self.heard = True
            raise
        self.heard = True
        return frame

    def _recv_all(self, length: int) -> bytes:
        """Read this many bytes before the deadline. The end of the stream is a lost connection, not a frame."""
        data = b""
        while len(data) < length:
            left = self._deadline_s - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.socket.settimeout(left)
            more = self.socket.recv(length - len(data))
            if not more:
                raise ConnectionResetError
            data += more
        return data


def _by_number(point: str) -> tuple[int, str]:
    return len(point), point


def discover(seconds: float, ports: Iterable[int], *, ask: bool) -> list[tuple[str, str, str]]:
    """Listen for plugs that announce themselves, and ask those that only answer; return id, address, version."""
    found: dict[str, Address] = {}
    with ExitStack() as opened:
        sockets = [opened.enter_context(_udp_socket(port)) for port in ports]
        end = time.monotonic() + seconds
        if ask:
            ask_for_announcements()
        while (left := end - time.monotonic()) > 0:
            for readable in select.select(sockets, [], [], left)[0]:
                found |= announced(readable.recv(MAX_PACKET))
    return sorted((id_, address.host, address.version) for id_, address in found.items())


def ask_for_announcements() -> None:
    """Ask the plugs on this network to announce themselves; without a network nobody is asked."""
    with suppress(OSError):  # no route, or a sandbox that shows no interfaces
        scanner.send_discovery_request()


def announced(packet: bytes) -> dict[str, Address]:
    """Return the plug's id and the address that a packet announces; anybody may send anything there."""
    try:
        content = json.loads(decrypt_udp(packet))
        id_, host, version = (str(content[name]) for name in ("gwId", "ip", "version"))
        ip_address(host)
    except Exception:  # the ciphers raise many different errors for a foreign packet
        return {}
    return {id_: Address(host, version)} if version in VERSIONS else {}


def _udp_socket(port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        opened.bind(("", port))
    except OSError as error:
        opened.close()
        raise DeviceOfflineError(plugs.cannot_listen(port=port, cause=os_reason(error))) from None
    return opened
