"""What the bot has told, in one sentence each, for whoever looks it up later. The messages themselves say more."""

from datetime import datetime

from shared.conditions.condition import Reason, Severity, condition, simple

GRID_LOST = simple("alert.grid_lost", uk="Світла немає.", en="The power is out.", severity=Severity.WARNING)
GRID_BACK = simple("alert.grid_back", uk="Світло є.", en="The power is back.", severity=Severity.NOTICE)
SCHEDULE = simple(
    "alert.schedule", uk="Графік відключень змінився.", en="The outage schedule has changed.", severity=Severity.NOTICE
)
QUEUE_FIT = simple(
    "alert.queue_fit",
    uk="Відключення вдома більше схожі на графік іншої черги.",
    en="The outages at home look more like the schedule of another queue.",
    severity=Severity.WARNING,
)
CLOCK_UNSET = simple(
    "alert.clock_unset", uk="Годинник не виставлено.", en="The clock is not set.", severity=Severity.WARNING
)
LOW_BATTERY = simple(
    "alert.low_battery", uk="Заряд батареї низький.", en="The battery is low.", severity=Severity.WARNING
)
FORECAST = simple(
    "alert.forecast",
    uk="Заряду може не вистачити на найближче відключення.",
    en="The charge may not last through the next outage.",
    severity=Severity.WARNING,
)


@condition(
    "alert.grid_unstable",
    uk="Світло блимає: {count} {count:зміна|зміни|змін} поспіль.",
    en="The power flickers: {count} {count:change|changes} in a row.",
    severity=Severity.WARNING,
)
def grid_unstable(*, count: int) -> None:
    """The grid went and came back several times within minutes."""


@condition(
    "alert.grid_missed",
    uk="Поки бот не працював, минуло {count} {count:відключення|відключення|відключень}.",
    en="{count} {count:outage|outages} went by while the bot was away.",
    severity=Severity.NOTICE,
)
def grid_missed(*, count: int) -> None:
    """Outages that were over before the bot could tell of them."""


@condition("alert.phase_lost", uk="Зникла фаза {phase}.", en="Phase {phase} is out.", severity=Severity.WARNING)
def phase_lost(*, phase: str) -> None:
    """One of three phases is gone while the others are there."""


@condition(
    "alert.remind_outage",
    uk="Нагадування: відключення за графіком о {at:%H:%M}.",
    en="Reminder: an outage is scheduled for {at:%H:%M}.",
    severity=Severity.NOTICE,
)
def remind_outage(*, at: datetime) -> None:
    """A planned outage is near."""


@condition(
    "alert.remind_power_back",
    uk="Нагадування: світло має з'явитися о {at:%H:%M}.",
    en="Reminder: power should be back at {at:%H:%M}.",
    severity=Severity.NOTICE,
)
def remind_power_back(*, at: datetime) -> None:
    """The end of a planned outage is near."""


@condition(
    "alert.imbalance",
    uk="Напруги комірок батареї {name} розійшлися.",
    en="The cells of the battery {name} are uneven.",
    severity=Severity.WARNING,
)
def imbalance(*, name: str) -> None:
    """The cells of a pack differ by more than the limit."""


@condition("alert.battery_silent", uk="Батарея {name} мовчить.", en="The battery {name} is silent.")
def battery_silent(*, name: str) -> None:
    """A battery does not answer."""


@condition("alert.inverter_silent", uk="Немає зв'язку з інвертором {name}.", en="No contact with the inverter {name}.")
def inverter_silent(*, name: str) -> None:
    """An inverter does not answer."""


@condition("alert.device", uk="{name}: {causes}", en="{name}: {causes}", severity=Severity.WARNING)
def device(*, name: str, causes: tuple[Reason, ...]) -> None:
    """A device has reported an alarm, a fault or a warning."""


@condition("alert.service_down", uk="Служба {name} не працює.", en="The service {name} is down.")
def service_down(*, name: str) -> None:
    """A service has stopped, or is silent."""


@condition(
    "alert.service_degraded",
    uk="Служба {name} працює не повністю: {causes}",
    en="The service {name} is degraded: {causes}",
    severity=Severity.WARNING,
)
def service_degraded(*, name: str, causes: tuple[Reason, ...]) -> None:
    """A service works in part."""


@condition("alert.plug", uk="Про розетку {name}.", en="About the plug {name}.", severity=Severity.NOTICE)
def plug(*, name: str) -> None:
    """What was done to a plug, which has an entry of its own."""


@condition("alert.over", uk="Минулося: {what}", en="Over: {what}", severity=Severity.NOTICE)
def over(*, what: Reason) -> None:
    """A trouble that was told of has ended."""
