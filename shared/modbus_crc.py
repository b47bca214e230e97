"""The checksum of Modbus RTU, for inverters and packs on RS485. Pure."""


def crc16(content: bytes) -> bytes:
    """Return the checksum of Modbus RTU: polynomial 0xA001, start 0xFFFF, the low byte first.

    Computed over content and checksum, it is zero: crc16(content + crc16(content)) == b"\0\0".
    """
    crc = 0xFFFF
    for byte in content:
        crc = crc >> 8 ^ _CRC_OF_BYTE[(crc ^ byte) & 0xFF]
    return crc.to_bytes(2, "little")


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
    return byte


_CRC_OF_BYTE = tuple(map(_crc_of, range(256)))
