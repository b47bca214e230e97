"""Problems are said once when they begin and once when they end."""

import logging
from datetime import UTC, datetime

import pytest

from shared.health import Health
from shared.messages import ServiceHealth

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)


def test_said_once_and_over_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    told: list[ServiceHealth] = []
    health = Health()
    health.changed = lambda: told.append(health.status(NOW).state)
    for _ in range(5):
        health.problem("inverter", "No answer.")
    health.problem("database", "Locked.")
    assert health.status(NOW).reason == "No answer. Locked."
    health.solved("inverter")
    health.solved("inverter")
    health.solved("database")
    assert told == [ServiceHealth.DEGRADED] * 3 + [ServiceHealth.ONLINE]
    assert [record.getMessage() for record in caplog.records] == [
        "No answer.",
        "Locked.",
        "Works again. It was: No answer.",
        "Works again. It was: Locked.",
    ]


def test_disabled_is_not_degraded() -> None:
    health = Health()
    health.problem("anything", "Something.")
    health.disable("Nothing to do: set MODBUS_HOST.")
    assert health.status(NOW).state is ServiceHealth.DISABLED
    assert health.status(NOW).reason == "Nothing to do: set MODBUS_HOST."
