"""The simulated inverter obeys writes with the exceptions of real ones, and with their vices."""

import pytest

from simulators.faults import NO_FAULT, Fault
from simulators.registers import CLASSIC_SETTINGS, K11_SETTINGS, Layout
from simulators.setting_store import SettingStore

WORDS = {Layout.CLASSIC: CLASSIC_SETTINGS | {201: 2}, Layout.K11: K11_SETTINGS | {201: 2}}


def told(store, pdu, fault=NO_FAULT, now_s=0.0):
    answer = store.answer(bytes.fromhex(pdu), store.over(WORDS[store.layout], now_s), fault, now_s)
    return answer.hex(), store.over(WORDS[store.layout], now_s)


@pytest.mark.parametrize(
    ("layout", "pdu", "answer"),
    [
        pytest.param("classic", "10 012d 0001 02 0002", "10012d0001", id="taken-over"),
        pytest.param("k11", "10 0259 0001 02 0002", "1002590001", id="taken-over-on-k11"),
        pytest.param("classic", "10 00ca 0001 02 0002", "9001", id="read-only"),
        pytest.param("classic", "10 0259 0001 02 0002", "9001", id="an-address-of-the-other-layout"),
        pytest.param("k11", "10 0259 0001 02 0000", "9003", id="out-of-range"),
        pytest.param("classic", "10 014d 0001 02 07d0", "9003", id="beyond-its-neighbour"),
        pytest.param("classic", "10 0140 0001 02 0898", "9007", id="not-while-it-runs"),
        pytest.param("classic", "10 012d 0002 04 00020002", "9003", id="two-registers"),
        pytest.param("classic", "10 012d", "9003", id="too-short"),
    ],
)
def test_answers(layout, pdu, answer):
    store = SettingStore(Layout(layout))
    heard, words = told(store, pdu)
    assert heard == answer
    taken_over = answer.startswith("10")
    address = int(pdu[3:7], 16)
    assert (words.get(address) == 2) == taken_over
    assert len(store.written) == taken_over


def test_vices():
    store = SettingStore()
    assert told(store, "10 012d 0001 02 0002", Fault(kind="ignored_write"))[1][301] == 3
    assert told(store, "10 012d 0001 02 0001", Fault(kind="late_write", latency_s=4))[1][301] == 3
    assert store.over(WORDS[Layout.CLASSIC], 3.9)[301] == 3
    assert store.over(WORDS[Layout.CLASSIC], 4.0)[301] == 1
    told(store, "10 012d 0001 02 0000", Fault(kind="late_write", latency_s=4), 5)
    store.reboot()
    assert store.over(WORDS[Layout.CLASSIC], 99)[301] == 1
    store.set(301, 2)
    assert store.over(WORDS[Layout.CLASSIC], 99)[301] == 2
