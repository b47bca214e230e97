"""Every message in the chat's language: no English word in Ukrainian but names, no Ukrainian letter in English."""

import re
from typing import Any

import pytest

from services.bot.alerts.alert import Alert, AlertKind
from services.bot.alerts.troubles import OWN_SERVICE
from services.bot.texts.alerts import alert_text, digest_text
from services.bot.texts.html import plain
from services.bot.texts.replies import battery_text
from shared.conditions import Reason
from shared.messages import ActionOutcome, BatteryState
from shared.outages import Expected
from shared.texts.bot import BOT
from shared.texts.language import Language
from tests.bot.facts import NOW, at, broker_state, changed_plan, localizer_for, window
from tests.support.broker import ROOT
from tests.support.ukrainian import ALL_CONDITIONS, english_words, example_reason

REASONS = {one.code: example_reason(one) for one in ALL_CONDITIONS}
SERVICES = sorted(
    one.parent.name for one in (ROOT / "services").glob("*/__main__.py") if one.parent.name != OWN_SERVICE
)
NAME = "<NAME>"
FULL: dict[str, Any] = {
    "at": at("18:02"),
    "stored_at": at("18:02"),
    "name": NAME,
    "cell_delta_mv": 120.0,
    "lasted_s": 25_320.0,
    "soc_percent": 44.0,
    "load_w": 640.0,
    "runtime_s": 25_000.0,
    "window": window("18:00", "21:30"),
    "is_open": True,
    "count": 7,
    "by": "grid",
    "outcome": ActionOutcome.FAILED,
    "minutes": 15,
    "plan": changed_plan(),
}


def foreign(language: Language, text: str) -> set[str]:
    """Return the words of a message that are of the other language."""
    if language is Language.EN:
        return set(re.findall("[А-яЄєІіЇїҐґ]+", text))
    return english_words(plain(text))


def alert(kind: AlertKind, *reasons: Reason, **facts: Any) -> Alert:
    return Alert(**(FULL | {"kind": kind, "key": kind, "reasons": reasons} | facts))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", AlertKind)
def test_every_kind_of_alert_with_every_condition_is_in_the_language_of_the_chat(
    kind: AlertKind, language: Language
) -> None:
    localizer = localizer_for(language)
    for code, reason in REASONS.items():
        for over in (False, True):
            text = alert_text(localizer, alert(kind, reason, over=over))
            assert text, code
            assert not foreign(language, text), (code, text)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("outcome", ActionOutcome)
def test_every_outcome_of_a_plug_with_every_condition(outcome: ActionOutcome, language: Language) -> None:
    localizer = localizer_for(language)
    for reason in REASONS.values():
        for by in ("grid", "telegram:5", "dashboard"):
            text = alert_text(localizer, alert(AlertKind.PLUG, reason, outcome=outcome, on=False, by=by))
            assert not foreign(language, text), text


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_a_name(service: str, language: Language) -> None:
    assert f"bot.service_{service}" in BOT
    text = alert_text(localizer_for(language), alert(AlertKind.SERVICE_DOWN, *REASONS.values(), name=service))
    assert not foreign(language, text), text


@pytest.mark.parametrize("language", Language)
def test_every_expectation_and_a_digest_of_everything(language: Language) -> None:
    localizer = localizer_for(language)
    for expected in Expected:
        assert not foreign(language, alert_text(localizer, alert(AlertKind.GRID_LOST, expected=expected)))
    alerts = [
        alert(kind, *REASONS.values(), over=over, at=at("17:00"), stored_at=at("17:00"))
        for kind in AlertKind
        for over in (False, True)
    ]
    assert not foreign(language, digest_text(localizer, alerts))


@pytest.mark.parametrize("language", Language)
def test_what_is_wrong_with_a_battery(language: Language) -> None:
    battery = BatteryState(at=NOW, soc_percent=44.0, health_reasons=tuple(REASONS.values()))
    assert not foreign(
        language, battery_text(localizer_for(language), broker_state(batteries={NAME: battery}, battery_infos={}))
    )


def test_an_unknown_condition_of_a_newer_version_is_shown_by_its_text() -> None:
    newer = Reason(code="inverter.of_the_future", params={"a": 1}, text="Of a <newer> version.")
    text = alert_text(localizer_for(Language.UK), alert(AlertKind.INVERTER_FAULT, newer))
    assert "Of a &lt;newer&gt; version." in text


def test_texts_of_the_bot_have_its_prefix() -> None:
    assert all(name.startswith("bot.") for name in BOT)
