"""The list of batteries."""

from pathlib import Path

import pytest

from services.bms import device_list
from services.bms.device_list import ListedBattery
from shared.errors import ConfigError

ADDRESS = "C8:47:80:00:00:01"


def test_batteries_are_added_and_comments_stay(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "jk.yaml"
    device_list.add(file, [ListedBattery(address=ADDRESS, name="Öffnung: 'A'")])
    file.write_text(file.read_text() + "# mine\n")
    device_list.add(file, [ListedBattery(address="C8:47:80:00:00:02", model="JK", enabled=True)])
    assert "# mine" in file.read_text()
    assert [battery.name for battery in device_list.read(file)] == ["Öffnung: 'A'", ""]
    assert not list(file.parent.glob(".*.new"))


@pytest.mark.parametrize("text", ["", "batteries: []\n", "batteries:\n", "# nothing yet\n"])
def test_an_empty_list_can_be_added_to(text: str, tmp_path: Path) -> None:
    file = tmp_path / "jk.yaml"
    file.write_text(text)
    assert device_list.read(file) == []
    device_list.add(file, [ListedBattery(address=ADDRESS)])
    assert [battery.address for battery in device_list.read(file)] == [ADDRESS]


def test_a_list_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be written"):
        device_list.add(tmp_path / "file" / "jk.yaml", [ListedBattery(address=ADDRESS)])
