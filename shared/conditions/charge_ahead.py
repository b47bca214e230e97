"""Charging from the mains before an outage: what is done and why, and why it is not."""

from datetime import datetime

from shared.conditions.condition import Reason, Severity, condition, simple

# nothing to do

OFF = simple(
    "charging.off",
    uk="Заряджання перед відключеннями вимкнено. Його вмикає INVERTER_CONTROL=automatic.",
    en="Charging before outages is off. INVERTER_CONTROL=automatic turns it on.",
    severity=Severity.NOTICE,
)
NO_OUTAGE = simple(
    "charging.no_outage",
    uk="За графіком відключень попереду немає.",
    en="By the schedule there is no outage ahead.",
    severity=Severity.NOTICE,
)


@condition(
    "charging.enough",
    uk="Заряду вистачає: є {charge:.0f} %, а до відключення {outage:%d.%m %H:%M} потрібно {target:.0f} %.",
    en="The charge suffices: it is {charge:.0f} %, and the outage of {outage:%d.%m %H:%M} needs {target:.0f} %.",
    severity=Severity.NOTICE,
)
def enough(*, charge: float, target: float, outage: datetime) -> None:
    """The target of the next outage is reached already."""


@condition(
    "charging.begins_later",
    uk="До відключення {outage:%d.%m %H:%M} потрібно {target:.0f} % (зараз {charge:.0f} %). Якщо сонця не вистачить, "
    "заряджання від мережі почнеться о {begin:%H:%M} струмом {current:g} А.",
    en="The outage of {outage:%d.%m %H:%M} needs {target:.0f} % (now {charge:.0f} %). If the sun is not enough, "
    "charging from the mains begins at {begin:%H:%M} with {current:g} A.",
    severity=Severity.NOTICE,
)
def begins_later(*, charge: float, target: float, outage: datetime, begin: datetime, current: float) -> None:
    """There is time enough, and the sun may do it yet."""


# charging


@condition(
    "charging.charging",
    uk="Батарея заряджається від мережі струмом {current:g} А, щоб до відключення {outage:%d.%m %H:%M} було "
    "{target:.0f} % (з {charge:.0f} %).",
    en="The battery is charged from the mains with {current:g} A, so that there is {target:.0f} % when the outage of "
    "{outage:%d.%m %H:%M} begins (from {charge:.0f} %).",
    severity=Severity.NOTICE,
)
def charging(*, current: float, target: float, charge: float, outage: datetime) -> None:
    """Mains charging was switched on for the outage ahead."""


@condition(
    "charging.would_charge",
    uk="Пробний режим, нічого не змінено: батарея заряджалася б від мережі з {begin:%H:%M} струмом {current:g} А, щоб "
    "до відключення {outage:%d.%m %H:%M} було {target:.0f} % (з {charge:.0f} %).",
    en="Dry run, nothing was changed: the battery would have been charged from the mains from {begin:%H:%M} with "
    "{current:g} A, so that there is {target:.0f} % when the outage of {outage:%d.%m %H:%M} begins "
    "(from {charge:.0f} %).",
    severity=Severity.NOTICE,
)
def would_charge(*, begin: datetime, current: float, target: float, charge: float, outage: datetime) -> None:
    """What charging ahead would have done, in its first days."""


@condition(
    "charging.not_in_time",
    uk="Навіть найбільшим струмом до відключення {outage:%d.%m %H:%M} буде близько {charge:.0f} %, а потрібно "
    "{target:.0f} %.",
    en="Even with the highest current there will be about {charge:.0f} % when the outage of {outage:%d.%m %H:%M} "
    "begins, and {target:.0f} % is needed.",
    severity=Severity.WARNING,
)
def not_in_time(*, charge: float, target: float, outage: datetime) -> None:
    """The mains' hours or current do not suffice."""


@condition(
    "charging.not_accepted",
    uk="Батарея зараз не приймає заряду: BMS не дозволяє заряджання. До відключення {outage:%d.%m %H:%M} потрібно "
    "{target:.0f} % (зараз {charge:.0f} %).",
    en="The battery does not accept charge now: its BMS does not allow it. The outage of {outage:%d.%m %H:%M} needs "
    "{target:.0f} % (now {charge:.0f} %).",
    severity=Severity.WARNING,
)
def not_accepted(*, charge: float, target: float, outage: datetime) -> None:
    """The charging MOSFET of every battery is off: nothing is begun, and what was begun waits for it."""


# why it has ended, and the settings are put back


@condition(
    "charging.reached",
    uk="Батарея набрала потрібні {target:.0f} %.",
    en="The battery has reached the {target:.0f} % that are needed.",
    severity=Severity.NOTICE,
)
def reached(*, target: float) -> None:
    """The target is reached."""


@condition(
    "charging.kept",
    uk="Батарея має {charge:.0f} % і чекає на відключення {outage:%d.%m %H:%M}: дім поки живиться від мережі.",
    en="The battery has {charge:.0f} % and is kept for the outage of {outage:%d.%m %H:%M}: until then the house "
    "runs from the mains.",
    severity=Severity.NOTICE,
)
def kept(*, charge: float, outage: datetime) -> None:
    """The target is reached in a home whose battery otherwise feeds the house while there is power."""


OUTAGE_BEGAN = simple(
    "charging.outage_began",
    uk="Настав час відключення.",
    en="It is time for the outage.",
    severity=Severity.NOTICE,
)
GRID_GONE = simple("charging.grid_gone", uk="Світла немає.", en="There is no power.", severity=Severity.NOTICE)
GRID_UNKNOWN = simple(
    "charging.grid_unknown",
    uk="Невідомо, чи є світло.",
    en="It is not known whether there is power.",
    severity=Severity.WARNING,
)
CHARGE_UNKNOWN = simple(
    "charging.charge_unknown",
    uk="Невідомо, який заряд батареї.",
    en="The charge of the battery is not known.",
    severity=Severity.WARNING,
)
PLAN_UNKNOWN = simple(
    "charging.plan_unknown",
    uk="Графік відключень невідомий або застарів.",
    en="The outage schedule is unknown or out of date.",
    severity=Severity.NOTICE,
)
OUTAGE_WITHDRAWN = simple(
    "charging.outage_withdrawn",
    uk="Цього відключення в графіку вже немає.",
    en="This outage is no longer in the schedule.",
    severity=Severity.NOTICE,
)
OUTLOOK_CONTRADICTS = simple(
    "charging.outlook_contradicts",
    uk="За прогнозом це відключення вже не потребує більшого заряду.",
    en="By the outlook this outage no longer needs a higher charge.",
    severity=Severity.NOTICE,
)
NO_CONTACT = simple(
    "charging.no_contact",
    uk="Інвертор не відповідає.",
    en="The inverter does not answer.",
    severity=Severity.WARNING,
)
NO_BROKER = simple(
    "charging.no_broker",
    uk="Немає зв'язку з брокером, тож невідомо, чи ще потрібно заряджати.",
    en="There is no connection to the broker, so it is not known whether charging is still needed.",
    severity=Severity.WARNING,
)
OTHER_INVERTER = simple(
    "charging.other_inverter",
    uk="За цим з'єднанням відповідає вже інший інвертор: повертати параметри треба на попередньому.",
    en="Another inverter answers on this connection now: the settings have to be put back on the one before.",
    severity=Severity.WARNING,
)
SWITCHED_OFF = simple(
    "charging.switched_off",
    uk="INVERTER_CONTROL більше не automatic.",
    en="INVERTER_CONTROL is no longer automatic.",
    severity=Severity.NOTICE,
)


@condition(
    "charging.changed_by_hand",
    uk="{setting}: значення змінено вручну, тож до кінця цього відключення заряджання не втручається.",
    en="{setting}: changed by hand, so charging ahead leaves this outage alone.",
    severity=Severity.NOTICE,
)
def changed_by_hand(*, setting: Reason) -> None:
    """Somebody changed a setting that charging ahead had changed: a person has the last word, so it stays."""


@condition(
    "charging.undone",
    uk="Скасовано ({by}): до цього відключення батарею не заряджають.",
    en="Undone by {by}: the battery is not charged ahead of this outage.",
    severity=Severity.NOTICE,
)
def undone(*, by: str) -> None:
    """A person said no."""


@condition(
    "charging.released",
    uk="Заряджання перед цим відключенням знову дозволено ({by}).",
    en="Charging ahead of this outage is allowed again by {by}.",
    severity=Severity.NOTICE,
)
def released(*, by: str) -> None:
    """A person withdrew the no."""


# why it cannot be done

SEVERAL_INVERTERS = simple(
    "charging.several_inverters",
    uk="Інверторів кілька. Як з'єднані інвертори сприймають параметри, змінені по черзі, ще ніхто не перевірив, тож "
    "перед відключенням заряджайте самі.",
    en="There are several inverters. Nobody has shown yet how connected ones take settings that are changed one after "
    "the other, so charging before an outage is up to you.",
    severity=Severity.NOTICE,
)
NOTHING_TO_UNDO = simple(
    "charging.nothing_to_undo",
    uk="Скасовувати нічого.",
    en="There is nothing to undo.",
    severity=Severity.NOTICE,
)
MAINS_CHARGING_ON = simple(
    "charging.mains_charging_on",
    uk="Батарея й так заряджається від мережі, з найбільшим потрібним струмом.",
    en="The battery is charged from the mains anyway, with as much current as is needed.",
    severity=Severity.NOTICE,
)


@condition(
    "charging.not_possible",
    uk="{setting}: змінити не можна. {cause}",
    en="{setting}: it cannot be changed. {cause}",
    severity=Severity.WARNING,
)
def not_possible(*, setting: Reason, cause: Reason) -> None:
    """A setting that charging ahead needs is read-only on this unit, or was refused."""


@condition(
    "charging.putting_back",
    uk="Параметри повертаються до попередніх. {cause}",
    en="The settings are being put back. {cause}",
    severity=Severity.NOTICE,
)
def putting_back(*, cause: Reason) -> None:
    """Charging ahead has ended; cause is why."""


@condition(
    "charging.not_put_back",
    uk="{setting}: повернути попереднє значення поки не вдалося, спробуємо ще. {cause}",
    en="{setting}: it could not be put back yet, and will be tried again. {cause}",
    severity=Severity.FAULT,
    prompt=True,
)
def not_put_back(*, setting: Reason, cause: Reason) -> None:
    """A setting that was changed for a time only still stands; it is tried again, later and later."""
