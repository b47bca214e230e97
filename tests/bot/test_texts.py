"""Every alert and every command in both languages, as people read them: the golden files lie beside.

GOLDEN=write in the environment writes them anew; look at what has changed.
"""

import os
import re
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from services.bot import answers, keyboards, records
from services.bot.alert import Alert, Group, Kind
from services.bot.chats import ChatSettings
from services.bot.merge import account
from services.bot.telegram import Keyboard
from services.bot.wording import alert_text
from services.bot.words import plain, split
from shared.broker_state import BrokerState
from shared.messages import ActionOutcome, Certainty, DayPlan, PlannedDay
from shared.outages import Expected
from shared.texts.catalogue import TEXTS
from shared.texts.language import Language
from tests.bot.facts import KYIV, NOW, TODAY, at, changed_plan, house, plan, voice, window
from tests.bot.recorded import recorded

GOLDEN = Path(__file__).parent / "golden"


def alert(kind: Kind, **facts: Any) -> Alert:
    return Alert(**({"kind": kind, "key": str(kind), "at": at("18:02"), "stored_at": at("18:02")} | facts))


FIGURES: dict[str, Any] = {"soc_percent": 44.0, "load_w": 640.0, "runtime_s": 25_000.0}
LOST = alert(Kind.GRID_LOST, lasted_s=25_320.0, expected=Expected.OUTAGE, window=window("18:00", "21:30"), **FIGURES)
BACK = alert(Kind.GRID_BACK, at=at("18:25"), lasted_s=1380.0, soc_percent=41.0, window=window("22:00", "24:00"))
TROUBLES = (
    (Kind.BATTERY_ALARM, "Cellar <b>", "cell voltage too low"),
    (Kind.IMBALANCE, "Cellar <b>", "120"),
    (Kind.BATTERY_SILENT, "Cellar <b>", "No frame for 30 s."),
    (Kind.INVERTER_SILENT, "main", "No answer."),
    (Kind.INVERTER_FAULT, "main", "inverter too hot"),
    (Kind.INVERTER_WARNING, "main", "battery voltage low"),
    (Kind.SERVICE_DOWN, "poller", "It was killed."),
    (Kind.SERVICE_PARTLY, "schedule", "No source answers."),
)
ALERTS: dict[str, Alert] = {
    "grid lost, planned": LOST,
    "grid lost, plan open": LOST.model_copy(update={"is_open": True}),
    "grid lost, not planned": alert(Kind.GRID_LOST, lasted_s=600.0, expected=Expected.POWER),
    "grid lost, emergency": alert(Kind.GRID_LOST, over=True, expected=Expected.EMERGENCY),
    "grid lost, noticed late": LOST.model_copy(update={"stored_at": at("18:20")}),
    "grid lost, nothing known": alert(Kind.GRID_LOST, expected=Expected.UNKNOWN),
    "grid back": BACK,
    "grid unstable": alert(Kind.GRID_UNSTABLE, began=at("17:50"), count=7, on=True, soc_percent=60.0),
    "schedule": alert(Kind.SCHEDULE, plan=changed_plan()),
    "remind outage": alert(Kind.REMIND_OUTAGE, at=at("18:45"), window=window("18:45", "21:30"), minutes=15),
    "remind possible": alert(
        Kind.REMIND_OUTAGE, at=at("22:00"), window=window("22:00", "24:00", TODAY, Certainty.POSSIBLE), minutes=15
    ),
    "remind light": alert(Kind.REMIND_LIGHT, at=at("18:44"), minutes=15),
    "low battery": alert(Kind.LOW_BATTERY, **(FIGURES | {"soc_percent": 19.0})),
    "low battery, over": alert(Kind.LOW_BATTERY, over=True),
    **{kind: alert(kind, name=name, what=what) for kind, name, what in TROUBLES},
    **{f"{kind}, over": alert(kind, name=name, what=what, over=True) for kind, name, what in TROUBLES},
    **{
        f"plug {outcome}": alert(Kind.PLUG, name="Boiler <b>", on=True, by="grid", outcome=outcome, what="Why & so.")
        for outcome in ActionOutcome
    },
}
CHANGED = ChatSettings(
    quiet=keyboards.QUIETS[1], quiet_waits=True, reminder_minutes=0, groups_off=frozenset({Group.PLUG})
)


def labels(board: Keyboard) -> list[str]:
    return [escape(" | ".join(label for label, _ in row), quote=False) for row in board]


COMMANDS = {
    "status": lambda v: answers.status_text(v, house()),
    "status, nothing yet": lambda v: answers.status_text(v, BrokerState()),
    "status, stale": lambda v: answers.status_text(v, house(now=NOW - timedelta(days=7), schedule=None)),
    "battery": lambda v: answers.battery_text(v, house()),
    "battery, nothing yet": lambda v: answers.battery_text(v, BrokerState()),
    "schedule": lambda v: answers.plan_text(v, house()),
    "schedule, tomorrow not published": lambda v: answers.plan_text(
        v, house(schedule=plan(days=(PlannedDay(day=TODAY, state=DayPlan.NO_OUTAGES, confirmed_at=NOW),), windows=()))
    ),
    "schedule, nothing": lambda v: answers.plan_text(v, BrokerState()),
    "plugs": lambda v: answers.plugs_text(v, house()),
    "plugs, none": lambda v: answers.plugs_text(v, BrokerState()),
    "help": lambda v: answers.help_text(v, is_viewer=False),
    "help, viewer": lambda v: answers.help_text(v, is_viewer=True),
    "status, old plan": lambda v: answers.status_text(v, house(schedule=plan(fetched_at=NOW - timedelta(days=2)))),
    "battery, before a planned outage": lambda v: answers.battery_text(
        v, house(schedule=plan(windows=(window("18:40", "24:00"),)))
    ),
    "id": lambda v: answers.id_text(v, 99, 99, is_allowed=True),
    "id, stranger": lambda v: answers.id_text(v, 99, 99, is_allowed=False),
    "id, group": lambda v: answers.id_text(v, -100, 99, is_allowed=True),
    "settings": lambda v: "\n".join([v("settings_title"), *labels(keyboards.settings(v, ChatSettings()))]),
    "settings, changed": lambda v: "\n".join(labels(keyboards.settings(v, CHANGED))),
    "buttons of plugs": lambda v: "\n".join(labels(keyboards.plugs(v, house()))),
    "chart": lambda v: v("chart_title", period=v.span(NOW - timedelta(days=1), NOW)),
}
REPLIES: dict[str, dict[str, object]] = {
    "stranger": {},
    "unknown_command": {},
    "too_late": {"lasted": "3 min"},
    "not_allowed": {},
    "not_in_group": {"user": 99},
    "bad_button": {},
    "sure_on": {"name": "Boiler <b>"},
    "sure_off": {"name": "Boiler <b>"},
    "switching": {},
    "nothing_done": {},
    "settings_not_kept": {},
    "no_history": {},
    "history_fails": {},
}
WAITED = [
    LOST.model_copy(update={"stored_at": at("15:00"), "at": at("15:00"), "key": "a"}),
    ALERTS["schedule"].model_copy(update={"at": at("15:20")}),
    alert(Kind.REMIND_LIGHT, at=at("16:00"), minutes=15),
    BACK.model_copy(update={"at": at("16:10"), "stored_at": at("16:10"), "key": "b"}),
    ALERTS["battery_silent"].model_copy(update={"at": at("16:20")}),
    ALERTS["battery_silent, over"].model_copy(update={"at": at("16:40")}),
    ALERTS["schedule"].model_copy(update={"at": at("17:20"), "key": "c"}),
    LOST.model_copy(update={"at": at("18:02"), "key": "d"}),
]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return recorded(tmp_path_factory.mktemp("history"))


def everything(language: Language, history: Engine) -> dict[str, str]:
    speech = voice(language)
    written = {
        "command: energy": records.energy_text(history, speech, KYIV),
        "command: outages": records.outages_text(history, speech),
    }
    replies = {f"reply: {name}": speech(name, **values) for name, values in REPLIES.items()}
    alerts = {f"alert: {name}": alert_text(speech, one) for name, one in ALERTS.items()}
    commands = {f"command: {name}": write(speech) for name, write in COMMANDS.items()}
    return (
        alerts
        | {"account": account(speech, WAITED), "account, quiet": account(speech, WAITED, is_quiet=True)}
        | commands
        | written
        | replies
    )


@pytest.mark.parametrize("language", Language)
def test_texts_are_the_golden_ones(language: Language, history: Engine) -> None:
    text = "\n\n".join(f"## {name}\n{said}" for name, said in everything(language, history).items()) + "\n"
    file = GOLDEN / f"{language}.txt"
    if os.environ.get("GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    assert text == file.read_text()


@pytest.mark.parametrize("language", Language)
def test_every_text_is_html_that_telegram_reads(language: Language, history: Engine) -> None:
    for name, text in everything(language, history).items():
        for line in text.split("\n"):
            opened = re.findall(r"<([a-z]+)>", line)
            assert sorted(opened) == sorted(re.findall(r"</([a-z]+)>", line)), (name, line)
            assert not re.search(r"&(?!lt;|gt;|amp;)", line), (name, line)
    assert "<b>" not in plain("x &lt;c&gt; <b>y</b>")


def test_both_languages_have_the_same_values() -> None:
    for name, pair in TEXTS.items():
        values = [set(re.findall(r"\{(\w+)", text)) for text in pair]
        assert values[0] == values[1], name


def test_a_plan_of_eight_kilobytes_is_split_at_its_lines() -> None:
    text = "\n".join(f"<b>{number}</b> " + "x" * 90 for number in range(90))
    parts = split(text)
    assert len(parts) > 1
    assert all(len(part) <= 4000 and part.count("<b>") == part.count("</b>") for part in parts)
    assert "\n".join(parts) == text


def test_a_line_that_is_too_long_by_itself_is_cut() -> None:
    assert all(len(part) <= 4000 for part in split("<b>" + "&lt;" * 3000 + "</b>"))
