"""The list of batteries in DEVICES_FILE: people edit it, and discovered batteries are added to it."""

from collections.abc import Sequence
from pathlib import Path

from services.bms.listed_battery import ListedBattery
from shared.conditions import bms
from shared.errors import ConfigError
from shared.list_file import ListFile
from shared.yaml_text import Row

HEAD = """\
# The batteries of easun-bridge. Batteries that are discovered are added at the end; your edits and comments stay.
# For each: enabled (true), name, adapter (hci1), invert_current (false), cell_low_v, cell_high_v, cell_delta_v,
# capacity_ah (instead of what its BMS reports), id (in topics; otherwise the address), pin ("123456", in quotes: the
# passkey, if the BMS wants one to be paired).
# A pack on RS485 has to be listed: address ("/dev/ttyUSB0#1" or "tcp://192.168.1.5:8899#1": port # its switches), baud
# (115200), dialect (auto, trigger, registers or listen). An older board at its GPS or display port: address without #,
# dialect nw or display.
batteries:
"""


def device_list(file: Path) -> ListFile[ListedBattery]:
    """Return the list in a file."""
    return ListFile(
        setting="DEVICES_FILE",
        path=file,
        key="batteries",
        entry=ListedBattery,
        row=_row,
        unique={"address": lambda battery: battery.address, "id": lambda battery: battery.key},
        head=HEAD,
    )


def listed_batteries(file: Path, on_line: Sequence[ListedBattery] = ()) -> list[ListedBattery]:
    """Return the batteries in a file, and those on a line that the settings name and the file does not.

    Raises ConfigError, also where those on one line cannot be read together.
    """
    listed = device_list(file).read()
    known = {battery.address for battery in listed}
    listed += [battery for battery in on_line if battery.address not in known]
    lines: dict[str, ListedBattery] = {}
    for battery in listed:
        if battery.port and battery.enabled:
            first = lines.setdefault(battery.port, battery)
            for field in ("dialect", "line_baud"):
                if getattr(first, field) != getattr(battery, field):
                    raise ConfigError(bms.line_differs(port=battery.port, field=field.removeprefix("line_")))
    return listed


def _row(battery: ListedBattery) -> Row:
    learned = battery.model_dump(mode="json", include={"address", "name", "model", "layout"}, exclude_none=True)
    return {**learned, "enabled": battery.enabled}
