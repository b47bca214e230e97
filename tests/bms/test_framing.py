"""Notifications to frames: captures, and properties over any cut, order and corruption."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bms.framing import SIZE, Command, FrameAssembler, FrameType, command_bytes
from tests.bms.captures import CAPTURES, Capture

NOISE = b"AT\r\n"
ACKNOWLEDGEMENT = bytes.fromhex("aa5590ebc80101") + bytes(12) + b"\x44"
CELLS = next(capture for capture in CAPTURES if capture.id == "syssi-CELL_INFO_JK02_32S_V15").chunks[0]
DEVICE = next(capture for capture in CAPTURES if capture.id == "aiobmsble-JK02_24S-dev").chunks[0]


def types(*chunks: bytes) -> list[int]:
    assembler = FrameAssembler()
    return [frame.type for chunk in chunks for frame in assembler.feed(chunk)]


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda capture: capture.id)
def test_a_captured_stream_gives_its_frames(capture: Capture) -> None:
    assert types(*capture.chunks) == [frame["type"] for frame in capture.frames]


def test_commands_as_the_vendors_app_sends_them() -> None:
    assert command_bytes(Command.DEVICE).hex() == "aa5590eb97000000000000000000000000000011"
    assert command_bytes(Command.CELLS).hex() == "aa5590eb96000000000000000000000000000010"


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param([NOISE, CELLS, NOISE], id="noise-around"),
        pytest.param([NOISE + CELLS[:150], CELLS[150:] + NOISE], id="noise-glued-to-the-head"),
        pytest.param([CELLS[:150], NOISE, CELLS[150:], CELLS], id="noise-in-the-middle-costs-one"),
        pytest.param([DEVICE[:300] + ACKNOWLEDGEMENT + CELLS[:20], CELLS[20:]], id="all-in-one-notification"),
        pytest.param([CELLS[:100], CELLS], id="half-a-frame-before"),
        pytest.param([b"\x55\xaa\xeb\x90" * 5 + CELLS], id="forged-headers"),
    ],
)
def test_the_cells_are_found(stream: list[bytes]) -> None:
    assert types(*stream, CELLS)[-1] == FrameType.CELLS


def test_a_frame_is_never_shown_with_its_bytes() -> None:
    """The device frame holds pass codes."""
    frame = next(iter(FrameAssembler().feed(DEVICE)))
    assert repr(frame) == "Frame(DEVICE)"


@given(st.lists(st.integers(1, SIZE), max_size=40))
def test_any_cut_gives_the_same_frames(sizes: list[int]) -> None:
    stream = NOISE + DEVICE + ACKNOWLEDGEMENT + NOISE + CELLS + CELLS
    chunks = []
    for size in sizes:
        chunks.append(stream[:size])
        stream = stream[size:]
    assert types(*chunks, stream) == [FrameType.DEVICE, FrameType.CELLS, FrameType.CELLS]


@given(st.integers(0, SIZE - 1), st.integers(1, 255))
def test_a_wrong_byte_costs_its_frame_and_no_other(at: int, wrong: int) -> None:
    spoilt = CELLS[:at] + bytes((CELLS[at] ^ wrong,)) + CELLS[at + 1 :]
    assert types(spoilt, CELLS, CELLS).count(FrameType.CELLS) == 2


@given(st.lists(st.binary(max_size=700), max_size=20))
def test_noise_raises_nothing_and_is_forgotten(chunks: list[bytes]) -> None:
    assembler = FrameAssembler()
    for chunk in chunks:
        list(assembler.feed(chunk))
        assert len(assembler._buffer) < 2 * SIZE


def test_a_flood_of_noise_stays_in_a_small_buffer() -> None:
    assembler = FrameAssembler()
    for _ in range(10_000):
        list(assembler.feed(b"\x55\xaa\xeb\x90" + bytes(1020)))
    assert len(assembler._buffer) < 2 * SIZE
    assert [frame.type for frame in assembler.feed(bytes(SIZE) + CELLS)] == [FrameType.CELLS]
