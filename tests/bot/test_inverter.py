"""/inverter: what it says, its buttons, and that only an owner's second press changes anything."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bot.chats import Chats, Role
from services.bot.commands import inverter_buttons, keyboards
from services.bot.commands import inverter_keyboards as buttons
from services.bot.commands.commands import Command
from services.bot.commands.inverter_buttons import InverterButtons
from services.bot.commands.keyboards import LONGEST_DATA
from services.bot.telegram.api import Incoming, Keyboard
from services.bot.texts.html import escape_html
from services.bot.texts.inverter import inverter_text
from shared.broker_state import BrokerState
from shared.conditions import Reason
from shared.messages import (
    ChargeAheadPhase,
    InverterControl,
    Message,
    ServiceHealth,
    ServiceStatus,
    SettingChange,
    SettingOutcome,
    SettingState,
)
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from shared.topics import COMMANDS
from tests.bot.facts import KYIV, NOW
from tests.dashboard.harness import reading
from tests.support.inverter_controls import ahead, profiles, settings

OWNER, VIEWER, GROUP = 5, 6, -7
LOCALIZER = Localizer(Language.EN, NOW, KYIV, escape_html)


def house(**changes: Any) -> BrokerState:
    poller = ServiceStatus(at=NOW, since=NOW, state=ServiceHealth.ONLINE, version="0.1")
    known: dict[str, Any] = {
        "connected": True,
        "inverters": {"main": reading(NOW)},
        "inverter_settings": {"main": settings(NOW)},
        "inverter_profiles": {"main": profiles(NOW)},
        "charge_ahead": {"main": ahead(NOW)},
        "services": {"poller": poller},
    }
    return BrokerState(**known | changes)


def data(keyboard: Keyboard) -> list[str]:
    return [data for row in keyboard for _, data in row]


def test_it_says_how_the_inverter_is_set_and_who_changed_it() -> None:
    said = inverter_text(LOCALIZER, house())
    assert "<b>What feeds the house</b>: the house runs from the sun" in said
    assert "<i>changed 29 Nov" in said or "at the inverter or by another program" in said
    assert "charged from the mains with 20 A" in said
    assert "INVERTER_CONTROL" in inverter_text(
        LOCALIZER, house(inverter_settings={"main": settings(NOW, control=InverterControl.OFF)})
    )
    assert inverter_text(LOCALIZER, BrokerState()).startswith("As soon as the inverter answers")
    off = ServiceStatus(
        at=NOW, since=NOW, state=ServiceHealth.DISABLED, version="1", reasons=(Reason.sentence("<None> here."),)
    )
    why = inverter_text(LOCALIZER, BrokerState(services={"poller": off}))
    assert why.startswith("&lt;None&gt; here. As soon as the inverter answers")


def test_only_what_may_be_changed_now_has_a_button() -> None:
    found = data(buttons.overview(LOCALIZER, house()))
    assert found == [
        "want|main|h|on",
        f"want|main|p|{buttons.digest('Зимова ніч')}",
        "pick|main|output_priority",
        "pick|main|max_mains_charging_current_a",
        "pick|main|mains_mode_soc_protection_percent",
        "pick|main|buzzer_mode",
        "inverter",
    ]
    for closed in (
        house(services={}),
        house(inverter_settings={"main": settings(NOW, control=InverterControl.OFF)}, charge_ahead={}),
        house(inverter_settings={"main": settings(NOW, changing="buzzer_mode")}, charge_ahead={}),
    ):
        assert data(buttons.overview(LOCALIZER, closed)) == ["inverter"]


def test_every_button_fits_and_is_one_of_ours() -> None:
    for setting in settings(NOW).settings:
        for one in data(buttons.choice(LOCALIZER, house(), "main", setting)):
            assert len(one.encode()) + 1 + buttons.MARK <= LONGEST_DATA
            assert keyboards.parse(one)


@pytest.mark.parametrize(
    ("one", "offered"),
    [
        pytest.param(SettingState(choices=("a", "b")), ["a", "b"], id="choices"),
        pytest.param(SettingState(low=20, high=23, step=1), [20, 21, 22, 23], id="a-few-numbers"),
        pytest.param(SettingState(low=2, high=3, step=0.5), [2, 2.5, 3], id="halves"),
        pytest.param(SettingState(value=3), [], id="read-only"),
    ],
)
def test_a_setting_is_offered_its_values(one: SettingState, offered: list[object]) -> None:
    assert buttons.values(one) == offered


@given(st.integers(0, 100), st.integers(1, 200), st.sampled_from([1, 2, 0.5, 5]))
def test_numbers_are_few_and_within_bounds(low: int, width: int, step: float) -> None:
    found = buttons.values(SettingState(low=low, high=low + width * step, step=step))
    assert len(found) <= buttons.MOST_NUMBERS + 1
    assert (found[0], found[-1]) == (low, low + width * step)


class FakeTelegram:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.keyboards: list[Keyboard] = []
        self.refusals: list[str] = []

    async def send(self, chat: int, text: str, *, keyboard: Keyboard = (), **_more: Any) -> int:
        self.said.append(text)
        self.keyboards.append(keyboard)
        return 1

    async def edit(self, chat: int, message: int, text: str, *, keyboard: Keyboard = ()) -> None:
        await self.send(chat, text, keyboard=keyboard)

    async def answer_button(self, button_id: str, text: str = "") -> None:
        self.refusals += [text] if text else []


class Bench:
    """The buttons, a house, and a poller that answers each command with an outcome."""

    def __init__(self, directory: Path) -> None:
        self.telegram, self.sent, self.state = FakeTelegram(), list[tuple[str, Message]](), house()
        roles = {OWNER: Role.OWNER, VIEWER: Role.VIEWER, GROUP: Role.OWNER}
        chats = Chats(roles, Language.EN, directory / "chats.json")
        self._buttons = InverterButtons(self.telegram, lambda: self.state, chats, self._send)

    def _send(self, name: str, command: Any) -> None:
        self.sent.append((name, command))
        change = SettingChange(at=NOW, value="sbu", by=command.by, outcome=SettingOutcome.CONFIRMED)
        self.state = replace(self.state, setting_changes={name: change})

    def press(self, pressed: str, *, chat: int = OWNER, user: int = OWNER, age_s: float = 1) -> str:
        press = keyboards.parse(pressed)
        assert press
        at = NOW - timedelta(seconds=age_s)
        incoming = Incoming(chat, user, at, "", button=pressed, button_id="b", message_id=1)
        asyncio.run(self._buttons.press(incoming, LOCALIZER, press))
        return self.telegram.said[-1] if self.telegram.said else ""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


WANTED = "want|main|s|output_priority|sbu"


def confirmed(bench: Bench) -> str:
    """Return the data of the button that says yes."""
    return bench.telegram.keyboards[-1][0][0][1]


def test_a_second_press_after_what_will_happen_changes_it(bench: Bench) -> None:
    assert "change it to what?" in bench.press("pick|main|output_priority")
    assert WANTED in data(bench.telegram.keyboards[-1])
    said = bench.press(WANTED)
    assert re.search(r"Now: the house.*\n.*Then: the house runs from the sun, then from the battery", said, re.DOTALL)
    assert bench.sent == []
    assert "Done at" in bench.press(confirmed(bench))
    ((name, command),) = bench.sent
    assert name == "main/output_priority"
    assert (command.value, command.by) == ("sbu", f"telegram:{OWNER}")  # type: ignore[attr-defined]


@pytest.mark.parametrize(("chat", "user"), [(VIEWER, VIEWER), (GROUP, VIEWER), (GROUP, 99)])
def test_only_an_owner_may(bench: Bench, chat: int, user: int) -> None:
    bench.press(WANTED)
    yes = confirmed(bench)
    for pressed in ("pick|main|output_priority", WANTED, yes):
        bench.press(pressed, chat=chat, user=user)
    assert len(bench.telegram.refusals) == 3
    assert bench.sent == []


def test_a_late_yes_and_a_yes_to_something_else_change_nothing(bench: Bench) -> None:
    bench.press(WANTED)
    yes = confirmed(bench)
    assert "too long" in bench.press(yes, age_s=61)
    other = {"output_priority": settings(NOW).settings["output_priority"].model_copy(update={"value": "uti"})}
    bench.state = house(inverter_settings={"main": settings(NOW, settings=other)})
    assert "Something has changed" in bench.press(yes)
    bench.state = house(services={})
    assert "not being read" in bench.press(yes)
    assert bench.sent == []


@pytest.mark.parametrize(
    "forged", ["do|main|s|output_priority|suf|000000", "do|x", "do|main|s|a|b|c|d|e", "want|main|h|maybe", "want||||"]
)
def test_a_forged_button_changes_nothing(bench: Bench, forged: str) -> None:
    bench.press(forged)
    assert bench.sent == []


def test_a_profile_and_charging_ahead(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inverter_buttons, "PATIENCE_S", 0)
    assert "All or nothing" in bench.press(f"want|main|p|{buttons.digest('Зимова ніч')}")
    bench.press(confirmed(bench))
    assert "put back" in bench.press("want|main|h|on")
    bench.press(confirmed(bench))
    (_, profile), (_, hold) = bench.sent
    assert (profile.profile, hold.hold_off) == ("Зимова ніч", True)  # type: ignore[attr-defined]
    held = house(charge_ahead={"main": ahead(NOW, phase=ChargeAheadPhase.HELD_OFF, can_undo=False)})
    assert "want|main|h|off" in data(buttons.overview(LOCALIZER, held))


def test_a_wish_for_another_inverter_is_refused() -> None:
    assert isinstance(buttons.question(house(), LOCALIZER, "other|s|output_priority|sbu", "me"), Reason)


def test_every_command_of_the_bot_has_its_topic() -> None:
    topics = {kind: COMMANDS[kind] for kind in get_args(Command)}
    assert {topic.payload: topic.retain for topic in topics.values()} == dict.fromkeys(get_args(Command), False)
    assert all(topic.payload is kind and "bot" in topic.writers for kind, topic in topics.items())
