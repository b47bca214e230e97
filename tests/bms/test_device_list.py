"""The list of batteries."""

from pathlib import Path

import pytest

from services.bms.device_list import device_list, listed_batteries
from services.bms.listed_battery import ListedBattery
from shared.conditions import Reason, bms, files
from shared.errors import ConfigError
from shared.list_file import ListFileError

ADDRESS = "C8:47:80:00:00:01"


def test_batteries_are_added_and_comments_stay(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "jk.yaml"
    device_list(file).add([ListedBattery(address=ADDRESS, name="Öffnung: 'A'")])
    file.write_text(file.read_text() + "# mine\n")
    device_list(file).add([ListedBattery(address="C8:47:80:00:00:02", model="JK", enabled=True)])
    assert "# mine" in file.read_text()
    assert [battery.name for battery in device_list(file).read()] == ["Öffnung: 'A'", ""]
    assert not list(file.parent.glob(".*.new"))


@pytest.mark.parametrize("text", ["", "batteries: []\n", "batteries:\n", "# nothing yet\n"])
def test_an_empty_list_can_be_added_to(text: str, tmp_path: Path) -> None:
    file = tmp_path / "jk.yaml"
    file.write_text(text)
    assert device_list(file).read() == []
    device_list(file).add([ListedBattery(address=ADDRESS)])
    assert [battery.address for battery in device_list(file).read()] == [ADDRESS]


def test_a_list_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"DEVICES_FILE .* cannot be (read|written)"):
        device_list(tmp_path / "file" / "jk.yaml").add([ListedBattery(address=ADDRESS)])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('batteries:\n- address: "C8:47:80:00:00:01"  # by the door\n  enabled: true\n', id="not-indented"),
        pytest.param('batteries:\n      - address: "C8:47:80:00:00:01"\n        name: A\n# the end\n', id="deep"),
        pytest.param('batteries:\n  - &one {address: "C8:47:80:00:00:01"}\n', id="anchor"),
        pytest.param('\ufeffbatteries:\n  - address: "C8:47:80:00:00:01"\n', id="byte-order-mark"),
        pytest.param('batteries:\r\n  - address: "C8:47:80:00:00:01"\r\n', id="windows"),
    ],
)
def test_a_list_in_any_form_can_be_added_to(text: str, tmp_path: Path) -> None:
    file = tmp_path / "jk.yaml"
    file.write_bytes(text.encode())
    device_list(file).add([ListedBattery(address="C8:47:80:00:00:02", name="12:30")])
    assert [battery.key for battery in device_list(file).read()] == ["c84780000001", "c84780000002"]
    written = file.read_bytes().decode()
    assert all(line in written for line in text.splitlines() if line.strip())


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ('{address: "C8-47"}', "bms.not_an_address"),
        ('{address: "C8:47:80:00:00:01", id: all}', "bms.reserved_id"),
        ('{address: "/dev/ttyUSB0#16"}', "bms.no_bus_address"),
        ('{address: "/dev/ttyUSB0"}', "bms.no_bus_address"),
        ('{address: "/dev/ttyUSB0#1", dialect: nw}', "bms.one_battery_at_the_port"),
        ('{address: "tcp://10.0.0.5:8899#1", dialect: display}', "bms.one_battery_at_the_port"),
    ],
)
def test_values_that_cannot_be_used_are_named(entry: str, code: str, tmp_path: Path) -> None:
    file = tmp_path / "jk.yaml"
    file.write_text(f"batteries:\n  - {entry}\n")
    with pytest.raises(ListFileError) as caught:
        device_list(file).read()
    assert (caught.value.fault.code, caught.value.line, caught.value.number) == (code, 2, 1)


def test_what_the_list_says_of_a_battery_on_the_line_of_the_settings_counts(tmp_path: Path) -> None:
    file = tmp_path / "jk.yaml"
    file.write_text('batteries:\n  - {address: "/dev/ttyUSB0#1", name: Bottom}\n')
    on_line = [ListedBattery(address=f"/dev/ttyUSB0#{number}", name=f"JK {number}") for number in (1, 2)]
    assert [one.title for one in listed_batteries(file, on_line)] == ["Bottom", "JK 2"]


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        (('"/dev/ttyUSB0#1", baud: 9600', '"/dev/ttyUSB0#2"'), bms.line_differs(port="/dev/ttyUSB0", field="baud")),
        (
            ('"/dev/ttyUSB0", dialect: nw', '"/dev/ttyUSB0#2"'),
            bms.line_differs(port="/dev/ttyUSB0", field="dialect"),
        ),
        (('"/dev/ttyUSB0#1"', '"/dev/ttyUSB0#01"'), files.same(field="address")),
        (('"/dev/ttyUSB0", dialect: display, baud: 2400', '"/dev/ttyUSB1", dialect: display'), None),
        (('"/dev/ttyUSB0#1"', '"/dev/ttyUSB0#2", dialect: listen, enabled: false'), None),
    ],
)
def test_what_is_on_one_line_is_read_alike(entries: tuple[str, ...], fault: Reason | None, tmp_path: Path) -> None:
    file = tmp_path / "jk.yaml"
    file.write_text("batteries:\n" + "".join(f"  - {{address: {entry}}}\n" for entry in entries))
    if fault is None:
        assert len(listed_batteries(file)) == len(entries)
        return
    with pytest.raises(ConfigError) as caught:
        listed_batteries(file)
    assert fault in (caught.value.reason, getattr(caught.value, "fault", None))
