"""Every alert and every command in both languages, as people read them: the golden files lie beside.

GOLDEN=write in the environment writes them anew; look at what has changed.
"""

import os
import re
from collections.abc import Callable
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from services.bot.alerts.alert import Alert, AlertGroup, AlertKind
from services.bot.alerts.outage import Outage, PlugResult
from services.bot.chats import ChatSettings
from services.bot.commands import history, keyboards
from services.bot.telegram.api import Keyboard
from services.bot.texts import replies
from services.bot.texts.alerts import alert_text, digest_text
from services.bot.texts.history import energy_text, outages_text
from services.bot.texts.html import plain
from services.bot.texts.outage import outage_text
from services.bot.texts.outlook import outlook_text
from services.bot.texts.schedule import schedule_text
from shared.broker_state import BrokerState
from shared.conditions import Reason, battery, broker, files, inverter, schedule, system
from shared.live_figures import ALL
from shared.messages import (
    ActionOutcome,
    Availability,
    BatteryState,
    Certainty,
    Contact,
    DayState,
    Grid,
    OutageOutlook,
    PlannedDay,
    PlugPlan,
    PlugState,
    QueueFit,
    QueueScore,
    QueueVerdict,
    ServiceHealth,
    ServiceStatus,
)
from shared.outages import Expected
from shared.texts.catalogue import TEXTS
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from tests.bot.facts import (
    KYIV,
    NOW,
    TODAY,
    at,
    broker_state,
    changed_plan,
    grid,
    localizer_for,
    plan,
    several_inverters,
    window,
)
from tests.bot.recorded import recorded
from tests.support.outlooks import SITUATIONS, outlook
from tests.support.ukrainian import english_words

GOLDEN = Path(__file__).parent / "golden"
WHY = Reason.sentence("Why & so.")
SOURCES_SILENT = schedule.no_source(failures=(schedule.source_failed(source="be-svitlo", cause=schedule.NO_ANSWER()),))
DISK_FULL = files.unwritable(name="BOT_STATE_DIR", file="/data/bot/x.json", cause=system.DISK_FULL())


def alert(kind: AlertKind, **facts: Any) -> Alert:
    return Alert(**({"kind": kind, "key": str(kind), "at": at("18:02"), "stored_at": at("18:02")} | facts))


def _outage(situation: str) -> OutageOutlook:
    return outlook(situation, at("18:02")).outages[0]


FIGURES: dict[str, Any] = {"soc_percent": 44.0, "load_w": 640.0, "runtime_s": 25_000.0}
LOST = alert(
    AlertKind.GRID_LOST, lasted_s=25_320.0, expected=Expected.OUTAGE, window=window("18:00", "21:30"), **FIGURES
)
YESTERDAY = TODAY - timedelta(days=1)
FIT = QueueFit(
    at=NOW,
    region="lviv",
    queue="5.2",
    outages=12,
    fitting=1,
    verdict=QueueVerdict.OTHER,
    others=(QueueScore(queue="3.1", fitting=11), QueueScore(queue="3.2", fitting=10)),
)
BACK = alert(AlertKind.GRID_BACK, at=at("18:25"), lasted_s=1380.0, soc_percent=41.0, window=window("22:00", "24:00"))
TROUBLES: dict[AlertKind, dict[str, Any]] = {
    AlertKind.BATTERY_ALARM: {"name": "Cellar <b>", "reasons": (battery.CELL_VOLTAGE_TOO_LOW(),)},
    AlertKind.IMBALANCE: {"name": "Cellar <b>", "cell_delta_mv": 120.0},
    AlertKind.BATTERY_SILENT: {"name": "Cellar <b>", "reasons": (Reason.sentence("No frame for 30 s."),)},
    AlertKind.PHASE_LOST: {"name": "2"},
    AlertKind.INVERTER_SILENT: {"name": "", "reasons": (Reason.sentence("No answer."),)},
    AlertKind.INVERTER_FAULT: {"name": "", "reasons": (inverter.INVERTER_TOO_HOT(),)},
    AlertKind.INVERTER_WARNING: {"name": "", "reasons": (inverter.BATTERY_VOLTAGE_LOW(),)},
    AlertKind.SERVICE_DOWN: {"name": "poller", "reasons": (broker.VANISHED(),)},
    AlertKind.SERVICE_DEGRADED: {"name": "schedule", "reasons": (SOURCES_SILENT, DISK_FULL)},
}
ALERTS: dict[str, Alert] = {
    "grid lost, planned": LOST,
    "grid lost, plan open": LOST.model_copy(update={"is_open": True}),
    "grid lost, not planned": alert(AlertKind.GRID_LOST, lasted_s=600.0, expected=Expected.POWER),
    "grid lost, emergency": alert(AlertKind.GRID_LOST, over=True, expected=Expected.EMERGENCY),
    "grid lost, noticed late": LOST.model_copy(update={"stored_at": at("18:20")}),
    "grid lost, overdue": LOST.model_copy(update={"is_overdue": True, "plan_stale_since": at("20:00", YESTERDAY)}),
    "grid lost, emergency since": LOST.model_copy(update={"in_emergency": True}),
    "grid lost, nothing known": alert(AlertKind.GRID_LOST, expected=Expected.UNKNOWN),
    "grid back": BACK,
    "grid unstable": alert(AlertKind.GRID_UNSTABLE, began=at("17:50"), count=7, on=True, soc_percent=60.0),
    "grid missed": alert(
        AlertKind.GRID_MISSED,
        missed=(window("08:00", "09:00"), *(window(f"{hour}:00", f"{hour}:05") for hour in range(10, 18))),
    ),
    "schedule": alert(AlertKind.SCHEDULE, plan=changed_plan()),
    "another queue fits": alert(AlertKind.QUEUE_FIT, queue_fit=FIT),
    "remind outage": alert(AlertKind.REMIND_OUTAGE, at=at("18:45"), window=window("18:45", "21:30"), minutes=15),
    "remind outage, it will not last": alert(
        AlertKind.REMIND_OUTAGE,
        at=at("18:45"),
        window=window("18:45", "21:30"),
        minutes=15,
        outlook=_outage("short").model_copy(update={"running": False}),
    ),
    "remind possible": alert(
        AlertKind.REMIND_OUTAGE, at=at("22:00"), window=window("22:00", "24:00", TODAY, Certainty.POSSIBLE), minutes=15
    ),
    "remind power back": alert(AlertKind.REMIND_POWER_BACK, at=at("18:44"), minutes=15),
    "low battery": alert(AlertKind.LOW_BATTERY, **(FIGURES | {"soc_percent": 19.0})),
    "low battery, over": alert(AlertKind.LOW_BATTERY, over=True),
    "forecast short": alert(AlertKind.FORECAST, outlook=_outage("short")),
    "forecast lasts after all": alert(AlertKind.FORECAST, over=True, outlook=_outage("little_history")),
    **{kind: alert(kind, **facts) for kind, facts in TROUBLES.items()},
    **{f"{kind}, over": alert(kind, over=True, **facts) for kind, facts in TROUBLES.items()},
    **{
        f"{kind}, one of several": alert(kind, **TROUBLES[kind] | {"name": "left"})
        for kind in (AlertKind.INVERTER_SILENT, AlertKind.INVERTER_FAULT, AlertKind.INVERTER_WARNING)
    },
    "inverter_silent, one of several, over": alert(AlertKind.INVERTER_SILENT, over=True, name="left"),
    **{
        f"plug {outcome}": alert(AlertKind.PLUG, name="Boiler <b>", on=True, by="grid", outcome=outcome, reasons=(WHY,))
        for outcome in ActionOutcome
    },
}


def result(name: str, outcome: ActionOutcome = ActionOutcome.DONE, why: str = WHY.text) -> PlugResult:
    reasons = () if outcome is ActionOutcome.DONE else (Reason.sentence(why),)
    return PlugResult(name=name, at=NOW, outcome=outcome, reasons=reasons)


OFF = {
    "a": result("Boiler <b>"),
    "b": result("Heater & co", ActionOutcome.FAILED),
    "c": result("Desk", ActionOutcome.UNCONFIRMED),
    **{f"d{number}": result(f"Lamp {number}", ActionOutcome.FAILED, f"Why {number}.") for number in range(6)},
}
LATER = {"figures_at": at("18:20"), "soc_percent": 38.0, "runtime_s": 9000.0}
GOES_ON = Outage(lost=LOST, now=LOST.model_copy(update=LATER), off=OFF)
IS_OVER = GOES_ON.model_copy(update={"back": BACK.model_copy(update={"key": "back"}), "on": {"a": OFF["a"]}})
GONE = {f"p{number}": result(f"Plug {number}", ActionOutcome.FAILED, "No plug answers.") for number in range(3)}
OUTAGES = {
    "no plug answers": (GOES_ON.model_copy(update={"off": GONE}), LOST.key),
    "goes on": (GOES_ON, LOST.key),
    "goes on, later than planned": (
        Outage(lost=LOST, now=LOST.model_copy(update=LATER | {"figures_at": at("22:00")})),
        LOST.key,
    ),
    "a plug with two gangs": (
        GOES_ON.model_copy(
            update={"off": {"a/": OFF["a"], "s/switch_1": result("Strip · 1"), "s/switch_2": result("Strip · 2")}}
        ),
        LOST.key,
    ),
    "one of two gangs not done": (
        GOES_ON.model_copy(update={"off": {"s/switch_1": OFF["a"], "s/switch_2": OFF["b"]}}),
        LOST.key,
    ),
    "is over": (IS_OVER, LOST.key),
    "power is back": (IS_OVER, "back"),
}
CHANGED = ChatSettings(
    quiet=keyboards.QUIET_HOURS[1], quiet_waits=True, reminder_minutes=0, groups_off=frozenset({AlertGroup.PLUG})
)


def labels(board: Keyboard) -> list[str]:
    return [escape(" | ".join(label for label, _ in row), quote=False) for row in board]


def _outlook_of(situation: str) -> Callable[[Localizer], str]:
    return lambda v: outlook_text(v, broker_state(outlook=outlook(situation, NOW)))


def _plugs_for_battery() -> BrokerState:
    """Return an outage that the battery lasts through because a plug is off."""
    off = PlugState(at=NOW, name="Boiler <b>", on=False, reachable=True, switched_by="grid")
    plan_of_plugs = PlugPlan(at=NOW, by_outlook=True, dry_run=False)
    return broker_state(outlook=outlook("ample", NOW), plugs={"boiler": off}, plug_plan=plan_of_plugs)


WITHOUT_SCHEDULE = broker_state(
    schedule=None,
    services={
        "schedule": ServiceStatus(
            at=NOW, since=NOW, state=ServiceHealth.DISABLED, version="1", reasons=(schedule.NO_QUEUE(),)
        )
    },
)
COMMANDS = {
    "status": lambda v: replies.status_text(v, broker_state()),
    "status, forecast": lambda v: replies.status_text(v, broker_state(outlook=outlook("short", NOW))),
    "status, three inverters": lambda v: replies.status_text(v, several_inverters()),
    "status, nothing yet": lambda v: replies.status_text(v, BrokerState(connected=True)),
    "status, nothing without the broker": lambda v: replies.status_text(v, BrokerState()),
    "status, without the broker": lambda v: replies.status_text(v, broker_state(connected=False)),
    "status, stale": lambda v: replies.status_text(v, broker_state(now=NOW - timedelta(days=7), schedule=None)),
    "status, no contact": lambda v: replies.status_text(
        v,
        broker_state(
            grid=grid(Grid.UNKNOWN, at("18:20")).model_copy(update={"last_known": Grid.OFF}),
            inverter_availability={"main": Availability(at=NOW, state=Contact.OFFLINE, since=at("18:20"))},
        ),
    ),
    "battery": lambda v: replies.battery_text(v, broker_state()),
    "battery, nothing yet": lambda v: replies.battery_text(v, BrokerState()),
    "battery, forecast": lambda v: replies.battery_text(v, broker_state(outlook=outlook("short", NOW))),
    **{f"outlook, {situation}": _outlook_of(situation) for situation in SITUATIONS},
    "outlook, stale": lambda v: outlook_text(v, broker_state(outlook=outlook("short", NOW - timedelta(hours=1)))),
    "schedule": lambda v: schedule_text(v, BrokerState(schedule=plan())),
    "schedule, tomorrow not published": lambda v: schedule_text(
        v,
        BrokerState(
            schedule=plan(days=(PlannedDay(day=TODAY, state=DayState.NO_OUTAGES, confirmed_at=NOW),), windows=())
        ),
    ),
    "schedule, nothing": lambda v: schedule_text(v, BrokerState()),
    "schedule, not set up": lambda v: schedule_text(v, WITHOUT_SCHEDULE),
    "status, no schedule set up": lambda v: replies.status_text(v, WITHOUT_SCHEDULE),
    "plugs": lambda v: replies.plugs_text(v, broker_state()),
    "plugs, off for the battery": lambda v: replies.plugs_text(v, _plugs_for_battery()),
    "outlook, plugs off for the battery": lambda v: outlook_text(v, _plugs_for_battery()),
    "plugs, none": lambda v: replies.plugs_text(v, BrokerState()),
    "help": lambda v: replies.help_text(v, is_viewer=False),
    "help, viewer": lambda v: replies.help_text(v, is_viewer=True),
    "status, old plan": lambda v: replies.status_text(
        v, broker_state(schedule=plan(fetched_at=NOW - timedelta(days=2)))
    ),
    "battery, before a planned outage": lambda v: replies.battery_text(
        v, broker_state(schedule=plan(windows=(window("18:25", "24:00"),)))
    ),
    "id": lambda v: replies.id_text(v, 99, 99, None, is_allowed=True),
    "id, stranger": lambda v: replies.id_text(v, 99, 99, None, is_allowed=False),
    "id, anonymous administrator of a group": lambda v: replies.id_text(v, -100, 1087968824, None, is_allowed=True),
    "id, group": lambda v: replies.id_text(v, -100, 99, None, is_allowed=True),
    "settings": lambda v: "\n".join([v("bot.settings_title"), *labels(keyboards.settings(v, ChatSettings()))]),
    "settings, changed": lambda v: "\n".join(labels(keyboards.settings(v, CHANGED))),
    "buttons of plugs": lambda v: "\n".join(labels(keyboards.plugs(v, broker_state()))),
    "chart": lambda v: v("bot.chart_title", period=v.span(NOW - timedelta(days=1), NOW)),
}
REPLIES: dict[str, dict[str, object]] = {
    "stranger": {},
    "unknown_command": {},
    "too_late": {"lasted": "3"},
    "not_allowed": {},
    "not_in_group": {"user": 99},
    "bad_button": {},
    "confirm_on": {"name": "Boiler <b>"},
    "confirm_off": {"name": "Boiler <b>"},
    "switching": {},
    "nothing_done": {},
    "settings_not_saved": {},
    "no_history": {},
    "history_fails": {},
}
WAITED = [
    LOST.model_copy(update={"stored_at": at("15:00"), "at": at("15:00"), "key": "a"}),
    ALERTS["schedule"].model_copy(update={"at": at("15:20")}),
    alert(AlertKind.REMIND_POWER_BACK, at=at("16:00"), minutes=15),
    BACK.model_copy(update={"at": at("16:10"), "stored_at": at("16:10"), "key": "b"}),
    ALERTS["battery_silent"].model_copy(update={"at": at("16:20")}),
    ALERTS["battery_silent, over"].model_copy(update={"at": at("16:40")}),
    ALERTS["schedule"].model_copy(update={"at": at("17:20"), "key": "c"}),
    LOST.model_copy(update={"at": at("18:02"), "key": "d"}),
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return recorded(tmp_path_factory.mktemp("history"))


def everything(language: Language, engine: Engine) -> dict[str, str]:
    localizer = localizer_for(language)
    written = {
        "command: energy": energy_text(localizer, *(history.energy(engine, NOW, KYIV) or ({},))),
        "command: energy, not added up": energy_text(localizer, {}, NOW - timedelta(days=2)),
        "command: outages": outages_text(localizer, history.last_outages(engine, NOW) or ()),
    }
    replies = {f"reply: {name}": localizer(f"bot.{name}", **values) for name, values in REPLIES.items()}
    alerts = {f"alert: {name}": alert_text(localizer, one) for name, one in ALERTS.items()}
    alerts |= {f"outage: {name}": outage_text(localizer, *one) or "" for name, one in OUTAGES.items()}
    commands = {f"command: {name}": write(localizer) for name, write in COMMANDS.items()}
    return (
        alerts
        | {
            "digest": digest_text(localizer, WAITED),
            "digest, quiet": digest_text(localizer, WAITED, after_quiet_hours=True),
        }
        | commands
        | written
        | replies
    )


@pytest.mark.parametrize("language", Language)
def test_texts_are_the_golden_ones(language: Language, engine: Engine) -> None:
    text = "\n\n".join(f"## {name}\n{message}" for name, message in everything(language, engine).items()) + "\n"
    file = GOLDEN / f"{language}.txt"
    if os.environ.get("GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    assert text == file.read_text()


@pytest.mark.parametrize("language", Language)
def test_every_alert_says_when_so_that_one_that_comes_twice_is_known(language: Language) -> None:
    for name, one in ALERTS.items():
        assert re.search(r"\b\d\d:\d\d\b", alert_text(localizer_for(language), one)), name


@pytest.mark.parametrize("language", Language)
def test_every_text_is_html_that_telegram_reads(language: Language, engine: Engine) -> None:
    for name, text in everything(language, engine).items():
        for line in text.split("\n"):
            opened = re.findall(r"<([a-z]+)>", line)
            assert sorted(opened) == sorted(re.findall(r"</([a-z]+)>", line)), (name, line)
            assert not re.search(r"&(?!lt;|gt;|amp;)", line), (name, line)
    assert "<b>" not in plain("x &lt;c&gt; <b>y</b>")


def test_no_answer_in_ukrainian_has_english_words_but_names(engine: Engine) -> None:
    for name, text in everything(Language.UK, engine).items():
        if name.startswith(("command", "reply")):
            named = re.sub("Attic & co|left|mid|right", "Attic", plain(text))
            assert not english_words(named), (name, text)


@pytest.mark.parametrize(
    ("power_w", "word"), [(9.9, "idle"), (-9.9, "idle"), (10.0, "charging"), (-10.0, "discharging")]
)
def test_a_battery_is_idle_while_its_power_is_only_sensor_noise(power_w: float, word: str) -> None:
    sum_of_all = BatteryState(at=NOW, voltage_v=52.1, power_w=power_w, soc_percent=44.0)
    state = broker_state(batteries={ALL: sum_of_all})
    assert re.search(rf"\b{word}\b", replies.battery_text(localizer_for(Language.EN), state).splitlines()[0])


def test_both_languages_have_the_same_values() -> None:
    for name, pair in TEXTS.items():
        values = [set(re.findall(r"\{(\w+)", text)) for text in pair]
        assert values[0] == values[1], name
