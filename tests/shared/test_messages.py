"""Messages on the wire, topics, freshness, and the files made from them."""

import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from docs.generate_topics import asyncapi, topic_files
from shared.errors import BadMessageError
from shared.freshness import fresh
from shared.messages import Grid, GridState, InverterState, Mode, OutageOutlook, SettingCommand, Verdict
from shared.outages import bounds
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from shared.texts.outlook_sentences import outage_sentence
from shared.topics import (
    GRID_STATE,
    INVERTER_STATE,
    OUTAGE_SCHEDULE,
    OUTLOOK_STATE,
    SERVICE_STATUS,
    SETTING_SET,
    TOPICS,
)

NOW = datetime(2026, 11, 23, 18, 2, 11, 250_000, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def test_what_is_sent_is_what_is_read() -> None:
    sent = InverterState(at=NOW, mode=Mode.MAINS, grid_voltage_v=230.4, warnings=("mains lost",))
    assert InverterState.model_validate_json(sent.model_dump_json()) == sent


@given(st.datetimes(timezones=st.timezones()), st.floats(allow_nan=False, allow_infinity=False))
def test_any_moment_survives_the_wire(at: datetime, volts: float) -> None:
    try:
        sent = GridState(at=at, since=at, state=Grid.ON, voltage_v=volts)
    except ValueError:
        return  # within a day of year 1 or 9999: UTC has no such moment
    assert GridState.model_validate_json(sent.model_dump_json()) == sent


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59.999Z", "9999-12-31T22:30:00Z", "0001-01-01T00:00:00Z"])
def test_a_moment_has_a_date_in_every_time_zone(at: str) -> None:
    """A page in Kyiv, or in Honolulu, would end with an OverflowError."""
    with pytest.raises(BadMessageError, match="outside the years 1 to 9999"):
        INVERTER_STATE.parse(f'{{"at": "{at}"}}'.encode())
    latest = INVERTER_STATE.parse(b'{"at": "9999-12-30T00:00:00Z"}')
    assert latest.at.astimezone(timezone(timedelta(hours=14))).year == 9999


@pytest.mark.parametrize("day", ["0001-01-01", "0001-01-02", "9999-12-29", "9999-12-31"])
def test_a_day_has_midnights_in_every_time_zone(day: str) -> None:
    """The outlook and the schedule would end with an OverflowError at every start, for the message is retained."""
    at = "2026-11-23T18:00:00Z"
    text = json.dumps({"at": at, "queue": "5.2", "days": [{"day": day, "state": "planned", "confirmed_at": at}]})
    with pytest.raises(BadMessageError, match="outside the years 1 to 9999"):
        OUTAGE_SCHEDULE.parse(text.encode())
    for zone in ("Pacific/Kiritimati", "Pacific/Niue"):
        assert all(bounds(date.fromisoformat(possible), zone) for possible in ("0001-01-03", "9999-12-28"))


@pytest.mark.parametrize("minutes", [2**53, -(2**53), 1e308])
def test_a_length_can_be_added_to_a_moment(minutes: float) -> None:
    """Page and bot show how much longer the battery lasts: an OverflowError for whoever looks."""
    start = "2026-11-23T18:00:00Z"
    for length in ({"margin_min": minutes}, {"plugs": [{"plug": "x", "power_w": 5, "adds_min": minutes}]}):
        outage = {"start": start, "end": None, "running": True, "verdict": "lasts", **length}
        text = json.dumps({"at": start, "reserve_percent": 10, "outages": [outage]})
        with pytest.raises(BadMessageError, match="5000000"):
            OUTLOOK_STATE.parse(text.encode())


def test_a_strip_of_charge_ends_within_the_calendar() -> None:
    strip = {"start": "9999-12-30T00:00:00Z", "step_min": 1440, "p10": [5, 5, 5], "p50": [5, 5, 5], "p90": [5, 5, 5]}
    text = json.dumps({"at": "2026-11-23T18:00:00Z", "reserve_percent": 10, "strip": strip})
    with pytest.raises(BadMessageError, match="outside the years 1 to 9999"):
        OUTLOOK_STATE.parse(text.encode())


def test_an_outage_at_the_end_of_the_calendar_has_a_sentence() -> None:
    end = datetime(9999, 12, 30, 23, tzinfo=UTC)
    outage = OutageOutlook(start=NOW, end=end, running=True, verdict=Verdict.LASTS, margin_min=5_000_000)
    assert outage_sentence(Localizer(Language.EN, NOW, ZoneInfo("Europe/Kyiv")), outage)


def test_a_moment_is_utc_in_milliseconds() -> None:
    local = NOW.astimezone(timezone(timedelta(hours=2)))
    assert '"at":"2026-11-23T18:02:11.250Z"' in GridState(at=local, since=NOW, state=Grid.ON).model_dump_json()


def test_a_field_of_a_newer_version_is_no_fault() -> None:
    text = b'{"at": "2026-11-23T18:00:00Z", "v": 2, "since": "2026-11-23T18:00:00Z", "state": "on", "phase": 3}'
    assert GRID_STATE.parse(text).state is Grid.ON


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_our_error(payload: bytes) -> None:
    with pytest.raises(BadMessageError):
        GRID_STATE.parse(payload)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", '"high"', "[230]"])
def test_a_number_that_is_none_is_refused(value: str) -> None:
    payload = f'{{"at": "2026-11-23T18:00:00Z", "grid_voltage_v": {value}}}'
    with pytest.raises(BadMessageError):
        INVERTER_STATE.parse(payload.encode())


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("inverter/main/state", "main"),
        ("inverter/a.b-c/state", "a.b-c"),
        ("inverter/state", None),
        ("inverter/a/b/state", None),
        ("inverter//state", None),
        ("grid/state", None),
    ],
)
def test_the_name_in_a_topic(topic: str, name: str | None) -> None:
    assert INVERTER_STATE.name_in(topic) == name


def test_a_topic_without_a_name() -> None:
    assert GRID_STATE.name_in("grid/state") == ""
    assert GRID_STATE.filter == GRID_STATE.named() == "grid/state"
    assert SERVICE_STATUS.filter == "service/+/status"
    assert SETTING_SET.filter == "inverter/+/setting/+/set"
    assert SETTING_SET.named("main/buzzer_mode") == "inverter/main/setting/buzzer_mode/set"
    assert SETTING_SET.name_in("inverter/main/setting/buzzer_mode/set") == "main/buzzer_mode"
    assert SETTING_SET.name_in("inverter/main/setting/set") is None


@pytest.mark.parametrize(
    ("age_s", "expected"),
    [(0, True), (15, True), (15.1, False), (7 * 86400, False), (-10, True), (-31, False)],
)
def test_fresh(age_s: float, expected: bool) -> None:
    assert fresh(NOW - timedelta(seconds=age_s), NOW, timedelta(seconds=15)) is expected


def test_the_generated_files_are_not_stale() -> None:
    assert {name: (ROOT / name).read_text() for name in topic_files()} == topic_files()


def test_asyncapi_has_every_topic_and_no_dangling_reference() -> None:
    document = yaml.safe_load(asyncapi())
    assert {channel["address"] for channel in document["channels"].values()} == {topic.template for topic in TOPICS}
    for reference in re.findall(r"\$ref: '?#/([^'\s]+)", asyncapi()):
        part = document
        for step in reference.split("/"):
            part = part[step]


def test_no_topic_is_written_out_anywhere_else() -> None:
    wanted = re.compile(r"""["'](grid/state|inverter/|service/)""")
    files = [*ROOT.glob("services/**/*.py"), *ROOT.glob("shared/**/*.py"), *ROOT.glob("simulators/**/*.py")]
    assert [str(file) for file in files if wanted.search(file.read_text()) and file.name != "topics.py"] == []


def test_a_forecast_without_steps_is_refused() -> None:
    strip = {"start": "2026-11-30T02:00:00Z", "step_min": 0, "p10": [1.0], "p50": [1.0], "p90": [1.0]}
    said = {"at": "2026-11-30T02:00:00Z", "reserve_percent": 10, "strip": strip}
    with pytest.raises(BadMessageError):
        OUTLOOK_STATE.parse(json.dumps(said).encode())
    OUTLOOK_STATE.parse(json.dumps(said | {"strip": strip | {"step_min": 5}}).encode())


@pytest.mark.parametrize("value", ["true", "null", "NaN", "Infinity", "[]", '{"a": 1}', f'"{65 * "x"}"'])
def test_what_is_no_value_of_a_setting_is_refused_in_one_sentence(value: str) -> None:
    command = f'{{"at": "2026-11-30T01:00:00Z", "by": "script", "value": {value}}}'
    with pytest.raises(BadMessageError) as error:
        SETTING_SET.parse(command.encode())
    assert error.value.reason.text == "value: a number, or the name of a choice, is needed"


@pytest.mark.parametrize("value", [0, 20, -(2**31), 2.5, "sub", "12"])
def test_a_value_of_a_setting_keeps_its_type(value: float | str) -> None:
    command = SettingCommand.model_validate({"at": "2026-11-30T01:00:00Z", "by": "script", "value": value})
    assert (command.value, type(command.value)) == (value, type(value))
    assert SettingCommand.model_validate_json(command.model_dump_json()) == command
