"""The Modbus unit behind every transport: a request in, the answer of an SMG II out."""

import struct
from dataclasses import dataclass, field

from simulators.registers import Words, answer

READ = struct.Struct(">BHH")  # function, first address, count
READ_HOLDING, WRITE_MULTIPLE = 3, 16
READ_MOST = 125
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3


@dataclass(frozen=True)
class Request:
    """One request for the inverter, or with a `reply` one that its adapter answers by itself."""

    unit: int = 0
    pdu: bytes = b""
    header: bytes = b""
    reply: bytes = field(default=b"", kw_only=True)


def answer_to(pdu: bytes, words: Words) -> bytes:
    """Return the answer to a request: words or a Modbus exception."""
    if pdu[0] != READ_HOLDING:
        return refusal(pdu, ILLEGAL_FUNCTION)
    if len(pdu) != READ.size:
        return refusal(pdu, ILLEGAL_VALUE)
    _, start, count = READ.unpack(pdu)
    if not 1 <= count <= READ_MOST:
        return refusal(pdu, ILLEGAL_VALUE)
    if start + count > 0x1_0000:
        return refusal(pdu, ILLEGAL_ADDRESS)
    return struct.pack(f">BB{count}H", READ_HOLDING, 2 * count, *answer(words, start, count))


def refusal(pdu: bytes, code: int) -> bytes:
    """Return a Modbus exception."""
    return bytes([pdu[0] | 0x80, code])


def unrelated_answer(count: int) -> bytes:
    """Return an answer with words that nobody asked for, such as another unit's."""
    return bytes([READ_HOLDING, 2 * count]) + b"\x55" * 2 * count


def requested_registers(pdu: bytes) -> range:
    """Return which registers a read or a write is about; none for any other request."""
    is_read = len(pdu) == READ.size and pdu[0] == READ_HOLDING
    if not is_read and not (len(pdu) > READ.size and pdu[0] == WRITE_MULTIPLE):
        return range(0)
    _, start, count = READ.unpack(pdu[: READ.size])
    return range(start, start + count)


def requested_words(pdu: bytes) -> int:
    """Return how many words a read asks for; for any other request a plausible number."""
    return int.from_bytes(pdu[3:5], "big") % READ_MOST or 1
