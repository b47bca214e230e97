"""What is on disk, and who may."""

from datetime import time, timedelta
from pathlib import Path

import pytest

from services.bot import keyboards
from services.bot.alert import Alert, Group, Kind
from services.bot.chats import Chats, ChatSettings, Quiet, Role
from services.bot.memory import Memory
from services.bot.merge import account, is_late, items
from services.bot.outbox import Outbox
from services.bot.settings import roles
from services.bot.words import split
from shared.errors import StorageError
from shared.texts.language import Language
from tests.bot.facts import KYIV, NOW, at, house, voice

SEEN = Memory(plan_seen=True)


def alert(key: str = "a", kind: Kind = Kind.GRID_LOST, **facts: object) -> Alert:
    return Alert.model_validate({"kind": kind, "key": key, "at": NOW, "stored_at": NOW} | facts)


def test_what_waits_and_what_was_told_survive_together(tmp_path: Path) -> None:
    file = tmp_path / "new" / "outbox.json"
    Outbox(file).put(SEEN, [(1, alert()), (1, alert()), (2, alert("b"))])
    again = Outbox(file)
    assert again.memory == SEEN
    assert again.waiting(1) == (alert(),)
    again.taken(1, [alert()])
    again.keep_only([1])
    assert (Outbox(file).waiting(1), Outbox(file).waiting(2)) == ((), ())


@pytest.mark.parametrize("rubbish", ["", "{", "[]", '{"memory": 5}'])
def test_a_damaged_file_is_kept_aside(rubbish: str, tmp_path: Path) -> None:
    file = tmp_path / "outbox.json"
    file.write_text(rubbish)
    assert Outbox(file).memory == Memory()
    assert (tmp_path / "outbox.bad").read_text() == rubbish


def test_a_disk_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "state" / "outbox.json")
    (tmp_path / "state").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        outbox.put(SEEN, [(1, alert())])
    assert outbox.waiting(1) == (alert(),), "it is told all the same"


def test_fresh_alerts_are_told_one_by_one_and_late_ones_together() -> None:
    two = [alert(), alert("b", Kind.GRID_BACK, at=NOW + timedelta(minutes=5))]
    assert not is_late(two, NOW)
    assert is_late(two, NOW + timedelta(minutes=10))
    assert not is_late(two[:1], NOW + timedelta(days=1))
    assert len(items(two, NOW)) == 1


def test_an_account_of_reminders_that_are_past_says_nothing() -> None:
    past = [alert(str(number), Kind.REMIND_LIGHT, at=at("12:00")) for number in range(3)]
    assert account(voice(), past) == ""


def test_who_may() -> None:
    assert roles("5, -100:viewer") == {5: Role.OWNER, -100: Role.VIEWER}
    with pytest.raises(ValueError, match="is no chat"):
        roles("me")


def test_a_chat_keeps_its_choice_and_its_number(tmp_path: Path) -> None:
    file = tmp_path / "chats.json"
    chats = Chats({-5: Role.VIEWER}, Language.UK, file)
    chats.choose(-5, ChatSettings(language=Language.EN, groups_off=frozenset({Group.PLUG})))
    chats.move(-5, -1005)
    again = Chats({-5: Role.VIEWER}, Language.UK, file)
    assert again.all == [-1005]
    assert again.role(-5) is None
    assert not again.settings(-1005).wants(alert(kind=Kind.PLUG))


def test_what_waits_for_a_group_that_moved_outlives_a_restart(tmp_path: Path) -> None:
    chats = Chats({-5: Role.OWNER}, Language.UK, tmp_path / "chats.json")
    outbox = Outbox(tmp_path / "outbox.json")
    outbox.put(SEEN, [(-5, alert()), (9, alert())])
    chats.move(-5, -1005)
    outbox.follow(Chats({-5: Role.OWNER}, Language.UK, tmp_path / "chats.json").moved)
    assert (outbox.waiting(-1005), outbox.waiting(-5), outbox.waiting(9)) == ((alert(),), (), (alert(),))


@pytest.mark.parametrize(
    ("chat", "user", "may"),
    [(5, 5, True), (6, 6, False), (-100, 5, True), (-100, 6, False), (-100, 99, False), (-7, 5, False), (99, 5, False)],
)
def test_in_a_group_only_who_is_allowed_personally_switches(chat: int, user: int, may: bool, tmp_path: Path) -> None:
    allowed = {5: Role.OWNER, 6: Role.VIEWER, -100: Role.OWNER, -7: Role.VIEWER}
    assert Chats(allowed, Language.UK, tmp_path / "chats.json").may_switch(chat, user) is may


def test_quiet_hours_over_midnight() -> None:
    quiet = Quiet(start=time(22), end=time(7))
    assert [quiet.holds(at(clock), KYIV) for clock in ("21:59", "22:00", "03:00", "06:59", "07:00")] == [
        *(False, True, True, True, False)
    ]


@pytest.mark.parametrize("data", ["", "plug", "plug|x", "plug|x|maybe", "plug|x|on|more", "set", "drop table", "|||"])
def test_forged_buttons_are_not_read(data: str) -> None:
    assert keyboards.read(data) is None


def test_every_button_of_ours_is_read() -> None:
    boards = [keyboards.plugs(voice(), house()), keyboards.settings(voice(), ChatSettings()), keyboards.charts(voice())]
    for board in boards:
        assert all(keyboards.read(data) and len(data.encode()) <= 64 for row in board for _, data in row)


def test_nothing_is_lost_by_splitting_eight_kilobytes_of_emoji() -> None:
    text = "\n".join(f"🪫 08:{number % 60:02} – 11:00 (~3 год)" for number in range(300))
    parts = split(text)
    assert "\n".join(parts) == text
    assert all(len(part.encode("utf-16-le")) / 2 <= 4096 for part in parts)


def test_settings_go_round() -> None:
    chosen = ChatSettings()
    for value in ("language", "quiet", "waits", "minutes", *Group):
        after = keyboards.after(chosen, value)
        assert after
        assert after != chosen
    assert keyboards.after(chosen, "nonsense") is None
