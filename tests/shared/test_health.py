"""Problems are logged once when they begin and once when they end."""

import logging
import time
from datetime import UTC, datetime

import pytest

from shared.conditions import Reason, battery
from shared.health import LAPSES_S, MOST_TOPICS, Health
from shared.messages import ServiceHealth

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
NO_ANSWER, LOCKED = Reason.sentence("No answer."), Reason.sentence("Locked.")
NOTHING_TO_DO = Reason.sentence("Nothing to do: set MODBUS_HOST.")


def test_a_problem_is_logged_once_and_its_end_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    published: list[ServiceHealth] = []
    health = Health()
    health.changed = lambda: published.append(health.status(NOW).state)
    for _ in range(5):
        health.report("inverter", NO_ANSWER)
    health.report("database", LOCKED)
    assert health.status(NOW).reasons == (NO_ANSWER, LOCKED)
    health.report("inverter", None)
    health.report("inverter", None)
    health.report("database", None)
    assert published == [ServiceHealth.DEGRADED] * 3 + [ServiceHealth.ONLINE]
    assert [record.getMessage() for record in caplog.records] == [
        "No answer.",
        "Locked.",
        "Works again. It was: No answer.",
        "Works again. It was: Locked.",
    ]


def test_rubbish_on_thousands_of_topics_hides_nothing_and_floods_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    published: list[int] = []
    health = Health()
    health.changed = lambda: published.append(len(health.status(NOW).reasons))
    for number in range(3000):
        health.report_topic(f"plug/{number}/set", Reason.sentence(f"plug/{number}/set"))
    health.report("inverter", NO_ANSWER)
    assert published == [*range(1, MOST_TOPICS + 1), MOST_TOPICS + 1]
    assert NO_ANSWER in health.status(NOW).reasons
    assert len(caplog.records) == 3001
    for number in range(3000):
        health.report_topic(f"plug/{number}/set", None)
    assert health.status(NOW).reasons == (NO_ANSWER,)
    health.report_topic("grid/state", LOCKED)
    assert health.status(NOW).reasons == (NO_ANSWER, LOCKED), "there is room again"


def test_an_unreadable_command_is_reported_for_a_while_and_an_unreadable_state_until_it_is_corrected() -> None:
    health = Health()
    health.report_topic("plug/boiler/set", NO_ANSWER, is_over=True)
    health.report_topic("grid/state", LOCKED, is_over=False)
    health.lapse(time.monotonic())
    assert health.status(NOW).reasons == (NO_ANSWER, LOCKED)
    health.lapse(time.monotonic() + LAPSES_S)
    assert health.status(NOW).reasons == (LOCKED,)
    health.report_topic("grid/state", None)
    assert health.status(NOW).state is ServiceHealth.ONLINE


def test_a_command_that_is_unreadable_again_is_reported_from_then_on() -> None:
    health = Health()
    health.report_topic("plug/boiler/set", NO_ANSWER, is_over=True)
    health.report_topic("plug/boiler/set", None)
    health.report_topic("plug/boiler/set", LOCKED, is_over=False)
    health.lapse(time.monotonic() + LAPSES_S)
    assert health.status(NOW).reasons == (LOCKED,)


def test_disabled_is_not_degraded() -> None:
    health = Health()
    health.report("anything", NO_ANSWER)
    health.disable(NOTHING_TO_DO)
    assert health.status(NOW).state is ServiceHealth.DISABLED
    assert health.status(NOW).reasons == (NOTHING_TO_DO,)


def test_a_measured_value_that_varies_is_published_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    health = Health()
    for volts in (2.71, 2.72, 2.73):
        health.report("cell", battery.cell_voltage(volts=volts))
        assert health.status(NOW).reasons == (battery.cell_voltage(volts=volts),)
    health.report("cell", battery.of_pack(name="A", reason=battery.cell_voltage(volts=2.7)))
    health.report("cell", battery.of_pack(name="A", reason=battery.cell_voltage(volts=2.6)))
    health.report("cell", battery.of_pack(name="B", reason=battery.cell_voltage(volts=2.6)))
    assert [record.getMessage() for record in caplog.records] == [
        "a cell at 2.710 V",
        "A: a cell at 2.700 V",
        "B: a cell at 2.600 V",
    ]
