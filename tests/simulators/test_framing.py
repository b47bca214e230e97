import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU

from simulators.modbus_unit import Request, answer_to
from simulators.transports.framing_eybond import EyeBondFraming, Pi30Framing
from simulators.transports.framing_rtu import RawFraming, RtuFraming, crc16, with_crc
from simulators.transports.framing_tcp import TcpFraming
from tests.simulators.connected import ASK_184, ASK_277, PN, PN_HEX, SAY_277, WORDS, eybond, mbap

FRAMINGS = {
    "tcp": TcpFraming,
    "rtu": RtuFraming,
    "raw": lambda: RawFraming(PN),
    "eybond": lambda: EyeBondFraming(PN),
    "pi30": lambda: Pi30Framing(PN),
}
MOST_KEPT = 1030

units = st.integers(0, 255)
reads = st.builds(
    lambda start, count: bytes([3, *start, *count]),
    st.binary(min_size=2, max_size=2),
    st.binary(min_size=2, max_size=2),
)
writes = st.binary(max_size=246).map(lambda data: bytes([16, 1, 64, 0, 1, len(data)]) + data)
pdus = st.lists(st.tuples(units, reads | writes), max_size=6)


def framed(name, tid, unit, pdu):
    rtu = with_crc(bytes([unit]) + pdu).hex()
    return {"tcp": mbap, "eybond": eybond}.get(name, lambda _, frame: bytes.fromhex(frame))(tid, rtu)


def pieces(data, cuts):
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@pytest.mark.parametrize("name", ["tcp", "rtu", "raw", "eybond"])
@given(pdus, st.lists(st.integers(0, 2000)))
def test_any_cut_gives_the_same_requests(name, asked, cuts):
    framing = FRAMINGS[name]()
    stream = b"".join(framed(name, tid, unit, pdu) for tid, (unit, pdu) in enumerate(asked))
    heard = [request for piece in pieces(stream, cuts) for request in framing.feed(piece)]
    assert [(request.unit, request.pdu) for request in heard] == asked
    assert not framing.pending


@pytest.mark.parametrize("name", FRAMINGS)
@given(st.lists(st.binary(max_size=300)), st.lists(st.integers(0, 2000)))
def test_any_bytes_raise_nothing_are_bounded_and_mean_the_same_in_any_cut(name, chunks, cuts):
    whole, cut = FRAMINGS[name](), FRAMINGS[name]()
    stream = b"".join(chunks)
    assert whole.feed(stream) == [request for piece in pieces(stream, cuts) for request in cut.feed(piece)]
    assert whole.ignoring == cut.ignoring
    assert len(whole._buffer) <= MOST_KEPT
    whole.silence()
    assert not whole.pending


@pytest.mark.parametrize("name", ["rtu", "raw", "eybond"])
@given(st.binary(max_size=40))
def test_after_a_silence_it_understands_again(name, noise):
    framing = FRAMINGS[name]()
    framing.feed(noise)
    framing.silence()
    assert [request.pdu.hex() for request in framing.feed(framed(name, 2, 1, b"\x03\0\xb8\0\1"))] == ["0300b80001"]


@given(st.binary(max_size=300))
def test_the_checksum_is_that_of_a_library(content):
    assert crc16(content).to_bytes(2, "little") == FramerRTU.compute_CRC(content).to_bytes(2, "big")


@pytest.mark.parametrize(
    ("name", "request_", "answer"),
    [
        pytest.param("rtu", ASK_277, SAY_277, id="rtu"),
        pytest.param("raw", ASK_277, SAY_277, id="raw"),
        pytest.param("tcp", "000700000006010301150005", "00070000000d01030a0209ff9efe0200420015", id="tcp"),
        pytest.param(
            "eybond",
            "077a0001000aff0401030115000595f1",
            "077a00010011ff0401030a0209ff9efe0200420015d224",
            id="captured",
        ),
        pytest.param("eybond", "07720001000aff04010300b80001042f", "077200010009ff040103020003f845", id="captured-184"),
        pytest.param(
            "eybond", "077d0001000a0104010300b80001042f", "077d0994000901040103020003f845", id="its-own-devcode"
        ),
        pytest.param("eybond", "00030001000aff04010300b80001042f", "00030994000bff040103020003f8450000", id="a-trail"),
    ],
)
def test_captured_pairs(name, request_, answer):
    framing = FRAMINGS[name]()
    (request,) = framing.feed(bytes.fromhex(request_))
    assert framing.pack(request, answer_to(request.pdu, WORDS)).hex() == answer


@pytest.mark.parametrize(
    ("name", "said", "reply"),
    [
        pytest.param("eybond", "00010001000aff01160b0a16102d012c", f"000100010010ff01{PN_HEX}", id="heartbeat"),
        pytest.param("eybond", "000100010003ff0202", f"000100010012ff020002{PN_HEX}", id="its-number"),
        pytest.param("eybond", "000100010003ff0205", "00010001000cff020005" + b"8.30.8.1".hex(), id="firmware"),
        pytest.param("eybond", "000100010003ff020e", "000100010008ff02000e" + b"0925".hex(), id="protocol"),
        pytest.param("eybond", "000100010003ff0229", "000100010004ff020129", id="unknown-parameter"),
        pytest.param("pi30", "000100010003ff0202", f"000100010012ff020002{PN_HEX}", id="pi30-number"),
        pytest.param("pi30", "00010001000aff04" + ASK_184, "000109940009ff04" + b"(NAKss\r".hex(), id="pi30-says-no"),
        pytest.param("raw", b"AT+DTUPN?\r\n".hex(), f"AT+DTUPN:{PN}\r\n".encode().hex(), id="at"),
    ],
)
def test_what_a_dongle_answers_itself(name, said, reply):
    (request,) = FRAMINGS[name]().feed(bytes.fromhex(said))
    assert request == Request(header=request.header, reply=bytes.fromhex(reply))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("pi30", "00020001000aff04" + ASK_184, id="pi30-says-nothing"),
        pytest.param("raw", b"AT+WSSSID?\r\n".hex(), id="unknown-at"),
        pytest.param("raw", "00020001000aff04" + ASK_184, id="an-envelope-on-a-raw-dongle"),
        pytest.param("rtu", ASK_184[:-2] + "2e", id="wrong-checksum"),
        pytest.param("rtu", "00" + ASK_184, id="one-byte-too-many-in-front"),
        pytest.param("rtu", "0111c02c", id="a-function-of-unknown-length"),
        pytest.param("eybond", ASK_184, id="rtu-without-an-envelope"),
        pytest.param("eybond", "00020001000aff04" + ASK_184[:-2] + "2e", id="wrong-checksum-inside"),
        pytest.param("eybond", "000100010004ff031d31", id="a-restart"),
        pytest.param("eybond", "000100010002ff04", id="nothing-inside"),
        pytest.param("eybond", "000100010002ff02", id="no-parameter"),
        pytest.param("eybond", "000100010001ff", id="impossible-length"),
    ],
)
def test_what_nobody_answers(name, said):
    assert FRAMINGS[name]().feed(bytes.fromhex(said)) == []


@pytest.mark.parametrize(
    ("name", "damaged"),
    [
        pytest.param("rtu", b"\x01\x99", id="no-function"),
        pytest.param("raw", b"AT" + b"x" * 63, id="endless-text"),
        pytest.param("eybond", bytes.fromhex("000100010000ff04"), id="no-length"),
        pytest.param("tcp", bytes.fromhex("00010001000601"), id="no-modbus"),
        pytest.param("tcp", bytes.fromhex("000100000001 01"), id="no-pdu"),
    ],
)
def test_after_nonsense_it_hears_nothing_more(name, damaged):
    framing = FRAMINGS[name]()
    framing.feed(damaged)
    assert framing.ignoring
    assert framing.feed(framed(name, 2, 1, b"\x03\0\xb8\0\1")) == []
