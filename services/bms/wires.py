"""The lines that batteries on a wire are read over."""

from collections.abc import Iterable

from services.bms.line_packs import Pack
from services.bms.listed_battery import ONE_AT_THE_PORT
from services.bms.rs485_bus import Rs485Bus
from services.bms.uart_port import UartPort


def lines_of(packs: Iterable[Pack], interval_s: float) -> list[Rs485Bus | UartPort]:
    """Return the lines of batteries; packs at one port are read together."""
    single: list[Rs485Bus | UartPort] = []
    shared: dict[str, Rs485Bus] = {}
    for pack in packs:
        listed = pack.battery.listed
        if listed.dialect in ONE_AT_THE_PORT:
            single.append(UartPort(pack, interval_s))
        else:
            line = Rs485Bus(listed.port, listed.line_baud, listed.dialect, interval_s)
            shared.setdefault(listed.port, line).add(pack)
    return [*single, *shared.values()]
