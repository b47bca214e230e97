"""A Ukrainian page has no English word but names, whatever the devices and services report."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from services.dashboard.app import PAGES
from services.dashboard.app_shell import shell
from services.dashboard.markup import tree
from services.dashboard.now.plugs import refusal
from services.dashboard.pages import Page, PageContext, ViewOptions
from services.dashboard.settings import DashboardSettings
from services.dashboard.system.versions import PACKAGES
from shared.broker_state import BrokerState
from shared.conditions import Condition, Reason
from shared.freshness import READING_HOLDS
from shared.history.engine import reader
from shared.messages import (
    Availability,
    Contact,
    DayState,
    Grid,
    GridState,
    InverterInfo,
    Mode,
    PackHealth,
    PlannedDay,
    PlugState,
    ServiceHealth,
    ServiceStatus,
)
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from shared.texts.pages import PAGES as TEXTS
from tests.dashboard.full_house import house
from tests.dashboard.harness import reading, record
from tests.support.ukrainian import ALL_CONDITIONS, english_words, example_reason

NOW = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
UKRAINIAN = Localizer(Language.UK, NOW, ZoneInfo("Europe/Kyiv"))
SPOKEN = {"title", "aria-label", "data-asking", "data-no-answer", "placeholder"}
"""Attributes that are read to people."""
DRAWN = {"name", "text", "ticktext", "customdata", "ticksuffix"}
"""Parts of a chart that people read."""
NAMES = sorted({*PACKAGES, "easun-bridge", "English", "classic", "main"}, key=len, reverse=True)
"""What devices, programs and people are called."""
OFFLINE = timedelta(hours=1)


def spoken(node: Any) -> Iterator[str]:
    """Yield everything that people read or hear of a tree."""
    if isinstance(node, str):
        yield node
    elif node and isinstance(node[0], str) and len(node) == 3 and isinstance(node[1], dict):
        for name, value in node[1].items():
            if name in SPOKEN:
                yield str(value)
            elif name == "figure":
                yield from drawn(value)
        yield from spoken(node[2])
    else:
        for one in node:
            yield from spoken(one)


def drawn(part: Any, *, read: bool = False) -> Iterator[str]:
    """Yield what people read of a chart; addresses that a bar leads to are not read."""
    if isinstance(part, str) and read and not part.startswith("?"):
        yield part.replace("<br>", " ").replace("<b>", " ").replace("</b>", " ")
    elif isinstance(part, dict):
        for name, value in part.items():
            yield from drawn(value, read=read or name in DRAWN)
    elif isinstance(part, list | tuple):
        for one in part:
            yield from drawn(one, read=read)


def english(texts: Iterator[str]) -> set[str]:
    words: set[str] = set()
    for text in texts:
        words |= english_words(re.sub("|".join(NAMES), " ", text))
    return words


def english_of(page: Page, known: BrokerState) -> set[str]:
    view = page.view(known, UKRAINIAN, READING_HOLDS)
    return english(spoken([*view.text.values(), *view.parts.values()]))


def with_reason(reason: Reason) -> BrokerState:
    """Return a house in which everything that can have a reason has this one."""
    known = house(NOW)
    offline = Availability(at=NOW, state=Contact.OFFLINE, since=NOW - OFFLINE, reason=reason)
    pack = known.batteries["pack1"].model_copy(
        update={"alarms": (reason,), "health_reasons": (reason, reason), "health": PackHealth.RED}
    )
    assert known.schedule
    return replace(
        known,
        schedule=known.schedule.model_copy(update={"reason": reason}),
        inverters={"main": reading(NOW, faults=(reason,), warnings=(reason, reason))},
        batteries={"all": pack, "pack1": pack, "pack2": pack},
        battery_availability={"pack2": offline},
        plugs={name: plug.model_copy(update={"reason": reason}) for name, plug in known.plugs.items()},
        plug_infos={name: info.model_copy(update={"reason": reason}) for name, info in known.plug_infos.items()},
        services={
            name: ServiceStatus(at=NOW, state=state, since=NOW, reasons=(reason, reason), version="0.1.0")
            for name, state in zip(("poller", "schedule", "tuya", "bot"), ServiceHealth, strict=True)
        },
    )


@pytest.mark.parametrize("condition", ALL_CONDITIONS, ids=lambda one: one.code)
def test_every_reason_is_in_the_language_of_the_page(condition: Condition[...]) -> None:
    reason = example_reason(condition)
    known = with_reason(reason)
    silent = Availability(at=NOW, state=Contact.OFFLINE, since=NOW - OFFLINE, reason=reason)
    gone = replace(
        known,
        grid=None,
        schedule=None,
        inverters={"main": reading(NOW - OFFLINE)},
        inverter_availability={"main": silent},
        batteries={},
        battery_infos={},
        battery_availability={},
        services={
            name: ServiceStatus(at=NOW, state=ServiceHealth.DISABLED, since=NOW, reasons=(reason,), version="1")
            for name in ("bms", "schedule")
        },
    )
    said = UKRAINIAN.reason(reason)
    for page in PAGES:
        for state in (known, gone):
            assert not english_of(page, state), page.name
    by_name = {page.name: page for page in PAGES}

    def shows(name: str, state: BrokerState) -> int:
        view = by_name[name].view(state, UKRAINIAN, READING_HOLDS)
        return "\n".join(spoken([*view.text.values(), *view.parts.values()])).count(said)

    assert shows("now", known) >= 3 + len(known.plugs) + 2 * 3, "a fault, warnings, plugs, troubled services"
    assert shows("battery", known) >= 6, "alarms and reasons of health of two batteries, one that is silent"
    assert shows("outages", known) == 1
    assert shows("system", known) >= 8 + 1 + len(known.plugs), "services, a silent battery, plugs"
    assert shows("now", gone) >= 1
    assert shows("battery", gone) == 1
    assert shows("outages", gone) == 1
    assert shows("system", gone) == 3 + len(known.plugs) + len(known.plug_infos), "services, a silent inverter, plugs"


STATES = {
    "nothing-known": BrokerState(),
    "nothing-yet": BrokerState(connected=True),
    "all-well": house(NOW),
    "broker-gone": house(NOW, connected=False),
    "everything-silent": house(NOW - timedelta(days=3)),
    "clock-ahead": house(NOW + timedelta(days=3)),
    **{
        f"grid-{state}": house(NOW, grid=GridState(at=NOW, state=state, since=NOW, last_known=Grid.ON))
        for state in Grid
    },
    **{f"mode-{mode}": house(NOW, inverters={"main": reading(NOW, mode=mode), "B2": reading(NOW)}) for mode in Mode},
    "info": house(NOW, inverter_infos={"main": InverterInfo(at=NOW, model="SMG", layout="classic")}),
    **{
        f"plan-{state}": house(
            NOW,
            schedule=(plan := house(NOW).schedule)
            and plan.model_copy(
                update={
                    "days": tuple(PlannedDay(day=NOW.date(), state=state, confirmed_at=NOW) for _ in range(1)),
                    "windows": (),
                }
            ),
        )
        for state in DayState
    },
    "plugs": house(
        NOW,
        plugs={
            "A1": PlugState(at=NOW, name="Бойлер", on=True, pending=False, gangs={"1": True, "2": None}),
            "A2": PlugState(at=NOW, name="Насос", on=False, since=NOW, switched_by="grid", confirmed=True),
            "A3": PlugState(at=NOW, name="Чайник", pending=True, dry_run=True),
            "A4": PlugState(at=NOW - timedelta(hours=2), name="Помпа"),
        },
    ),
}


@pytest.mark.parametrize("known", STATES.values(), ids=STATES)
def test_every_state_is_in_the_language_of_the_page(known: BrokerState) -> None:
    for page in PAGES:
        assert not english_of(page, known), page.name
    for id_ in (*known.plugs, "missing"):
        refused = refusal(known, id_, UKRAINIAN)
        assert not refused or not english(iter([refused[0]]))


def test_what_is_laid_out_once_is_in_the_language_of_the_page() -> None:
    assert not english(spoken(tree(shell(PAGES, UKRAINIAN))))


@pytest.mark.parametrize("database", ["recorded", "damaged", "missing"])
def test_what_was_recorded_is_in_the_language_of_the_page(tmp_path: Path, database: str) -> None:
    path = tmp_path / "easun.db"
    if database == "recorded":
        record(path, NOW, days=2)
    elif database == "damaged":
        path.write_bytes(b"no database" * 1000)
    settings = DashboardSettings(_env_file=None, db_path=path)
    context = PageContext(lambda: house(NOW), reader(path), lambda: UKRAINIAN, settings)
    with Flask(__name__).test_request_context():
        for page in PAGES:
            if page.recorded:
                shown = spoken(tree(page.recorded(context, UKRAINIAN, ViewOptions("?span=week"))))
                assert not english(one.replace(str(tmp_path), "") for one in shown), page.name


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_no_text_of_the_pages_has_english_words(name: str) -> None:
    text = "".join(literal for literal, *_ in Formatter().parse(TEXTS[name][0]))
    assert not english(iter([text]))
