"""What is kept of the messages that come."""

from datetime import UTC, datetime, timedelta

import pytest

from services.dashboard.live import keep_newest
from shared.messages import InverterState


@pytest.mark.parametrize(
    ("known_s", "comes_s", "expected_s"),
    [
        pytest.param(-10, -5, -5, id="newer"),
        pytest.param(-5, -10, -5, id="the-past-catching-up"),
        pytest.param(-5, -5, -5, id="the-same-again"),
        pytest.param(86400, -5, -5, id="a-clock-was-a-day-ahead"),
        pytest.param(10, -5, 10, id="another-clock-a-little-ahead"),
    ],
)
def test_the_newest_that_can_be_true_is_kept(known_s: int, comes_s: int, expected_s: int) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    known: dict[str, InverterState] = {}
    for second in (known_s, comes_s):
        keep_newest(known, "main", InverterState(at=now + timedelta(seconds=second)))
    assert known["main"].at == now + timedelta(seconds=expected_s)
