"""A plan belongs to an address: region, sources and queue; one of another address is never continued."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.schedule.revision import PlanAddress, failed, revise
from services.schedule.settings import ScheduleSettings
from services.schedule.sources import address, sources
from shared.conditions.schedule import NO_ANSWER
from shared.errors import ConfigError, DeviceOfflineError
from shared.schedule_regions import REGIONS, region
from shared.settings import load
from shared.topics import OUTAGE_SCHEDULE
from tests.schedule.facts import at, element, gpv, local
from tests.schedule.home import NOON, Home, Internet
from tests.schedule.test_revision import planned, step

LVIV = "https://raw.githubusercontent.com/yaroslav2901/OE_OUTAGE_DATA/main/data/Lvivoblenerho.json"
HOURS = {"5.2": ["18:00-20:00"], "1.1": []}


def settings(**given: Any) -> ScheduleSettings:
    return ScheduleSettings(_env_file=None, **{"queue_number": "5.2", **given})


@pytest.mark.parametrize(
    "given",
    [
        "5.2",
        " 5.2 ",
        "5,2",
        "GPV5.2",
        "gpv 5.2",
        "ГПВ 5.2",
        "Черга 5.2",
        "черга № 5.2",
        "підчерга 5.2",
        "Група 5.2",
        "5.2.",
        "Черга 5.2,",
        "5.2;",
    ],
)
def test_a_queue_as_operators_write_it_is_its_number(given: str) -> None:
    """YASNO knows no group GPV5.2: its answer would look like one that tells of nothing."""
    asked = settings(queue_number=given, schedule_region="kyiv")
    assert asked.queue_number == "5.2"
    assert {one.queue for one in sources(asked)} == {"5.2"}


@pytest.mark.parametrize("given", ["1005.2", "3", "GPV1001.1", "", "1.1a"])
def test_any_other_number_of_a_queue_stays_as_it_is(given: str) -> None:
    assert settings(queue_number=given).queue_number == given.removeprefix("GPV")


@pytest.mark.parametrize("given", [".", "Черга", "№"])
def test_a_queue_without_its_number_is_asked_for(given: str) -> None:
    with pytest.raises(ValidationError, match="number of a queue"):
        settings(queue_number=given)


PLACES = st.builds(PlanAddress, st.sampled_from(["kyiv", "lviv", "custom-1"]), st.sampled_from(["5.2", "1.1"]))


@given(PLACES, PLACES)
def test_only_the_same_address_continues_a_plan(first: PlanAddress, second: PlanAddress) -> None:
    plan = step(None, NOON, planned("20.11.2026", "18:00-20:00")).model_copy(
        update={"region": first.region, "queue": first.queue}
    )
    kept = failed(plan, NO_ANSWER(), home=second, now=NOON)
    assert bool(kept.windows) is (first == second)
    assert (kept.region, kept.queue) == (second.region, second.queue)


@pytest.mark.parametrize(("source", "kept"), [("be_svitlo", True), ("yasno", False), ("gpv_json", False)])
def test_a_plan_of_version_1_is_continued_only_where_its_region_is_certain(source: str, kept: bool) -> None:
    plan = step(None, NOON, planned("20.11.2026", "18:00-20:00")).model_copy(update={"region": None, "source": source})
    assert at().has(plan) is kept
    assert not at(region="kyiv").has(plan)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, "ivano-frankivsk"),
        ({"schedule_providers": "be_svitlo"}, "ivano-frankivsk"),
        ({"schedule_providers": "yasno"}, "kyiv"),
        ({"schedule_providers": "yasno", "yasno_region": 3, "yasno_dso": 303}, "dnipro-cek"),
        ({"schedule_providers": "gpv_json", "gpv_json_url": LVIV}, "lviv"),
        ({"schedule_region": "odesa"}, "odesa"),
        ({"schedule_region": "odesa", "schedule_providers": "yasno"}, "odesa"),
    ],
)
def test_the_region_of_the_settings(given: dict[str, Any], found: str) -> None:
    assert address(settings(**given)) == PlanAddress(found, "5.2")


def test_typed_addresses_have_a_fingerprint_of_url_and_group() -> None:
    here = {"schedule_providers": "gpv_json"}
    given = [
        {"gpv_json_url": "https://example.org/a.json"},
        {"gpv_json_url": "https://example.org/b.json"},
        {"gpv_json_url": "https://example.org/a.json", "gpv_json_group": "GPV7"},
        {"gpv_json_url": LVIV, "gpv_json_group": "GPV7"},
    ]
    found = [address(settings(**here, **one)).region for one in given]
    assert len(set(found)) == 4
    assert all(one.startswith("custom-") for one in found)
    assert found == [address(settings(**here, **one)).region for one in given], "the same after a restart"


def test_a_changed_region_keeps_no_hour_of_the_old_one(tmp_path: Path) -> None:
    before = step(None, NOON, planned("20.11.2026", "18:00-20:00"))
    silent = Home(tmp_path, Internet(), plan=before, schedule_region="odesa")
    silent.now = NOON + timedelta(hours=1)
    with pytest.raises(DeviceOfflineError):
        silent.step()
    assert [plan.windows for plan in silent.bus.on(OUTAGE_SCHEDULE)] == [(), ()], "cleared before anything was asked"
    mirror = gpv({"20.11.2026": {"5.2": ["08:00-09:00"], "1.1": []}}) | {"lastUpdated": "2026-11-20T09:59:00Z"}
    moved = Home(tmp_path, Internet(**{"odesa.json": mirror}), plan=before, schedule_region="odesa")
    moved.step()
    assert (local(moved.said.windows), moved.said.change, moved.said.region) == (["08:00-09:00"], None, "odesa")
    again = Home(tmp_path, Internet(), plan=moved.said, schedule_region="odesa")
    with pytest.raises(DeviceOfflineError):
        again.step()
    assert local(again.said.windows) == ["08:00-09:00"], "a restart of the same address keeps them"


def test_the_payload_of_one_region_under_the_settings_of_another() -> None:
    """Kyiv's groups under Dnipro's queue: there is no such group, so nothing is known, and nothing is invented."""
    mirror = gpv({"20.11.2026": HOURS})
    (source,) = sources(settings(schedule_region="dnipro-cek", queue_number="1.1"))[1:]
    answer = source.parse(mirror, source.queue)
    assert (dict(answer.days), source.queue) == ({}, "GPV1001.1")
    plan = revise(None, answer, home=at("1.1", "dnipro-cek"), source=source.name, now=NOON)
    assert plan.days == ()


# the registry


def test_every_region_is_named_once_and_its_sources_differ() -> None:
    assert len({one.slug for one in REGIONS}) == len(REGIONS) == 27
    for one in REGIONS:
        assert len({origin.name for origin in one.origins}) == len(one.origins)
        assert bool(one.origins) is (one.sureness != "none")


def test_every_region_with_a_mirror_of_unproven_life_has_a_second_one_where_one_is_known() -> None:
    alone = {one.slug for one in REGIONS if len(one.origins) == 1}
    assert alone == {"volyn", "mykolaiv", "kirovohrad", "sumy", "chernivtsi"}


@pytest.mark.parametrize("slug", ["volyn", "mykolaiv", "kirovohrad", "sumy", "chernivtsi", "lviv", "vinnytsia"])
def test_a_mirror_without_a_licence_is_named_and_not_used(slug: str) -> None:
    chosen = region(slug)
    assert chosen
    with pytest.raises(ConfigError, match="SCHEDULE_UNLICENSED") as caught:
        sources(settings(schedule_region=slug))
    assert chosen.origins[0].url in str(caught.value)
    agreed = sources(settings(schedule_region=slug, schedule_unlicensed=True))
    assert [one.url for one in agreed] == [origin.url for origin in chosen.origins]


def test_a_region_that_nobody_publishes_says_so() -> None:
    with pytest.raises(ConfigError, match="Nobody publishes an outage schedule of kherson"):
        sources(settings(schedule_region="kherson"))


def test_an_unknown_region_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENV_FILE", "")
    monkeypatch.setenv("SCHEDULE_REGION", "galicia")
    with pytest.raises(ConfigError, match='"galicia" is no region'):
        load(ScheduleSettings)


def test_the_first_region_is_the_operators_own(tmp_path: Path) -> None:
    here = Home(tmp_path, Internet(schedule_by_queue=[element("20.11.2026", HOURS)]), schedule_region="ivano-frankivsk")
    here.step()
    assert (here.said.source, local(here.said.windows)) == ("be_svitlo", ["18:00-20:00"])


def test_without_a_region_only_the_operator_is_asked_and_mirrors_are_named_where_it_is_silent(tmp_path: Path) -> None:
    """A settings file of eamoon has QUEUE_NUMBER alone, and asked the operator of Ivano-Frankivsk alone."""
    here = Home(tmp_path, Internet(), schedule_providers="be_svitlo", gpv_json_url="")
    with pytest.raises(DeviceOfflineError, match="mirrors of ivano-frankivsk are not asked, because their authors"):
        here.step()
    assert all("be-svitlo" in one for one in here.internet.asked)
    assert "SCHEDULE_UNLICENSED=true" in (here.said.reason.text if here.said.reason else "")


def test_a_mirror_that_is_asked_for_without_an_address_is_reported_and_the_operator_still_asked(tmp_path: Path) -> None:
    here = Home(tmp_path, Internet(schedule_by_queue=[element("20.11.2026", HOURS)]), gpv_json_url="")
    here.step()
    assert (here.said.source, local(here.said.windows)) == ("be_svitlo", ["18:00-20:00"])
    assert "GPV_JSON_URL is empty" in here.why
    with pytest.raises(ConfigError, match="GPV_JSON_URL is empty"):
        sources(settings(schedule_providers="gpv_json"))
