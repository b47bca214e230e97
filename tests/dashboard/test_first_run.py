"""A fresh installation opens on what is found, what is missing and what to do about it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.dashboard.now.first_run import Progress, steps
from services.dashboard.now.view import view
from shared.broker_state import BrokerState
from shared.conditions import Reason, bot, poller, schedule
from shared.messages import BatteryState, InverterState, OutageSchedule, PlugState, ServiceHealth, ServiceStatus
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from tests.dashboard.view_text import page, words

NOW = datetime(2026, 11, 29, 18, 2, 11, tzinfo=UTC)
SERVICES = ("recorder", "poller", "bms", "schedule", "bot", "tuya")


def localizer(language: Language = Language.EN) -> Localizer:
    return Localizer(language, NOW, ZoneInfo("Europe/Kyiv"))


def status(state: ServiceHealth, *reasons: Reason, age_s: int = 5) -> ServiceStatus:
    return ServiceStatus(
        at=NOW - timedelta(seconds=age_s), state=state, since=NOW - timedelta(hours=1), reasons=reasons, version="1"
    )


FRESH = BrokerState(
    connected=True,
    services={
        "recorder": status(ServiceHealth.ONLINE),
        "poller": status(ServiceHealth.DISABLED, poller.HOST_NOT_SET()),
        "bms": status(ServiceHealth.ONLINE),
        "schedule": status(ServiceHealth.DISABLED, schedule.NO_QUEUE()),
        "bot": status(ServiceHealth.DISABLED, bot.NO_TOKEN()),
        "tuya": status(ServiceHealth.ONLINE),
    },
)


def test_a_fresh_installation_without_an_inverter() -> None:
    found = {step.title: step for step in steps(FRESH, localizer())}
    assert {title: step.progress.name for title, step in found.items()} == {
        "Message broker": "FOUND",
        "History": "FOUND",
        "Inverter": "MISSING",
        "Batteries": "WAITING",
        "Planned outages": "NOT_SET_UP",
        "Telegram": "NOT_SET_UP",
        "Plugs": "WAITING",
    }
    assert found["Inverter"].word == "not set up"
    assert found["Inverter"].hints == (str(poller.HOST_NOT_SET()),)
    assert found["Planned outages"].hints == (str(schedule.NO_QUEUE()),)


def test_what_was_found_is_counted() -> None:
    pack = BatteryState(at=NOW, soc_percent=64)
    home = BrokerState(
        connected=True,
        services=dict.fromkeys(SERVICES, status(ServiceHealth.ONLINE)),
        batteries={"all": pack, "one": pack, "two": pack},
        plugs={"boiler": PlugState(at=NOW, name="Boiler")},
        schedule=OutageSchedule(at=NOW, queue="5.2", fetched_at=NOW),
    )
    found = {step.title: (step.progress, step.word) for step in steps(home, localizer())}
    assert found["Batteries"] == (Progress.FOUND, "found: 2")
    assert found["Planned outages"] == (Progress.FOUND, "queue 5.2")
    assert found["Plugs"] == (Progress.FOUND, "found: 1")
    assert found["Inverter"][0] is Progress.WAITING


@pytest.mark.parametrize(
    "gone",
    [
        pytest.param({}, id="never-seen"),
        pytest.param({"poller": status(ServiceHealth.ONLINE, age_s=600)}, id="silent"),
        pytest.param({"poller": status(ServiceHealth.OFFLINE)}, id="offline"),
    ],
)
def test_a_service_that_does_not_run_is_not_waited_for(gone: dict[str, ServiceStatus]) -> None:
    one = next(
        step for step in steps(BrokerState(connected=True, services=gone), localizer()) if step.title == "Inverter"
    )
    assert (one.progress, one.word) == (Progress.MISSING, "the service poller is not running")


def test_a_problem_is_told_with_its_reason() -> None:
    trouble = status(ServiceHealth.DEGRADED, poller.HOST_NOT_SET())
    home = BrokerState(connected=True, services={"poller": trouble})
    one = next(step for step in steps(home, localizer()) if step.title == "Inverter")
    assert (one.progress, one.hints) == (Progress.MISSING, (str(poller.HOST_NOT_SET()),))


def test_without_the_broker_nothing_else_is_claimed() -> None:
    (only,) = steps(BrokerState(), localizer())
    assert (only.title, only.progress) == ("Message broker", Progress.MISSING)


def test_it_is_on_the_page_until_an_inverter_has_answered() -> None:
    shown = page(view(FRESH, localizer()), FRESH, localizer())
    assert shown["page"] == "empty"
    assert "No inverter is configured" in words(["ul", {}, shown["parts"]["checklist"]])
    home = BrokerState(connected=True, inverters={"main": InverterState(at=NOW, load_power_w=300)})
    assert page(view(home, localizer()), home, localizer())["parts"]["checklist"] == []


def test_it_is_in_ukrainian_too() -> None:
    text = " ".join(f"{step.title} {step.word} {' '.join(step.hints)}" for step in steps(FRESH, localizer(Language.UK)))
    assert "не налаштовано" in text
    assert "Інвертор не налаштовано: задайте" in text
