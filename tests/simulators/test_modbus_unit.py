import pytest

from simulators.modbus_unit import answer_to

WORDS = {201: 2, 202: 2304, 217: 65026}


@pytest.mark.parametrize(
    ("pdu", "answer"),
    [
        pytest.param("03 00c9 0002", "03 04 0002 0900", id="words"),
        pytest.param("03 ea60 007d", "03 fa" + "0000" * 125, id="unknown-addresses-are-0"),
        pytest.param("03 ffff 0001", "03 02 0000", id="the-last"),
        pytest.param("04 00c9 0002", "84 01", id="function-4"),
        pytest.param("10 0140 0001 02 0898", "90 01", id="a-write"),
        pytest.param("03 00c9 007e", "83 03", id="126-words"),
        pytest.param("03 00c9 0000", "83 03", id="no-words"),
        pytest.param("03 00c9", "83 03", id="too-short"),
        pytest.param("03 fffe 0005", "83 02", id="over-the-end"),
    ],
)
def test_answers(pdu, answer):
    assert answer_to(bytes.fromhex(pdu), WORDS) == bytes.fromhex(answer)
