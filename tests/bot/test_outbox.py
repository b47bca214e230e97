"""What is persisted, and that it survives."""

from pathlib import Path

import pytest

from services.bot.alerts.alert import Alert, AlertKind
from services.bot.alerts.state import AlertState
from services.bot.chats import Chats, Role
from services.bot.telegram.outbox import LivingMessage, Outbox
from shared.errors import StorageError
from shared.texts.language import Language
from tests.bot.facts import NOW

STATE = AlertState(plan_seen=True)


def alert(key: str = "a", kind: AlertKind = AlertKind.GRID_LOST, **facts: object) -> Alert:
    return Alert.model_validate({"kind": kind, "key": key, "at": NOW, "stored_at": NOW} | facts)


def test_waiting_alerts_and_state_survive_together(tmp_path: Path) -> None:
    file = tmp_path / "new" / "outbox.json"
    Outbox(file).put(STATE, [(1, alert()), (1, alert()), (2, alert("b"))])
    again = Outbox(file)
    assert again.state == STATE
    assert again.waiting(1) == (alert(),)
    again.delivered(1, [alert()])
    again.keep_only([1])
    assert (Outbox(file).waiting(1), Outbox(file).waiting(2)) == ((), ())


@pytest.mark.parametrize("rubbish", ["", "{", "[]", '{"state": 5}', '{"memory": 5}'])
def test_a_damaged_file_is_set_aside(rubbish: str, tmp_path: Path) -> None:
    file = tmp_path / "outbox.json"
    file.write_text(rubbish)
    assert Outbox(file).state == AlertState()
    assert (tmp_path / "outbox.json.damaged-1").read_text() == rubbish


def test_a_disk_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "state" / "outbox.json")
    (tmp_path / "state").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        outbox.put(STATE, [(1, alert())])
    assert outbox.waiting(1) == (alert(),), "it is sent all the same"


def test_what_is_edited_survives_and_is_replaced_by_its_alert(tmp_path: Path) -> None:
    file = tmp_path / "outbox.json"
    outbox = Outbox(file)
    first, second = LivingMessage(key="a", number=5, text="out"), LivingMessage(key="b", number=6, text="back")
    outbox.delivered(1, [], first)
    outbox.delivered(1, [], second)
    outbox.edited(1, "a", LivingMessage(key="a", number=5, text="over"))
    again = Outbox(file)
    assert again.living(1) == (second, LivingMessage(key="a", number=5, text="over"))
    again.edited(1, "a", None)
    again.move({1: -100})
    assert (again.living(1), again.living(-100)) == ((), (second.model_copy(update={"number": None}),))
    again.keep_only([1])
    assert Outbox(file).living(-100) == ()


def test_what_waits_for_a_group_that_moved_outlives_a_restart(tmp_path: Path) -> None:
    chats = Chats({-5: Role.OWNER}, Language.UK, tmp_path / "chats.json")
    outbox = Outbox(tmp_path / "outbox.json")
    outbox.put(STATE, [(-5, alert()), (9, alert())])
    chats.move(-5, -1005)
    outbox.move(Chats({-5: Role.OWNER}, Language.UK, tmp_path / "chats.json").moved)
    assert (outbox.waiting(-1005), outbox.waiting(-5), outbox.waiting(9)) == ((alert(),), (), (alert(),))
