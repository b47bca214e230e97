"""Bytes to the one reply that answers a request."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.poller.modbus_frames import (
    ExceptionReply,
    EyeBond,
    ModbusTcp,
    RawDongle,
    ReadReply,
    Request,
    Rtu,
    WriteReply,
    find_reply,
    is_damaged,
    mislabelled,
    speaks_pi30,
)
from shared.modbus_crc import crc16
from tests.poller.captured_frames import CAPTURES, DONGLES_HEARTBEAT, HEARTBEAT, PI30_NAK, Capture

FRAMINGS = [ModbusTcp(), Rtu(), EyeBond()]
ASK = Request(unit=1, start=277, count=5, number=0x077A)
BATTERY = ReadReply((521, 65438, 65026, 66, 21))
RTU_REPLY = bytes.fromhex("01030a0209ff9efe0200420015d224")
REPLIES = {
    "Modbus TCP": bytes.fromhex("077a0000000d01030a0209ff9efe0200420015"),
    "Modbus RTU": RTU_REPLY,
    "Modbus": bytes.fromhex("077a09940011ff04") + RTU_REPLY,
}
REFUSALS = {
    "Modbus TCP": bytes.fromhex("077a00000003018302"),
    "Modbus RTU": bytes.fromhex("018302c0f1"),
    "Modbus": bytes.fromhex("077a00010007ff04018302c0f1"),
}
by_framing = pytest.mark.parametrize("framing", FRAMINGS, ids=lambda framing: framing.name)
any_framing = st.sampled_from(FRAMINGS)


def asked(capture: Capture) -> Request:
    return Request(1, capture.start, len(capture.words), capture.number or 1)


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda capture: capture.name)
def test_a_captured_pair(capture: Capture) -> None:
    request = asked(capture)
    assert EyeBond().encode(request).hex() == capture.request
    assert find_reply(EyeBond(), bytes.fromhex(capture.response), request) == ReadReply(capture.words)
    inner = bytes.fromhex(capture.response)[8:]
    assert find_reply(RawDongle(), inner, request) == ReadReply(capture.words)
    assert Rtu().encode(request) == bytes.fromhex(capture.request)[8:]


def test_modbus_tcp_as_the_standard_shows_it() -> None:
    assert ModbusTcp().encode(ASK).hex() == "077a00000006010301150005"


@by_framing
def test_a_reply_is_found_and_a_refusal_too(framing) -> None:
    assert find_reply(framing, REPLIES[framing.name], ASK) == BATTERY
    assert find_reply(framing, REFUSALS[framing.name], ASK) == ExceptionReply(2)


@by_framing
@pytest.mark.parametrize(
    ("changed", "why"),
    [
        pytest.param(Request(2, 277, 5, 0x077A), "another unit's", id="unit"),
        pytest.param(Request(1, 277, 6, 0x077A), "too short for what was asked", id="count"),
    ],
)
def test_what_answers_another_request_is_no_reply(framing, changed: Request, why: str) -> None:
    assert find_reply(framing, REPLIES[framing.name], changed) is None, why


@pytest.mark.parametrize("framing", [ModbusTcp(), EyeBond()], ids=lambda framing: framing.name)
def test_another_number_is_no_reply_and_no_damage(framing) -> None:
    late = Request(1, 277, 5, 0x0779)
    assert find_reply(framing, REPLIES[framing.name], late) is None
    assert not is_damaged(framing, REPLIES[framing.name], late)


@pytest.mark.parametrize(
    ("framing", "data"),
    [
        pytest.param(EyeBond(), bytes.fromhex(HEARTBEAT), id="heartbeat"),
        pytest.param(EyeBond(), bytes.fromhex(DONGLES_HEARTBEAT), id="heartbeat-of-the-dongle"),
        pytest.param(EyeBond(), bytes.fromhex(DONGLES_HEARTBEAT + HEARTBEAT), id="two"),
        pytest.param(Rtu(), bytes.fromhex("02030a55555555555555555555cfcb"), id="another-unit"),
        pytest.param(Rtu(), bytes.fromhex("0103020003f845"), id="another-length"),
        # captured from a collector (svitgrid/home-assistant-svitgrid@c9a433a)
        pytest.param(RawDongle(), b"AT+DTUPN:I20000282044487591\r\n", id="text-of-the-dongle"),
        pytest.param(RawDongle(), bytes.fromhex("0103027803da45") + b"AT+HTBT:\r\nAT+WFSS:-49\r\n", id="texts-amid"),
        pytest.param(ModbusTcp(), bytes.fromhex("0779000000050103020003"), id="another-number"),
    ],
)
def test_strangers_are_no_damage(framing, data: bytes) -> None:
    assert not is_damaged(framing, data, ASK)
    assert find_reply(framing, data + REPLIES[framing.name], ASK) == BATTERY
    assert is_damaged(framing, data + b"\x01", ASK), "something has begun behind it"


def test_bytes_behind_the_checksum_and_a_wrong_length_do_not_matter_to_the_dongle() -> None:
    assert find_reply(EyeBond(), REPLIES["Modbus"] + b"\0\0\0", ASK) == BATTERY
    assert find_reply(EyeBond(), bytes.fromhex("077a0939ffffff04") + RTU_REPLY, ASK) == BATTERY


@by_framing
def test_an_answer_to_another_unit_or_number_is_known_for_what_it_is(framing) -> None:
    reply = REPLIES[framing.name]
    asked = Request(7, 277, 5, 0x1234)
    other = mislabelled(framing, b"\x00\x55" + reply, asked)
    assert other == Request(1, 277, 5, 0x077A if framing.numbered else 0)
    assert mislabelled(framing, reply[:-1], asked) is None
    assert mislabelled(framing, reply, Request(7, 277, 6, 0x1234)) is None


def test_the_other_family_is_told_by_its_answer() -> None:
    assert speaks_pi30(bytes.fromhex("077a00010009ff04") + PI30_NAK)
    assert speaks_pi30(b"(230.0 50.0 230.0 50.0\x12\x34\r")
    assert not speaks_pi30(REPLIES["Modbus"])


@given(any_framing, st.binary(max_size=600), st.binary(max_size=600))
def test_a_reply_is_found_in_any_noise(framing, before: bytes, behind: bytes) -> None:
    found = find_reply(framing, before + REPLIES[framing.name] + behind, ASK)
    assume(find_reply(framing, before + REPLIES[framing.name][:-1], ASK) is None)  # noise that is a reply by chance
    assert found == BATTERY


@given(any_framing, st.binary(max_size=600), st.integers(1, 247), st.integers(1, 125), st.integers(1, 0xFFFF))
def test_no_bytes_raise_anything(framing, data: bytes, unit: int, count: int, number: int) -> None:
    request = Request(unit, 0, count, number)
    reply = find_reply(framing, data, request)
    words = len(reply.words) if isinstance(reply, ReadReply) else count
    assert reply is None or isinstance(reply, ReadReply | ExceptionReply)
    assert words == count
    is_damaged(framing, data, request)
    mislabelled(framing, data, request)
    speaks_pi30(data)


@given(any_framing, st.data())
def test_no_cut_is_a_reply(framing, data: st.DataObject) -> None:
    reply = REPLIES[framing.name]
    cut = data.draw(st.integers(0, len(reply) - 1))
    assert find_reply(framing, reply[:cut], ASK) is None
    assert is_damaged(framing, reply[:cut], ASK) == (cut > 0)


@given(st.sampled_from([Rtu(), EyeBond()]), st.data())
def test_up_to_sixteen_wrong_bits_in_a_row_are_never_a_reply(framing, data: st.DataObject) -> None:
    """CRC-16 finds every such burst. Where it hits only what nobody looks at, the values are still right."""
    reply = bytearray(REPLIES[framing.name])
    first = data.draw(st.integers(0, 8 * len(reply) - 16))
    burst = data.draw(st.integers(1, 0xFFFF))
    spoilt = (int.from_bytes(reply, "big") ^ burst << first).to_bytes(len(reply), "big")
    assert find_reply(framing, spoilt, ASK) in (None, BATTERY)


WRITES = [
    # vendor's documents: 320 = 2200; syssi PR #87: 322 = 2 and 322 = 6
    pytest.param(320, 2200, "011001400001020898be3a", id="320-is-2200"),
    pytest.param(322, 2, "0110014200010200023873", id="322-is-2"),
    pytest.param(322, 6, "01100142000102000639b0", id="322-is-6"),
]


@pytest.mark.parametrize(("address", "word", "frame"), WRITES)
def test_a_write_as_documents_and_captures_show_it(address, word, frame):
    assert Rtu().encode(Request(1, address, 1, 1, (word,))).hex() == frame


def test_three_words_are_written_in_one_frame_and_acknowledged_as_three():
    time = Request(1, 699, 3, 1, (12, 5, 7))
    assert Rtu().encode(time)[:-2].hex() == "011002bb000306000c00050007"
    one, three = (Rtu().encode(Request(1, 699, count, 1, (0,) * count))[:6] for count in (1, 3))
    assert find_reply(Rtu(), three + crc16(three), time) == WriteReply()
    assert find_reply(Rtu(), one + crc16(one), time) is None


def test_an_acknowledgement_is_that_of_this_write_only():
    frame = bytes.fromhex("01100140000101e1")
    assert find_reply(Rtu(), b"\x00" + frame, Request(1, 320, 1, 1, (2200,))) == WriteReply()
    assert find_reply(Rtu(), frame, Request(1, 321, 1, 1, (2200,))) is None
    assert find_reply(Rtu(), frame, Request(1, 320, 1, 1)) is None
    assert find_reply(Rtu(), RTU_REPLY, Request(1, 277, 1, 1, (5,))) is None
    assert not is_damaged(Rtu(), frame, ASK)


@by_framing
def test_a_refused_read_is_no_refused_write(framing):
    assert find_reply(framing, REFUSALS[framing.name], Request(1, 277, 1, 0x077A, (5,))) is None
