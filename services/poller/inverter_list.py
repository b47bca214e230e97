"""The list of inverters in INVERTERS_FILE, for homes that have several; it is edited by hand."""

from pathlib import Path

from services.poller.listed_inverter import ListedInverter
from services.poller.settings import PORTS, TransportKind
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
            "serial_port": lambda inverter: inverter.serial_port or _unshared(inverter),
        },
    )


def _host(inverter: ListedInverter) -> str:
    """Return the address that no other inverter may use; a Modbus TCP gateway may serve several units."""
    host, port = inverter.host.casefold(), inverter.port or PORTS[inverter.transport]
    match inverter.transport:
        case TransportKind.SERIAL:
            return _unshared(inverter)
        case TransportKind.DONGLE:
            return f"dongle {host}"
        case TransportKind.RTU_OVER_TCP:
            return f"{host}:{port}"
        case TransportKind.TCP:
            return f"{host}:{port} unit {inverter.unit_id}"


def _unshared(inverter: ListedInverter) -> str:
    """Return what cannot be equal for two inverters."""
    return f"name {inverter.name.casefold()}"


def _row(inverter: ListedInverter) -> Row:
    return inverter.model_dump(mode="json", exclude_defaults=True)
