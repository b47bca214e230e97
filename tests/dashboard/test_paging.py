"""A thousand devices of a kind: a page of them is drawn, and every one of them is on a page."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.app import PAGES, application
from services.dashboard.markup import tree
from services.dashboard.paging import KINDS, Kind, paged, pager
from services.dashboard.settings import DashboardSettings
from shared.broker_state import BrokerState
from shared.history.engine import reader
from shared.live_figures import ALL
from shared.messages import BatteryState
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from tests.dashboard.full_house import crowded, house
from tests.dashboard.view_text import all_of, words

NOW = datetime(2026, 11, 23, 17, tzinfo=UTC)
LOCALIZER = Localizer(Language.EN, NOW, ZoneInfo("Europe/Kyiv"))
MOST_BYTES = 450_000


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_device_is_on_one_page_and_no_page_has_too_many(kind: Kind) -> None:
    known = crowded(house(NOW), kind, 1000)
    first = paged(known, 1)
    seen: list[str] = []
    for number in range(1, first.pages + 1):
        part = paged(known, number)
        names = sorted({name for field in kind.fields for name in getattr(part.snapshot, field)} - {ALL})
        assert 0 < len(names) <= kind.most
        assert (part.shown[0].first, part.shown[0].last) == (len(seen) + 1, len(seen) + len(names))
        seen += names
    assert seen == [f"one{number:04}" for number in range(1000)]


def test_a_usual_home_is_not_cut() -> None:
    known = house(NOW)
    assert paged(known, 7).snapshot is known
    assert pager(paged(known, 7), LOCALIZER) == []


def test_the_sum_stays_on_every_page() -> None:
    known = BrokerState(batteries={name: BatteryState(at=NOW) for name in (ALL, *map(str, range(100)))})
    assert all(ALL in paged(known, number).snapshot.batteries for number in range(1, 6))


@given(st.integers(-(10**9), 10**9))
def test_any_number_is_the_nearest_page(number: int) -> None:
    part = paged(crowded(house(NOW), KINDS[2], 130), number)
    assert part.number == min(3, max(1, number))
    links = [one[1]["href"] for one in all_of(tree(pager(part, LOCALIZER)), "a")]
    assert links == [f"?devices={near}" for near in (part.number - 1, part.number + 1) if 1 <= near <= 3]


def test_a_thousand_devices_of_each_kind_make_no_page_large(tmp_path: Path) -> None:
    path, now = tmp_path / "none.db", datetime.now(UTC) - timedelta(seconds=1)
    known = house(now)
    for kind in KINDS:
        known = crowded(known, kind, 1000)
    settings = DashboardSettings(_env_file=None, db_path=path)
    visitor = application(lambda: known, reader(path), settings).test_client()
    for address in ("/", "/battery", *(f"/live/{page.name}" for page in PAGES)):
        answer = visitor.get(f"{address}?devices=2", headers={"Host": "localhost"})
        assert answer.status_code == 200
        assert len(answer.data) < MOST_BYTES, (address, len(answer.data))
    shown = words((answer.json or {})["parts"]["pager"])
    assert all(f"{kind.most + 1}–{2 * kind.most} з 1000" in shown for kind in KINDS)
    assert visitor.get("/live/system?devices=none", headers={"Host": "localhost"}).status_code == 200
