"""Pictures and figures from a recorded day."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from services.bot.commands import history
from services.bot.commands.chart import draw
from services.bot.commands.history import ChartData
from shared.history.derived import rollup_due
from shared.history.engine import Engine, reader, writer
from shared.history.queries import GridSpan, Series
from shared.history.tables import to_ms
from shared.messages import Grid
from shared.texts.language import Language
from tests.bot.facts import KYIV, NOW, at, plan, window
from tests.bot.recorded import recorded as two_days


def recorded(length: timedelta) -> ChartData:
    count, start = 240, NOW - length
    load = [None if 100 < number < 120 else 400.0 + 3 * number for number in range(count)]
    soc = [100 - number / 4 for number in range(count)]
    values: dict[str, Sequence[float | None]] = {
        "load_power_w": load,
        "pv_power_w": [None] * count,
        "battery_soc_percent": soc,
    }
    spans = [GridSpan(Grid.OFF, at("08:12"), at("11:05")), GridSpan(Grid.UNKNOWN, at("12:00"), at("12:40"))]
    return ChartData(start, NOW, Series(start, length / count, values), spans, (window("08:00", "11:00"),))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("days", [1, 7])
def test_a_picture_is_small_enough_for_a_phone(days: int, language: Language, tmp_path: Path) -> None:
    png = draw(recorded(timedelta(days=days)), language, KYIV, "Потужність")
    (tmp_path / "chart.png").write_bytes(png)
    assert png.startswith(b"\x89PNG")
    assert 10_000 < len(png) < 300_000


def test_without_a_database_nothing_is_invented(tmp_path: Path) -> None:
    engine = reader(tmp_path / "none.db")
    assert history.chart_data(engine, plan(), NOW, timedelta(days=1)) is None
    assert history.energy(engine, NOW, KYIV) is None
    assert history.last_outages(engine, NOW) is None


def test_what_is_not_added_up_yet_is_known(tmp_path: Path) -> None:
    def due(engine: Engine) -> datetime | None:
        found = history.energy(engine, NOW, KYIV)
        assert found is not None
        return found[1]

    assert due(two_days(tmp_path)) is None
    earlier = NOW - timedelta(hours=20)
    with writer(tmp_path / "easun.db").begin() as connection:
        row = {"source": "inverter_state", "device": "main", "at": to_ms(earlier), "marks": 1}
        connection.execute(rollup_due.insert().values(**row))
    assert due(reader(tmp_path / "easun.db")) == earlier
