"""The pages of a machine that does not know the time: what is live is live, and no wrong time is shown."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from services.dashboard.app import PAGES
from services.dashboard.healthz import health
from services.dashboard.html_document import view_payload
from services.dashboard.pages import PageContext
from shared.broker_state import BrokerState, state_by_clock
from shared.clock import Clock
from shared.messages import Grid, GridState
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from tests.dashboard.full_house import house
from tests.support.unset_clock import TRUE_START, UnsetHost

KYIV = ZoneInfo("Europe/Kyiv")
HOLDS = timedelta(seconds=20)
BEFORE = TRUE_START - timedelta(hours=3)
"""When the retained messages of the last boot were published."""


def at_home(now: datetime, clock: Clock) -> BrokerState:
    """Return a house in which everything has just been measured by a clock that is not set."""
    at, status = clock.status()
    known = house(now, schedule=None)
    services = {
        name: one.model_copy(update={"at": at, "clock": status, "since": at}) for name, one in known.services.items()
    }
    return replace(known, services=services)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_shows_a_time_that_is_wrong(page: Any, language: Language) -> None:
    host = UnsetHost(-timedelta(days=90))
    clock = Clock(host)
    host.wait(2 * 3600)
    clock.look()
    now = clock.now()
    localizer = Localizer(language, now, KYIV)
    known = at_home(now, clock)
    payload = view_payload(page.view(known, localizer, HOLDS), known, localizer)
    assert payload["notice"] == "clock"
    shown = json.dumps({key: payload[key] for key in ("text", "parts")}, ensure_ascii=False, default=str)
    assert "197" not in re.sub(r'"data-[a-z]+": "[^"]*"', "", shown), "nobody reads the data of scripts"
    if page.name == "now":
        assert payload["page"] == "live"
        lasting = {Language.EN: "for at least 1 h", Language.UK: "щонайменше 1 год"}
        assert lasting[language] in payload["text"]["lasting"]


def test_what_was_measured_before_the_boot_is_the_last_that_is_known() -> None:
    clock = Clock(UnsetHost(-timedelta(days=90)))
    localizer = Localizer(Language.EN, clock.now(), KYIV)
    grid = GridState(at=BEFORE, state=Grid.OFF, since=BEFORE - timedelta(hours=1))
    known = state_by_clock(BrokerState(connected=True, grid=grid), clock.track)
    view = next(page for page in PAGES if page.name == "now").view(known, localizer, HOLDS)
    assert view.text["banner"] == "Last known: power out"
    context = PageContext(lambda: known, cast(Any, None), lambda: localizer, cast(Any, None))
    assert context.calendar().now == BEFORE, "History and Outages end there"
    assert health(house(BEFORE), clock.now())["newest_reading_age_s"] is None


def test_pages_of_a_machine_that_knows_the_time_are_of_now() -> None:
    localizer = Localizer(Language.EN, datetime(2026, 11, 24, tzinfo=UTC), KYIV)
    context = PageContext(BrokerState, cast(Any, None), lambda: localizer, cast(Any, None))
    assert context.calendar() is localizer
