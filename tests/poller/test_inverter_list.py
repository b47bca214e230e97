"""The list of inverters: what an entry means, and what is wrong with it."""

from pathlib import Path

import pytest

from services.poller.inverter_list import inverter_list
from services.poller.settings import PollerSettings, TransportKind
from shared.conditions import render
from shared.list_file import ListFileError
from shared.texts.language import Language

TCP = "  - {name: left, host: 10.0.0.5}\n"


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "inverters.yaml"
    file.write_text("inverters:\n" + text)
    return file


def test_an_entry_has_its_own_wire_and_the_rest_from_env(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        TCP + "  - {name: 2, phase: 2, transport: serial, serial_port: /dev/ttyUSB0, poll_interval: 10, timeout: 1}\n"
        "  - {name: right, phase: 3, transport: dongle, host: dongle.home, invert_battery_current: true}\n",
    )
    common = PollerSettings(_env_file=None, modbus_host="10.0.0.9", modbus_unit_id=7, poll_interval=3, grid_lost_v=90)
    left, second, right = (entry.settings(common) for entry in inverter_list(file).read())
    assert (left.inverter_name, left.modbus_host, left.port, left.modbus_unit_id) == ("left", "10.0.0.5", 502, 1)
    assert (left.poll_interval, left.invert_battery_current) == (3, False)
    assert (second.inverter_name, second.modbus_transport, second.modbus_host) == ("2", TransportKind.SERIAL, "")
    assert (second.poll_interval, second.modbus_timeout) == (10, 1)
    assert (right.port, right.invert_battery_current) == (8899, True)
    assert right.grid_limits().lost_v == 90
    assert [entry.phase for entry in inverter_list(file).read()] == [None, 2, 3]


def test_units_behind_one_gateway_are_several_inverters(tmp_path: Path) -> None:
    file = written(tmp_path, TCP + "  - {name: right, host: 10.0.0.5, unit_id: 2}\n")
    assert len(inverter_list(file).read()) == 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("  - {name: 'a b', host: x}\n", "only letters, digits, `_` and `-`, at most 40", id="blank"),
        pytest.param("  - {name: a/b, host: x}\n", "only letters", id="slash"),
        pytest.param("  - {name: 'a+', host: x}\n", "only letters", id="wildcard"),
        pytest.param("  - {name: 'a#', host: x}\n", "only letters", id="all-levels"),
        pytest.param("  - {name: ☀, host: x}\n", "only letters", id="emoji"),
        pytest.param("  - {name: '', host: x}\n", "only letters", id="empty"),
        pytest.param("  - {name: true, host: x}\n", "name: a text is needed", id="yes-or-no"),
        pytest.param("  - {name: ALL, host: x}\n", "`all` is the sum of all inverters", id="the-sum"),
        pytest.param("  - {host: x}\n", "name: it is required", id="nameless"),
        pytest.param(TCP + "  - {name: LEFT, host: x}\n", "another entry has the same name", id="twice"),
        pytest.param(TCP + "  - {name: b, host: 10.0.0.5}\n", "another entry has the same host", id="one-address"),
        pytest.param(
            "  - {name: a, transport: dongle, host: x}\n  - {name: b, transport: dongle, host: x}\n",
            "another entry has the same host",
            id="one-dongle",
        ),
        pytest.param(
            "  - {name: a, transport: dongle}\n  - {name: b, transport: dongle}\n",
            "another entry has the same host",
            id="two-dongles-without-an-address",
        ),
        pytest.param(
            "  - {name: a, transport: serial, serial_port: x}\n  - {name: b, transport: serial, serial_port: x}\n",
            "another entry has the same serial_port",
            id="one-serial-port",
        ),
        pytest.param("  - {name: a}\n", "`transport: tcp` needs host", id="no-address"),
        pytest.param("  - {name: a, transport: serial}\n", "`transport: serial` needs serial_port", id="no-port"),
        pytest.param("  - {name: a, host: x, phase: 4}\n", "phase: it must be at most 3", id="no-such-phase"),
        pytest.param("  - {name: a, hots: x}\n", "hots: there is no such setting", id="misspelt"),
        pytest.param("  - {name: a, host: x\n", "it is not valid YAML", id="broken"),
    ],
)
def test_what_is_wrong_is_reported_with_its_place(text: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ListFileError) as caught:
        inverter_list(written(tmp_path, text)).read()
    assert sentence in caught.value.reason.text
    assert "line" in caught.value.reason.text
    assert "рядок" in render(caught.value.reason, Language.UK)
