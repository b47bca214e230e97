"""The checksum of Modbus RTU, against the catalogue, captures and another way to compute it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.modbus_crc import crc16
from simulators.transports.framing_rtu import with_crc


@pytest.mark.parametrize(
    ("content", "crc"),
    [
        pytest.param(b"", "ffff", id="nothing"),
        pytest.param(bytes.fromhex("010300b80001"), "042f", id="captured-request"),
        pytest.param(bytes.fromhex("0103020003"), "f845", id="captured-answer"),
        pytest.param(b"123456789", "374b", id="check-value-of-the-catalogue"),
    ],
)
def test_the_checksum(content: bytes, crc: str) -> None:
    assert crc16(content).hex() == crc


@given(st.binary(max_size=300))
def test_the_checksum_of_a_frame_with_its_checksum_is_zero(content: bytes) -> None:
    assert crc16(content + crc16(content)) == b"\0\0"
    assert crc16(content) == with_crc(content)[-2:]
