"""Frames that real inverters and their documents show, typed in as facts with the source named."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Capture:
    """A request and its answer; number is the dongle's transaction id, None on a bare serial line."""

    name: str
    request: str
    response: str
    start: int
    words: tuple[int, ...]
    number: int | None = None


# vgsolar2/easunpy@948063e, extracted_requests_responses.csv: SmartESS cloud and the dongle of an 11 kW unit, 2024-12-20
CAPTURES = (
    Capture("protocol", "07720001000aff04010300b80001042f", "077200010009ff040103020003f845", 184, (3,), 0x0772),
    Capture("mode", "07740001000aff04010300c900015434", "077400010009ff040103020003f845", 201, (3,), 0x0774),
    Capture("mains-hertz", "07750001000aff04010300cb0001f5f4", "077500010009ff04010302138974d2", 203, (5001,), 0x0775),
    Capture("two", "07780001000aff04010300e6000225fc", "07780001000bff040103040000001fbbfb", 230, (0, 31), 0x0778),
    Capture(
        "battery",
        "077a0001000aff0401030115000595f1",
        "077a00010011ff0401030a0209ff9efe0200420015d224",
        277,
        (521, 65438, 65026, 66, 21),
        0x077A,
    ),
    Capture(
        "sun",
        "077b0001000aff040103012e000425fc",
        "077b0001000fff040103080000000000000010941b",
        302,
        (0, 0, 0, 16),
        0x077B,
    ),
)

HEARTBEAT = "00010001000aff01160b0a16102d012c"
"""A server's heartbeat of 2022-11-10 22:16:45 (openess)."""
DONGLES_HEARTBEAT = "000100010010ff01" + b"Q0045231765051".hex()
"""A dongle's: its serial number of 14 characters."""
PI30_NAK = b"(NAKss\r"
