"""Details of an outage beyond its record: the lowest charge, the voltage before it, plugs that were switched off.

All outages of a list are read by one query of the five-minute steps and one of the switchings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Select, and_, bindparam, case, func, select

from shared.history.derived import FIVE_MINUTES, INVERTERS, STEP_MS, outage
from shared.history.homes import home_of, in_home
from shared.history.plug_switchings import switchings
from shared.history.queries import Database, devices, rows_of
from shared.history.reports import Outage
from shared.history.tables import from_ms, to_ms
from shared.live_figures import ALL

BEFORE = timedelta(minutes=15)
"""The voltage is the mean of the whole steps in this time before an outage."""


@dataclass(frozen=True)
class OutageDetails:
    """None is unknown: old steps are purged, those of the last minutes are not aggregated yet."""

    lowest_soc_percent: float | None = None
    voltage_before_v: float | None = None
    plugs_off: tuple[str, ...] = ()


def outage_details(database: Database, records: Sequence[Outage], now: datetime) -> dict[datetime, OutageDetails]:
    """Return the details of outages by their beginning; a running one ends now."""
    if not records:
        return {}
    home, names = home_of(database), [name for name in devices(database) if name != ALL]
    first, last = min(one.start for one in records), max(one.end or now for one in records)
    parameters = {"home": home, "first": to_ms(first), "last": to_ms(last), "now": to_ms(now)}
    whose = {"devices": [in_home(home, name) for name in names]}
    rows = rows_of(database, _steps_query(), parameters | whose) if names else ()
    figures = {from_ms(row.start): (row.lowest, row.voltage) for row in rows}
    switched = [one for one in switchings(database, start=first, end=last) if not one.on]

    def details(record: Outage) -> OutageDetails:
        plugs = (one.plug for one in switched if record.start <= one.at < (record.end or now))
        return OutageDetails(*figures.get(record.start, (None, None)), tuple(dict.fromkeys(plugs)))

    return {record.start: details(record) for record in records}


@cache
def _steps_query() -> Select[Any]:
    cut, step = outage.c, INVERTERS.rollup.c
    first, last, now = (bindparam(name, type_=BigInteger()) for name in ("first", "last", "now"))
    near = and_(
        step.step == FIVE_MINUTES,
        step.device.in_(bindparam("devices", expanding=True)),
        step.at >= cut.start - BEFORE // timedelta(milliseconds=1),
        step.at < func.coalesce(cut.end, now),
    )
    is_before = step.at + STEP_MS <= cut.start
    lowest = func.min(case((~is_before, step.battery_soc_percent_min))).label("lowest")
    voltage = func.avg(case((is_before, step.grid_voltage_v_mean))).label("voltage")
    of_list = (cut.home == bindparam("home"), cut.start >= first, cut.start <= last)
    joined = outage.join(INVERTERS.rollup, near)
    return select(cut.start, lowest, voltage).select_from(joined).where(*of_list).group_by(cut.start)
