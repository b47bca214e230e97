"""A Ukrainian page has no English word but names, whatever the devices and services report."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from services.dashboard.app import PAGES
from services.dashboard.app_shell import charts, frame
from services.dashboard.html_document import trees_by_id
from services.dashboard.markup import Content, tree
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
        words |= english_of(text)
    return words


@lru_cache(maxsize=100_000)
def english_of(text: str) -> frozenset[str]:
    return frozenset(english_words(re.sub("|".join(NAMES), " ", text)))


def spoken_by(page: Page, known: BrokerState) -> Iterator[str]:
    """Yield everything that people read or hear of a page."""
    view = page.view(known, UKRAINIAN, READING_HOLDS)
    return spoken([*view.text.values(), *view.parts.values()])


def offline(reason: Reason) -> Availability:
    return Availability(at=NOW, state=Contact.OFFLINE, since=NOW - OFFLINE, reason=reason)


def with_reasons(reasons: Sequence[Reason]) -> BrokerState:
    """Return a house in which everything that can have a reason has each of these, and as many of it as that takes."""
    known = house(NOW)
    pack = known.batteries["pack1"].model_copy(
        update={"alarms": tuple(reasons), "health_reasons": tuple(reasons), "health": PackHealth.RED}
    )
    numbered = {str(number): reason for number, reason in enumerate(reasons)}
    plug, info = known.plugs["boiler"], known.plug_infos["boiler"]
    return replace(
        known,
        inverters={"main": reading(NOW, faults=tuple(reasons), warnings=tuple(reasons))},
        batteries={"all": pack, "pack1": pack},
        battery_infos=dict.fromkeys(("pack1", *numbered), known.battery_infos["pack1"]),
        battery_availability={id_: offline(reason) for id_, reason in numbered.items()},
        plugs={"boiler": plug} | {id_: plug.model_copy(update={"reason": reason}) for id_, reason in numbered.items()},
        plug_infos={id_: info.model_copy(update={"reason": reason}) for id_, reason in numbered.items()},
        services={
            name: ServiceStatus(at=NOW, state=state, since=NOW, reasons=tuple(reasons), version="0.1.0")
            for name, state in zip(("poller", "schedule", "tuya", "bot"), ServiceHealth, strict=True)
        },
    )


def with_services_off(reasons: Sequence[Reason]) -> BrokerState:
    """Return a house without batteries and schedule, whose services say why."""
    return replace(
        house(NOW),
        schedule=None,
        batteries={},
        battery_infos={},
        battery_availability={},
        services={
            name: ServiceStatus(at=NOW, state=ServiceHealth.DISABLED, since=NOW, reasons=tuple(reasons), version="1")
            for name in ("bms", "schedule")
        },
    )


BATCHES = [ALL_CONDITIONS[start : start + 50] for start in range(0, len(ALL_CONDITIONS), 50)]
BY_NAME = {page.name: page for page in PAGES}


@pytest.mark.parametrize("conditions", BATCHES, ids=lambda some: f"{some[0].code}-to-{some[-1].code}")
def test_every_reason_is_in_the_language_of_the_page(conditions: Sequence[Condition[...]]) -> None:
    reasons = [example_reason(condition) for condition in conditions]
    known, gone = with_reasons(reasons), with_services_off(reasons)
    expected: list[tuple[str, BrokerState, int]] = [
        ("now", known, 2 + 1 + 3),  # a fault, a warning, a plug, troubled services
        ("battery", known, 1 + 2 + 1),  # an alarm, health of a battery and of all, one that is silent
        ("system", known, 4 + 1 + 1 + 1),  # services, a silent battery, a plug and what is set of it
        ("battery", gone, 1),
        ("outages", gone, 1),
        ("system", gone, 2),
    ]
    for name, state, times in expected:
        shown = list(spoken_by(BY_NAME[name], state))
        assert not english(iter(shown)), name
        text = "\n".join(shown)
        for reason in reasons:
            assert text.count(UKRAINIAN.reason(reason)) >= times, (name, reason.code)


@pytest.mark.parametrize("conditions", BATCHES, ids=lambda some: f"{some[0].code}-to-{some[-1].code}")
def test_a_reason_of_which_there_is_one_is_in_the_language_of_the_page(conditions: Sequence[Condition[...]]) -> None:
    plan = house(NOW).schedule
    assert plan
    for condition in conditions:
        reason = example_reason(condition)
        silent = BrokerState(
            connected=True,
            inverters={"main": reading(NOW - OFFLINE)},
            inverter_availability={"main": offline(reason)},
            schedule=plan.model_copy(update={"reason": reason}),
        )
        for name in ("now", "outages"):
            shown = list(spoken_by(BY_NAME[name], silent))
            assert not english(iter(shown)), (name, reason.code)
            assert "\n".join(shown).count(UKRAINIAN.reason(reason)) == 1, (name, reason.code)


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
            "boiler": PlugState(at=NOW, name="Водонагрівач", on=True),
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
        assert not english(spoken_by(page, known)), page.name
    for id_ in (*known.plugs, "missing"):
        refused = refusal(known, id_, UKRAINIAN)
        assert not refused or not english(iter([refused[0]]))


def test_what_is_laid_out_once_is_in_the_language_of_the_page() -> None:
    for page in PAGES:
        assert not english(spoken(frame(PAGES, page, Content({}, {}, {}), UKRAINIAN)))
    assert not english(spoken(tree(charts(PAGES, UKRAINIAN))))


@pytest.mark.parametrize("database", ["recorded", "damaged", "missing"])
def test_what_was_recorded_is_in_the_language_of_the_page(tmp_path: Path, database: str) -> None:
    path = tmp_path / "easun.db"
    if database == "recorded":
        record(path, NOW, days=2, every=timedelta(minutes=30), summed_up=True)
    elif database == "damaged":
        path.write_bytes(b"no database" * 1000)
    settings = DashboardSettings(_env_file=None, db_path=path)
    context = PageContext(lambda: house(NOW), reader(path), lambda: UKRAINIAN, settings)
    with Flask(__name__).test_request_context():
        for page in PAGES:
            if page.recorded:
                found = page.recorded(context, UKRAINIAN, ViewOptions("?span=week"))
                shown = spoken(list(trees_by_id(page, found).values()))
                assert not english(one.replace(str(tmp_path), "") for one in shown), page.name


def test_no_text_of_the_pages_has_english_words() -> None:
    literals = {name: "".join(part for part, *_ in Formatter().parse(texts[0])) for name, texts in TEXTS.items()}
    assert {name: words for name, text in literals.items() if (words := english(iter([text])))} == {}
