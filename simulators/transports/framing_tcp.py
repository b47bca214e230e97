"""Modbus TCP: a header with a transaction id that the answer repeats, and no checksum."""

import struct
from dataclasses import replace

from simulators.modbus_unit import Request, requested_words, unrelated_answer
from simulators.transports.framing import Framing, GarbageError

HEADER = struct.Struct(">HHHB")  # transaction, protocol (0), length of what follows it, unit


class TcpFraming(Framing):
    """Modbus TCP as a gateway speaks it."""

    silence_s = None

    def pack(self, request: Request, pdu: bytes) -> bytes:
        """Return the frame that carries an answer."""
        transaction = HEADER.unpack(request.header)[0]
        return HEADER.pack(transaction, 0, len(pdu) + 1, request.unit) + pdu

    def strays(self, request: Request) -> tuple[bytes, ...]:
        """Return an answer of the right length to the previous transaction."""
        before = int.from_bytes(request.header[:2], "big") - 1 & 0xFFFF
        header = before.to_bytes(2, "big") + request.header[2:]
        return (self.pack(replace(request, header=header), unrelated_answer(requested_words(request.pdu))),)

    def _length(self) -> int | None:
        if len(self._buffer) < HEADER.size:
            return None
        _, protocol, length, _ = HEADER.unpack_from(self._buffer)
        if protocol != 0 or not 2 <= length <= 254:
            raise GarbageError
        return int(length) + 6

    def _parse(self, frame: bytes) -> list[Request]:
        return [Request(frame[6], frame[HEADER.size :], frame[: HEADER.size])]
