"""Answers as the sources give them, built from hours; shapes from the captures that docs/schedule.md names."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from services.schedule.revision import PlanAddress
from shared.messages import Window

KYIV = ZoneInfo("Europe/Kyiv")
TIMELINE = json.loads((Path(__file__).parent / "timeline_2025-11.json").read_text())["rows"]
REFERENCE = Path(__file__).parents[3] / "shared/reference/schedule/samples"


def at(queue: str = "5.2", region: str = "ivano-frankivsk") -> PlanAddress:
    """Return an address."""
    return PlanAddress(region, queue)


def kyiv(text: str) -> datetime:
    """Return the moment of "21.11.2025 19:53" in Kyiv."""
    return datetime.strptime(text, "%d.%m.%Y %H:%M").replace(tzinfo=KYIV).astimezone(UTC)


def element(day: str, queues: Mapping[str, Iterable[str]], stamp: str = "24.11.2025 19:52") -> dict[str, Any]:
    """Return a day element of be-svitlo (fixture of 25.11.2025, queue 4.2)."""
    return {
        "eventDate": day,
        "queues": {queue: [slot(hours) for hours in some] for queue, some in queues.items()},
        "createdAt": stamp,
        "scheduleApprovedSince": stamp,
    }


def slot(hours: str, status: Any = 1) -> dict[str, Any]:
    """Return one outage of be-svitlo, whose day ends at 00:00."""
    start, end = hours.replace("24:00", "00:00").split("-")
    return {"shutdownHours": f"{start}-{end}", "from": start, "to": end, "status": status}


def gpv_hours(hours: Iterable[str]) -> dict[str, str]:
    """Return the 24 hours of a GPV file in which some are dark."""
    dark = set()
    for some in hours:
        start, end = (int(part[:2]) * 2 + int(part[3:]) // 30 for part in some.split("-"))
        dark |= set(range(start, end or 48))
    codes = {(False, False): "yes", (True, True): "no", (True, False): "first", (False, True): "second"}
    return {str(hour + 1): codes[2 * hour in dark, 2 * hour + 1 in dark] for hour in range(24)}


def gpv(days: Mapping[str, Mapping[str, Iterable[str]]], *, utc_midnight: bool = True) -> dict[str, Any]:
    """Return a GPV file of some days; keys are midnights of UTC, as in the file of Ivano-Frankivsk, or of Kyiv."""
    data = {
        str(int(_midnight(day, UTC if utc_midnight else KYIV).timestamp())): {
            f"GPV{queue}": gpv_hours(hours) for queue, hours in queues.items()
        }
        for day, queues in days.items()
    }
    return {
        "regionId": None,
        "lastUpdated": None,
        "fact": {"data": data or [], "update": "19.11.2025 20:06"},
        "preset": {},
    }


def _midnight(day: str, zone: Any) -> datetime:
    return datetime.strptime(day, "%d.%m.%Y").replace(tzinfo=zone)


def utc(windows: Iterable[Window]) -> list[tuple[str, str]]:
    """Return windows as pairs of texts."""
    return [(f"{one.start:%Y-%m-%dT%H:%MZ}", f"{one.end:%Y-%m-%dT%H:%MZ}") for one in windows]


def local(windows: Iterable[Window]) -> list[str]:
    """Return windows as their hours in Kyiv."""
    return ["-".join(f"{at.astimezone(KYIV):%H:%M}" for at in (one.start, one.end)) for one in windows]


def day(text: str) -> date:
    """Return the date of dd.mm.yyyy."""
    return datetime.strptime(text, "%d.%m.%Y").replace(tzinfo=UTC).date()
