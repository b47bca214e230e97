"""How long a complete reading takes on each transport, compared with the lower limit of the line and with easunpy."""

import statistics
from collections.abc import Iterable, Sequence

from bench.wire_house import EASUNPY_UDP, Cycle, House, easunpy, has_easunpy, house, ours, own_address
from services.poller.transports.dongle import DongleTransport
from services.poller.transports.serial_port import SerialTransport
from services.poller.transports.tcp import TcpTransport
from tests.poller.simulated_inverter import KINDS

CYCLES = 20
LATENCY_S = 0.06
LATE = {"HOUSE_LATENCY": str(LATENCY_S)}
LAYOUTS = ("classic", "k11")
GAPS = {
    "tcp": TcpTransport.gap_s,
    "rtu_over_tcp": TcpTransport.gap_s,
    "serial": SerialTransport.gap_s,
    "dongle": DongleTransport.gap_s,
}


def main() -> None:
    """Print a line a wire and layout, then a line a program on the same dongle."""
    print(f"one reading of everything, medians of {CYCLES} in a row; every answer takes {LATENCY_S * 1000:g} ms")
    print("aim = requests x (latency + the pause that the wire wants)\n")
    print(f"{'wire':14} {'layout':8} requests   seconds    aim   ratio   CPU ms   values")
    for kind in KINDS:
        for layout in LAYOUTS:
            with house(kind, layout, **LATE) as inverter:
                show(kind, inverter, GAPS[kind.partition("-")[0]], ours(inverter, CYCLES + 1))
    if has_easunpy():
        beside_easunpy()


def beside_easunpy() -> None:
    """Print both programs on the same dongle, one after the other."""
    print("\non one dongle, easunpy made to ask unit 1 (it asks 0) and to print nothing\n")
    for layout in LAYOUTS:
        at = {"HOUSE_DONGLE_BIND": own_address(), "HOUSE_DONGLE_PORT": str(EASUNPY_UDP)}
        with house("dongle-eybond", layout, **LATE, **at) as inverter:
            show("ours", inverter, DongleTransport.gap_s, ours(inverter, CYCLES + 1))
            show("easunpy", inverter, DongleTransport.gap_s, easunpy(inverter, CYCLES + 1))


def show(name: str, inverter: House, gap_s: float, cycles: Iterable[Cycle]) -> None:
    """Print the medians of all cycles but the first, which also connects."""
    before = inverter.requests
    _, *timed = cycles
    asked = (inverter.requests - before) // CYCLES  # the few that identify it are spread over more cycles than they are
    seconds, aim = median(cycle.seconds for cycle in timed), asked * (LATENCY_S + gap_s)
    values = max(len(known(cycle)) for cycle in timed)
    print(
        f"{name:14} {inverter.layout:8} {asked:8} {seconds:9.3f} {aim:6.2f} {seconds / aim:7.2f} "
        f"{1000 * median(cycle.cpu_s for cycle in timed):8.1f} {values:8}",
        flush=True,
    )


def known(cycle: Cycle) -> Sequence[str]:
    """Return the names of the values that a cycle has read."""
    return [name for name, value in (cycle.values or {}).items() if value is not None]


def median(figures: Iterable[float]) -> float:
    """Return the figure in the middle."""
    return statistics.median(list(figures))
