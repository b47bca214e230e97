"""What the simulated sources answer to a good question."""

from datetime import datetime
from typing import Any

from simulators.schedule import gpv_json, yasno
from simulators.schedule.plan import OutagePlan


def region_file(plan: OutagePlan, region: str, at: datetime, **options: Any) -> dict[str, Any]:
    """Return the file of a region that there is."""
    file = gpv_json.region_file(plan, region, at, **options)
    assert file is not None
    return file


def planned_outages(plan: OutagePlan, region: str, dso: str, at: datetime) -> dict[str, Any]:
    """Return the outages of a region and an operator that there are."""
    answer = yasno.planned_outages(plan, region, dso, at)
    assert answer is not None
    return answer
