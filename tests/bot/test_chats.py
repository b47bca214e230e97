"""Which chats are allowed, and what they have chosen."""

from datetime import time
from pathlib import Path

import pytest

from services.bot.alerts.alert import Alert, AlertGroup, AlertKind
from services.bot.chats import Chats, ChatSettings, QuietHours, Role
from services.bot.settings import parse_chats, parse_roles
from shared.texts.language import Language
from tests.bot.facts import KYIV, NOW, at


def alert(key: str = "a", kind: AlertKind = AlertKind.GRID_LOST, **facts: object) -> Alert:
    return Alert.model_validate({"kind": kind, "key": key, "at": NOW, "stored_at": NOW} | facts)


def test_chats_and_roles_of_the_setting() -> None:
    assert parse_roles("5, -100:viewer") == {5: Role.OWNER, -100: Role.VIEWER}
    with pytest.raises(ValueError, match="is no chat"):
        parse_roles("me")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("-100/7", {-100: (Role.OWNER, 7)}),
        ("-100/7:viewer,5:", {-100: (Role.VIEWER, 7), 5: (Role.OWNER, None)}),
        ("-100/", None),
        ("--5", None),
        ("5:admin", None),
    ],
)
def test_topics_of_the_setting(given: str, expected: dict[int, tuple[Role, int | None]] | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match="is no chat"):
            parse_chats(given)
    else:
        assert parse_chats(given) == expected


def test_a_chat_that_moves_twice_is_found_by_its_first_number(tmp_path: Path) -> None:
    file = tmp_path / "chats.json"
    file.write_text('{"moved": {"-1": -2, "-2": -3}}')  # as version 0.1 kept it
    chats = Chats({-1: Role.OWNER}, Language.UK, file, {-1: 7})
    assert chats.all == [-3]
    chats.move(-3, -4)
    assert chats.topic(-4) == 7
    assert Chats({-1: Role.OWNER, -2: Role.OWNER}, Language.UK, file).all == [-4]


@pytest.mark.parametrize(("chat", "may"), [(5, True), (6, False), (-100, True), (-7, False)])
def test_whether_anybody_may_switch_in_a_chat(chat: int, may: bool, tmp_path: Path) -> None:
    allowed = {5: Role.OWNER, 6: Role.VIEWER, -100: Role.OWNER, -7: Role.VIEWER}
    assert Chats(allowed, Language.UK, tmp_path / "chats.json").somebody_may_switch(chat) is may


def test_in_a_group_without_a_listed_person_nobody_may_switch(tmp_path: Path) -> None:
    assert not Chats({-100: Role.OWNER}, Language.UK, tmp_path / "chats.json").somebody_may_switch(-100)


def test_a_chat_keeps_its_choice_and_its_number(tmp_path: Path) -> None:
    file = tmp_path / "chats.json"
    chats = Chats({-5: Role.VIEWER}, Language.UK, file)
    chats.update_settings(-5, ChatSettings(language=Language.EN, groups_off=frozenset({AlertGroup.PLUG})))
    chats.move(-5, -1005)
    again = Chats({-5: Role.VIEWER}, Language.UK, file)
    assert again.all == [-1005]
    assert again.role(-5) is None
    assert not again.settings(-1005).wants(alert(kind=AlertKind.PLUG))


@pytest.mark.parametrize(
    ("chat", "user", "may"),
    [(5, 5, True), (6, 6, False), (-100, 5, True), (-100, 6, False), (-100, 99, False), (-7, 5, False), (99, 5, False)],
)
def test_in_a_group_only_who_is_allowed_personally_switches(chat: int, user: int, may: bool, tmp_path: Path) -> None:
    allowed = {5: Role.OWNER, 6: Role.VIEWER, -100: Role.OWNER, -7: Role.VIEWER}
    assert Chats(allowed, Language.UK, tmp_path / "chats.json").may_switch(chat, user) is may


def test_quiet_hours_over_midnight() -> None:
    quiet = QuietHours(start=time(22), end=time(7))
    assert [quiet.contain(at(clock), KYIV) for clock in ("21:59", "22:00", "03:00", "06:59", "07:00")] == [
        *(False, True, True, True, False)
    ]
