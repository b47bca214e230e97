"""Every condition reads well in both languages, survives the broker, and is shown even where its code is unknown."""

import re
from datetime import UTC, datetime, timedelta
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.conditions import CONDITIONS, Quiet, Reason, Severity, battery, broker, inverter, is_quiet, render, severity
from shared.conditions.condition import condition
from shared.conditions.system import BY_NUMBER, os_reason
from shared.messages import Availability, Contact, PlugAction, PlugState, ServiceStatus
from shared.texts.language import Language
from tests.support.ukrainian import ALL_CONDITIONS, english_words, example_params


def test_every_condition_reads_in_both_languages():
    for one in ALL_CONDITIONS:
        reads_in_both_languages(one)


def reads_in_both_languages(one):
    fields = {
        language: sorted({name for _, name, _, _ in Formatter().parse(text) if name})
        for language, text in ((Language.UK, one.uk), (Language.EN, one.en))
    }
    assert fields[Language.UK] == sorted(one.parameters) == fields[Language.EN]
    reason = one(**example_params(one))
    assert render(reason, Language.EN, UTC) == reason.text
    ukrainian = render(reason, Language.UK, ZoneInfo("Europe/Kyiv"))
    assert "{" not in reason.text + ukrainian
    assert Reason.model_validate_json(reason.model_dump_json()) == reason
    assert render(Reason.model_validate_json(reason.model_dump_json()), Language.UK) == render(reason, Language.UK)
    assert not english_words(ukrainian), ukrainian
    assert re.search("[А-яЄєІіЇїҐґ]", one.uk) or set(one.uk) <= set("{}:; abcdefghijklmnopqrstuvwxyz_.")


def test_plural_forms_are_complete():
    texts = [(one.code, text, forms) for one in ALL_CONDITIONS for text, forms in ((one.uk, 3), (one.en, 2))]
    plurals = [
        (code, spec, forms)
        for code, text, forms in texts
        for _, name, spec, _ in Formatter().parse(text)
        if name and spec and "|" in spec
    ]
    assert [(code, spec) for code, spec, forms in plurals if len(spec.split("|")) != forms] == []
    assert plurals


def test_codes_are_stable_names():
    assert all(re.fullmatch(r"[a-z]+(\.[a-z0-9_]+)+", code) for code in CONDITIONS)


def test_numbers_moments_and_plurals_are_written_as_the_language_does():
    @condition("test.all", uk="{v:.1f} {n} {n:рік|роки|років} {at} {long}", en="{v:.1f} {n} {n:year|years} {at} {long}")
    def everything(*, v: float, n: int, at: datetime, long: timedelta) -> None:
        """For this test."""

    reason = everything(v=-1.25, n=3, at=datetime(2026, 11, 29, 22, 30, tzinfo=UTC), long=timedelta(minutes=90))
    assert reason.text == "−1.2 3 years 29.11 22:30 90 min"
    assert render(reason, Language.UK, ZoneInfo("Europe/Kyiv")) == "−1,2 3 роки 30.11 00:30 90 хв"
    del CONDITIONS["test.all"]


@pytest.mark.parametrize(
    "reason",
    [
        Reason(code="inverter.of_the_future", params={"a": 1}, text="Of a newer version."),
        Reason(code="battery.cell_voltage", params={}, text="Of a newer version."),
        Reason(code="battery.cell_voltage", params={"volts": "three"}, text="Of a newer version."),
        Reason(code="battery.cell_voltage", params={"volts": None}, text="Of a newer version."),
        Reason(code="text", text="Of a newer version."),
    ],
    ids=["unknown-code", "missing-parameter", "other-kind", "null", "sentence"],
)
def test_what_this_version_does_not_know_is_shown_by_its_text(reason):
    assert render(reason, Language.UK) == "Of a newer version."
    assert not is_quiet(Reason(code="x.y", text="x"), grid_on=False)
    assert severity(Reason(code="x.y", text="x")) is Severity.FAULT


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()))
def test_any_parameters_render_to_a_text(given_params):
    for code in ("battery.cell_voltage", "battery.unknown_alarm", "broker.unreachable"):
        assert render(Reason(code=code, params=given_params, text="fallback"), Language.UK)


def test_a_device_does_not_ring_for_dusk_nor_for_the_mains_in_an_outage():
    assert is_quiet(inverter.PV_VOLTAGE_TOO_LOW(), grid_on=True)
    assert is_quiet(battery.BATTERY_FULLY_CHARGED(), grid_on=True)
    assert is_quiet(inverter.MAINS_LOST(), grid_on=False)
    assert not is_quiet(inverter.MAINS_VOLTAGE_TOO_HIGH(), grid_on=True)
    assert not is_quiet(inverter.BATTERY_VOLTAGE_LOW(), grid_on=False)
    assert {one.quiet for one in ALL_CONDITIONS} == {None, *Quiet}


VERSION_1 = {
    "availability": (
        Availability,
        '{"at":"2026-11-29T10:00:00Z","v":1,"state":"offline","since":"2026-11-29T09:00:00Z","why":"It is gone."}',
        lambda message: message.reason.text,
    ),
    "service": (
        ServiceStatus,
        '{"at":"2026-11-29T10:00:00Z","v":1,"state":"offline","since":null,"reason":"It is gone.","version":"0.1.0"}',
        lambda message: message.reasons[0].text,
    ),
    "plug": (
        PlugState,
        '{"at":"2026-11-29T10:00:00Z","v":1,"name":"Boiler","problem":"It is gone."}',
        lambda message: message.reason.text,
    ),
    "action": (
        PlugAction,
        '{"at":"2026-11-29T10:00:00Z","v":1,"on":true,"by":"grid","outcome":"done","why":"It is gone."}',
        lambda message: message.reason.text,
    ),
}


@pytest.mark.parametrize(("kind", "payload", "text"), VERSION_1.values(), ids=VERSION_1)
def test_retained_messages_of_version_1_are_read(kind, payload, text):
    message = kind.model_validate_json(payload)
    assert text(message) == "It is gone."
    assert kind.model_validate_json(message.model_dump_json()) == message


def test_known_sentences_of_version_1_get_their_code_back():
    assert Reason.sentence("overload").code == "inverter.overload"
    assert Reason.sentence("cell voltage too low") == battery.CELL_VOLTAGE_TOO_LOW()
    assert Reason.sentence("anything else").code == "text"


def test_no_reason_is_no_reason():
    at = datetime(2026, 11, 29, tzinfo=UTC)
    assert Availability(at=at, state=Contact.ONLINE, since=at).reason is None


@pytest.mark.parametrize("number", BY_NUMBER)
def test_errors_of_the_system_are_told_apart_by_their_number(number):
    assert os_reason(OSError(number, "un texte français")) == BY_NUMBER[number]()
    assert "français" not in broker.unreachable(where="x:1", cause=os_reason(OSError(99999, "un texte français"))).text
