"""The list of inverters in INVERTERS_FILE, for homes that have several; people edit it."""

from pathlib import Path

from services.poller.listed_inverter import ListedInverter
from services.poller.settings import TransportKind
from shared.list_file import ListFile
from shared.yaml_text import Row


def inverter_list(file: Path) -> ListFile[ListedInverter]:
    """Return the list in a file."""
    return ListFile(
        setting="INVERTERS_FILE",
        path=file,
        key="inverters",
        entry=ListedInverter,
        row=_row,
        unique={
            "name": lambda inverter: inverter.name.casefold(),
            "host": _host,
            "serial_port": lambda inverter: inverter.serial_port or _none(inverter),
        },
    )


def _host(inverter: ListedInverter) -> str:
    """Return what no other inverter may be reached by; a Modbus TCP gateway may serve several units."""
    host, port = inverter.host.casefold(), inverter.port
    match inverter.transport:
        case TransportKind.SERIAL:
            return _none(inverter)
        case TransportKind.DONGLE:
            return f"dongle {host}"
        case TransportKind.RTU_OVER_TCP:
            return f"{host}:{port or 8899}"
        case TransportKind.TCP:
            return f"{host}:{port or 502} unit {inverter.unit_id}"


def _none(inverter: ListedInverter) -> str:
    """Return what is no other inverter's."""
    return f"name {inverter.name.casefold()}"


def _row(inverter: ListedInverter) -> Row:
    return inverter.model_dump(mode="json", exclude_defaults=True)
