"""What the outlook does not know, or takes for granted, when it says whether the battery will last."""

from datetime import datetime

from shared.conditions.condition import Severity, condition, simple

NO_CHARGE = simple(
    "outlook.no_charge",
    uk="Заряд батареї невідомий: ні інвертор, ні BMS його не показують. Скільки вистачить, сказати не можна.",
    en="The battery's charge is unknown: neither the inverter nor a BMS reports it. How long it lasts is unknown, too.",
    severity=Severity.WARNING,
)
"""No reading of the charge has ever been recorded."""


@condition(
    "outlook.charge_old",
    uk="Останній заряд батареї — за {at:%d.%m %H:%M}. Яким він є зараз, невідомо, тож прогнозу немає.",
    en="The last reading of the charge is of {at:%d.%m %H:%M}. What it is now is unknown, so there is no forecast.",
    severity=Severity.WARNING,
)
def charge_old(*, at: datetime) -> None:
    """The charge was known once, but the devices have been silent for too long."""


@condition(
    "outlook.charge_jumps",
    uk="Показання заряду стрибало на {points:.0f} % без відповідної енергії: смугу прогнозу розширено.",
    en="The reported charge jumped by {points:.0f} % without the energy for it: the band is wider.",
    severity=Severity.WARNING,
)
def charge_jumps(*, points: float) -> None:
    """Within the last day the charge changed more than the counted energy can explain."""


@condition(
    "outlook.counted_differs",
    uk="Показано {shown:.0f} %, за порахованою енергією — {counted:.0f} %. Востаннє повна {full:%d.%m %H:%M}: "
    "прогноз бере {used:.0f} %.",
    en="The battery reports {shown:.0f} %, counted energy says {counted:.0f} %. Last full {full:%d.%m %H:%M}: the "
    "outlook uses {used:.0f} %.",
    severity=Severity.NOTICE,
)
def counted_differs(*, shown: float, counted: float, full: datetime, used: float) -> None:
    """The reported charge and the energy counted since the last full charge are apart."""


@condition(
    "outlook.sources_differ",
    uk="BMS показує {bms:.0f} %, інвертор — {inverter:.0f} %: прогноз бере {used:.0f} %.",
    en="The BMS reports {bms:.0f} %, the inverter {inverter:.0f} %: the outlook uses {used:.0f} %.",
    severity=Severity.NOTICE,
)
def sources_differ(*, bms: float, inverter: float, used: float) -> None:
    """BMS and inverter are apart by more than both can be wrong."""


NO_SCHEDULE = simple(
    "outlook.no_schedule",
    uk="Графіка відключень немає: відомо лише, доки вистачить заряду, якщо світло зникне.",
    en="There is no outage schedule: all that is known is until when the charge holds if power goes.",
    severity=Severity.NOTICE,
)
"""Without planned outages nothing can be judged against them."""


@condition(
    "outlook.schedule_ends",
    uk="Графік відомий лише до {at:%d.%m %H:%M}: що далі, невідомо.",
    en="The schedule is known until {at:%d.%m %H:%M} only: nobody knows what follows.",
    severity=Severity.NOTICE,
)
def schedule_ends(*, at: datetime) -> None:
    """The forecast reaches beyond the last published day."""


EMERGENCY = simple(
    "outlook.emergency",
    uk="Екстрені відключення: графік не діє, і коли світло повернеться, невідомо. Відомо лише, доки вистачить заряду.",
    en="Emergency outages: no schedule holds, and when power returns is unknown. All that is known is until when the "
    "charge holds.",
    severity=Severity.WARNING,
)
"""The operator has suspended the schedule."""

END_UNKNOWN = simple(
    "outlook.end_unknown",
    uk="Відключення не за графіком: коли світло повернеться, невідомо. Відомо лише, доки вистачить заряду.",
    en="The outage was not planned: when power returns is unknown. All that is known is until when the charge holds.",
    severity=Severity.NOTICE,
)
"""The running outage is none of the planned ones."""

GRID_UNKNOWN = simple(
    "outlook.grid_unknown",
    uk="Чи є зараз світло, невідомо: прогноз припускає, що є.",
    en="Whether there is power now is unknown: the forecast assumes that there is.",
    severity=Severity.NOTICE,
)
"""No recent word of the grid."""

NO_LOAD = simple(
    "outlook.no_load",
    uk="Споживання дому ще не записане: прогноз припускає звичайне.",
    en="What the home draws has not been recorded yet: the forecast assumes a usual home.",
    severity=Severity.WARNING,
)
"""Without a recorded load a conservative default stands in."""


@condition(
    "outlook.little_history",
    uk="Записано лише {days:.0f} {days:день|дні|днів}: прогноз неточний, смуга широка.",
    en="Only {days:.0f} {days:day is|days are} recorded: the forecast is rough and its band wide.",
    severity=Severity.NOTICE,
)
def little_history(*, days: float) -> None:
    """With less than two weeks of record, similar days are few."""


@condition(
    "outlook.capacity_assumed",
    uk="Ємність батареї ще не виміряно: прогноз припускає {kwh:.1f} кВт·год.",
    en="The battery's capacity has not been measured yet: the forecast assumes {kwh:.1f} kWh.",
    severity=Severity.NOTICE,
)
def capacity_assumed(*, kwh: float) -> None:
    """Too little has been discharged to count the capacity."""


CHARGING_ASSUMED = simple(
    "outlook.charging_assumed",
    uk="Як швидко батарея заряджається від мережі, ще не виміряно: прогноз припускає повільну зарядку.",
    en="How fast the battery charges from the mains has not been measured yet: the forecast assumes slowly.",
    severity=Severity.NOTICE,
)
"""No charging from the mains has been recorded yet."""

NO_DATABASE = simple(
    "outlook.no_database",
    uk="Історії немає: recorder ще нічого не записав, тож прогноз спирається на припущення.",
    en="There is no history: the recorder has recorded nothing yet, so the forecast rests on assumptions.",
    severity=Severity.WARNING,
)
"""The database is empty, or does not exist yet."""
