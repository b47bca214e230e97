"""When plugs are asked whether they would follow an outage."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.tuya.rounds import current_round
from shared.messages import Window

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
KYIV = ZoneInfo("Europe/Kyiv")


def outage(*, in_minutes: float) -> Window:
    start = NOON + timedelta(minutes=in_minutes)
    return Window(start=start, end=start + timedelta(hours=4))


@pytest.mark.parametrize(
    ("now", "windows", "round_"),
    [
        (NOON, [], None),
        (NOON, [outage(in_minutes=121)], None),
        (NOON, [outage(in_minutes=500), outage(in_minutes=119)], "outage 2026-11-24T13:59:00+00:00"),
        (NOON, [outage(in_minutes=0)], None),
        (NOON + timedelta(hours=4), [], "evening 2026-11-24"),
        (NOON + timedelta(hours=8), [], None),
    ],
    ids=["noon", "too-early", "before-the-next", "begun", "evening", "night"],
)
def test_a_round_is_due_before_an_outage_and_in_the_evening(
    now: datetime, windows: list[Window], round_: str | None
) -> None:
    assert current_round(now, KYIV, windows) == round_
