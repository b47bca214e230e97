"""What the bot tells and when: changed by a command of the page as by a button in Telegram, in one store."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bot.alert_settings import chat_key, chosen_limits, chosen_settings, published, refusal
from services.bot.chats import AlertLimits, Chats, ChatSettings, QuietHours, Role
from services.bot.commands import keyboards
from shared.messages import AlertSettings, AlertSettingsCommand
from shared.texts.language import Language

AT = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
QUIET = st.none() | st.builds(QuietHours, start=TIMES, end=TIMES)


def command(**fields: object) -> AlertSettingsCommand:
    return AlertSettingsCommand.model_validate({"at": AT, "by": "dashboard"} | fields)


@given(st.builds(ChatSettings, quiet=QUIET, quiet_waits=st.booleans()), st.builds(ChatSettings, quiet=QUIET))
def test_what_is_published_gives_the_same_settings_when_it_is_sent_back(
    chosen: ChatSettings, before: ChatSettings
) -> None:
    shown = published(AlertLimits(), {-100_123: chosen}, AT)
    ((key, chat),) = AlertSettings.model_validate_json(shown.model_dump_json()).chats.items()
    again = chosen_settings(
        before,
        command(
            chat=key,
            quiet=chat.quiet_from_min is not None,
            quiet_from_min=chat.quiet_from_min,
            quiet_to_min=chat.quiet_to_min,
            quiet_waits=chat.quiet_waits,
        ),
    )
    assert (again.quiet, again.quiet_waits) == (chosen.quiet, chosen.quiet_waits)


def test_the_number_of_a_chat_stays_with_the_bot() -> None:
    shown = published(AlertLimits(), {-1001234567890: ChatSettings()}, AT).model_dump_json()
    assert "1234567890" not in shown
    assert '"890"' in shown
    assert chat_key(5) == chat_key(5) != chat_key(6)


def test_what_is_none_stays() -> None:
    night = ChatSettings(quiet=QuietHours(start=time(22), end=time(7)), quiet_waits=True)
    assert chosen_settings(night, command()) == night
    assert chosen_settings(night, command(quiet_waits=False)).quiet == night.quiet
    assert chosen_settings(night, command(quiet=True)) == night  # without hours
    assert chosen_settings(night, command(quiet=False)).quiet is None
    assert chosen_limits(command(imbalance_mv=80)) == {"imbalance_mv": 80}


@pytest.mark.parametrize(("age_s", "retained", "obeyed"), [(1, False, True), (1, True, False), (90, False, False)])
def test_an_old_or_retained_command_is_refused(age_s: int, *, retained: bool, obeyed: bool) -> None:
    assert (refusal(command(), AT + timedelta(seconds=age_s), retained=retained) is None) == obeyed


@pytest.mark.parametrize(
    "fields", [{"low_battery_percent": 0}, {"imbalance_mv": 5000}, {"quiet_from_min": 1440}, {"by": "x" * 65}]
)
def test_impossible_wishes_are_no_command(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="1 validation error"):
        command(**fields)


def test_limits_are_those_of_the_settings_until_somebody_chooses_and_outlive_a_restart(tmp_path: Path) -> None:
    def chats() -> Chats:
        return Chats({5: Role.OWNER}, Language.UK, tmp_path / "chats.json", limits=AlertLimits(low_battery_percent=33))

    first = chats()
    assert first.limits == AlertLimits(low_battery_percent=33)
    first.update_limits({"imbalance_mv": 150})
    assert chats().limits == AlertLimits(low_battery_percent=33, imbalance_mv=150)


def test_a_file_of_version_0_1_has_no_limits(tmp_path: Path) -> None:
    file = tmp_path / "chats.json"
    file.write_text('{"chats": {"5": {"quiet_waits": true}}, "limits": {"of_a_newer_version": 1}}')
    chats = Chats({5: Role.OWNER}, Language.UK, file)
    assert chats.limits == AlertLimits()
    assert chats.settings(5).quiet_waits


@pytest.mark.parametrize("value", keyboards.LIMITS)
def test_a_button_goes_through_all_choices_from_any_value(value: str) -> None:
    name, choices = keyboards.LIMITS[value]
    limits, seen = AlertLimits(low_battery_percent=21, imbalance_mv=101, silent_minutes=7.5), []
    for _ in choices:
        change = keyboards.next_limits(limits, value)
        assert change is not None
        limits = limits.model_copy(update=change)
        seen.append(getattr(limits, name))
    assert sorted(seen) == sorted(choices)
    assert keyboards.next_limits(limits, "language") is None
