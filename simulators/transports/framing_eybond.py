"""The EyeBond frames of the Wi-Fi dongle: RTU in an envelope, and the parameters of the dongle itself."""

import struct
from contextlib import suppress

from simulators.modbus_unit import Request
from simulators.transports.framing import Framing, GarbageError
from simulators.transports.framing_rtu import checked, with_crc

HEADER = struct.Struct(">HHHBB")  # transaction, devcode, length of what follows it, address, function
HEARTBEAT, FORWARD = 1, 4
PN, FIRMWARE, PROTOCOL = 2, 5, 14
LONGEST = 1024
DEVCODE = 0x0994
TRAIL = b"\x00\x00"
NAK = b"(NAKss\r"  # not a placeholder: "ss" is the checksum of "(NAK"


class EyeBondFraming(Framing):
    """A dongle with an SMG II behind it.

    Like real ones, it puts its own devcode into some answers and extra bytes behind the checksum of others.
    """

    def __init__(self, pn: str) -> None:
        super().__init__()
        self._parameters = {PN: pn.encode(), FIRMWARE: b"8.30.8.1", PROTOCOL: b"0925"}

    def pack(self, request: Request, pdu: bytes) -> bytes:
        """Return the frame that carries an answer."""
        trail = TRAIL if request.header[1] % 4 == 3 else b""
        return enveloped(request.header, with_crc(bytes([request.unit]) + pdu) + trail)

    def strays(self, request: Request) -> tuple[bytes, ...]:
        """Return a heartbeat under the same transaction id: only its function code shows that it is no answer."""
        return (enveloped(request.header[:7] + bytes([HEARTBEAT]), self._parameters[PN]),)

    def _length(self) -> int | None:
        if len(self._buffer) < HEADER.size:
            return None
        length = int(HEADER.unpack_from(self._buffer)[2])
        if not 2 <= length <= LONGEST:
            raise GarbageError
        return length + 6

    def _parse(self, frame: bytes) -> list[Request]:
        header, content = frame[: HEADER.size], frame[HEADER.size :]
        match header[7]:
            case 1:
                return [_own(header, self._parameters[PN])]
            case 2 if len(content) == 1:
                return [_own(header, self._parameter(content))]
            case 4:
                return self._forwarded(header, content)
        return []

    def _parameter(self, name: bytes) -> bytes:
        known = self._parameters.get(name[0])
        return b"\x01" + name if known is None else b"\x00" + name + known

    def _forwarded(self, header: bytes, content: bytes) -> list[Request]:
        with suppress(GarbageError):  # the inverter does not answer; the dongle carries on
            return [checked(content, header)]
        return []


class Pi30Framing(EyeBondFraming):
    """The same dongle on an inverter that speaks PI30: it answers Modbus with NAK or not at all."""

    def _forwarded(self, header: bytes, content: bytes) -> list[Request]:  # noqa: ARG002
        return [_own(header, NAK)] if header[1] % 2 else []


def _own(header: bytes, content: bytes) -> Request:
    return Request(header=header, reply=enveloped(header, content))


def enveloped(header: bytes, content: bytes) -> bytes:
    """Return an answer in the envelope of its request."""
    transaction, devcode, _, address, function = HEADER.unpack(header)
    if function == FORWARD and transaction % 2:
        devcode = DEVCODE
    return HEADER.pack(transaction, devcode, len(content) + 2, address, function) + content
