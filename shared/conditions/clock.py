"""This machine's clock, and what waits because of it."""

from datetime import datetime

from shared.conditions.condition import Severity, condition, simple

NOT_SET = simple(
    "clock.not_set",
    uk="Годинник не виставлено: відомо, скільки що триває, але не о котрій почалося. Час з'явиться разом з інтернетом.",
    en="The clock is not set: how long things last is known, but not when they began. That comes with the internet.",
    severity=Severity.WARNING,
)
"""The machine has not learnt the time since it booted, as a Raspberry Pi that was started during an outage."""


@condition(
    "clock.waiting",
    uk="Годинник не виставлено: {count:показник чекає|показники чекають|показників чекають} на правильний час "
    "({count}). Їх буде записано, коли з'явиться інтернет.",
    en="The clock is not set: {count} {count:reading waits|readings wait} for the right time. They are recorded once "
    "the internet is there.",
    severity=Severity.WARNING,
)
def waiting(*, count: int) -> None:
    """The recorder keeps readings aside until it learns when they were measured."""


@condition(
    "clock.undated",
    uk="Коли виміряно {count} {count:показник|показники|показників}, невідомо: комп'ютер вимкнувся, не дізнавшись "
    "часу. Вони зберігаються окремо, в таблиці undated_message.",
    en="When {count} {count:reading was|readings were} measured is unknown: the machine went off before it learnt the "
    "time. They are kept apart, in the table undated_message.",
    severity=Severity.NOTICE,
)
def undated(*, count: int) -> None:
    """A boot ended before the clock was set, so its readings have no time and are never merged with the others."""


@condition(
    "clock.disagrees",
    uk="Годинник показує {now:%d.%m.%Y %H:%M}, а найновіший запис — за {newest:%d.%m.%Y %H:%M}: старі записи поки не "
    "стискаються й не видаляються.",
    en="The clock shows {now:%d.%m.%Y %H:%M}, but the newest record is of {newest:%d.%m.%Y %H:%M}: meanwhile old "
    "records are neither compressed nor deleted.",
    severity=Severity.WARNING,
)
def disagrees(*, now: datetime, newest: datetime) -> None:
    """The recorder's clock is behind its own records, so one of them is wrong."""
