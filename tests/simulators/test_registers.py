import pytest

from simulators.house import House
from simulators.mains import KYIV
from simulators.registers import Layout, answer, words_of
from tests.simulators.truths import truth


def classic(**changes):
    return words_of(Layout.CLASSIC, truth(**changes))


def k11(**changes):
    return words_of(Layout.K11, truth(**changes))


@pytest.mark.parametrize(
    ("address", "word"),
    [
        pytest.param(184, 1, id="protocol-number"),
        pytest.param(201, 2, id="mode"),
        pytest.param(202, 2304, id="230.4-V"),
        pytest.param(203, 4998, id="49.98-Hz"),
        pytest.param(204, 1200, id="grid-W"),
        pytest.param(208, 65536 - 780, id="inverter-takes-780-W"),
        pytest.param(209, 700, id="charging-from-the-grid"),
        pytest.param(213, 420, id="load-W"),
        pytest.param(214, 452, id="load-VA"),
        pytest.param(215, 531, id="53.1-V"),
        pytest.param(216, 188, id="18.8-A"),
        pytest.param(217, 1000, id="battery-W"),
        pytest.param(219, 3500, id="pv-V"),
        pytest.param(223, 400, id="pv-W"),
        pytest.param(225, 7, id="load-percent"),
        pytest.param(226, 35, id="dcdc-C"),
        pytest.param(227, 38, id="inverter-C"),
        pytest.param(229, 66, id="soc"),
        pytest.param(231, 0b11_01_01_01_01, id="all-arrows-on"),
        pytest.param(232, 188, id="battery-A-again"),
        pytest.param(643, 6200, id="rated-W"),
    ],
)
def test_classic(address, word):
    assert classic()[address] == word


@pytest.mark.parametrize(
    ("address", "word"),
    [
        pytest.param(184, 3, id="protocol-number"),
        pytest.param(198, 0b11_01_01_01_01, id="all-arrows-on"),
        pytest.param(201, 2, id="mode"),
        pytest.param(203, 4998, id="grid-Hz"),
        pytest.param(206, 700, id="charging-from-the-grid"),
        pytest.param(231, 38, id="inverter-C"),
        pytest.param(277, 531, id="battery-V"),
        pytest.param(278, 188, id="battery-A"),
        pytest.param(279, 1000, id="battery-W"),
        pytest.param(280, 66, id="soc"),
        pytest.param(281, 35, id="dcdc-C"),
        pytest.param(302, 400, id="pv-W"),
        pytest.param(338, 2304, id="grid-V"),
        pytest.param(340, 1200, id="grid-W"),
        pytest.param(348, 420, id="load-W"),
        pytest.param(350, 7, id="load-percent"),
        pytest.param(353, 220, id="pv1-W"),
        pytest.param(391, 180, id="pv2-W"),
        pytest.param(696, 2026, id="year"),
        pytest.param(699, 20, id="local-hour"),
        pytest.param(702, 321, id="3.21-kWh"),
        pytest.param(703, 481234 >> 16, id="total-high-word"),
        pytest.param(704, 481234 & 0xFFFF, id="total-low-word"),
    ],
)
def test_k11(address, word):
    assert k11()[address] == word


@pytest.mark.parametrize(("layout", "current", "power"), [(Layout.CLASSIC, 216, 217), (Layout.K11, 278, 279)])
def test_discharging_is_negative_in_twos_complement(layout, current, power):
    words = words_of(layout, truth(battery_current_a=-9.8, battery_power_w=-510))
    assert (words[current], words[power]) == (65438, 65026)


@pytest.mark.parametrize("words", [classic, k11], ids=["classic", "k11"])
def test_warnings_are_two_words_the_high_one_first_and_bit_12_is_masked(words):
    seen = words(warning_bits=1 | 1 << 12 | 1 << 22)
    assert answer(seen, 100, 10) == [0, 0, 0, 0, 1 << 6, 1 | 1 << 12, 0, 0, 1 << 6, 1]


def test_the_serial_number_is_ascii():
    words = answer(classic(), 186, 12)
    assert b"".join(word.to_bytes(2, "big") for word in words).rstrip(b"\0") == b"SIM62000000001"


def test_classic_addresses_read_zero_on_k11():
    assert answer(k11(), 202, 1) == [0]
    assert answer(k11(), 204, 2) == [0, 0]
    assert answer(k11(), 208, 18) == [0] * 18
    assert answer(k11(), 228, 2) == [0, 0]


def test_unknown_addresses_read_zero():
    assert answer(classic(), 5000, 3) == [0, 0, 0]


def test_half_of_a_value_reads_zero():
    words = classic(warning_bits=1)
    assert answer(words, 104, 2) == [0, 1]
    assert answer(words, 105, 1) == [0]
    assert answer(words, 186, 5) == [0] * 5
    assert answer(k11(), 703, 1) == [0]


@pytest.mark.parametrize("layout", list(Layout))
def test_every_word_of_a_day_is_a_word(layout):
    home = House(truth().house_time.astimezone(KYIV))
    for _ in range(96):
        home.step(900)
        assert all(0 <= word <= 0xFFFF for word in words_of(layout, home.truth()).values())
