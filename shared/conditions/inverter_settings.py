"""The settings of an inverter that may be changed: what they and their values mean, and why a change is refused."""

from datetime import timedelta

from shared.conditions.condition import CONDITIONS, Reason, Severity, condition, simple

CLOCK, CLOCK_RIGHT = "clock", "right"
"""The inverter's own clock as a setting: right, or so many minutes behind; below 0, ahead. It can only be set right."""

# what the settings are; the codes are setting.<name>

OUTPUT_PRIORITY = simple(
    "setting.output_priority", uk="Хто живить дім", en="What feeds the house", severity=Severity.NOTICE
)
CHARGING_PRIORITY = simple(
    "setting.charging_priority", uk="Чим заряджати батарею", en="What charges the battery", severity=Severity.NOTICE
)
MAX_MAINS_CHARGING_CURRENT_A = simple(
    "setting.max_mains_charging_current_a",
    uk="Найбільший струм заряджання від мережі",
    en="Highest charging current from the mains",
    severity=Severity.NOTICE,
)
MAINS_MODE_SOC_PROTECTION_PERCENT = simple(
    "setting.mains_mode_soc_protection_percent",
    uk="Заряд, за якого дім переходить на мережу",
    en="Charge at which the house goes back to the mains",
    severity=Severity.NOTICE,
)
MAINS_MODE_SOC_RECOVERY_PERCENT = simple(
    "setting.mains_mode_soc_recovery_percent",
    uk="Заряд, за якого дім повертається на батарею",
    en="Charge at which the house goes back to the battery",
    severity=Severity.NOTICE,
)
BUZZER_MODE = simple("setting.buzzer_mode", uk="Звуковий сигнал", en="Buzzer", severity=Severity.NOTICE)

CLOCK_OF_INVERTER = simple(
    "setting.clock", uk="Годинник інвертора", en="Clock of the inverter", severity=Severity.NOTICE
)

# what their values mean, as a sentence of what will happen; the codes are setting.<name>.<value>

OUTPUT_PRIORITY_UTI = simple(
    "setting.output_priority.uti",
    uk="дім живиться від мережі, а без неї — від сонця й батареї",
    en="the house runs from the mains, and from the sun and the battery only without it",
    severity=Severity.NOTICE,
)
OUTPUT_PRIORITY_SOL = simple(
    "setting.output_priority.sol",
    uk="дім живиться від сонця, а коли його бракує — від мережі",
    en="the house runs from the sun, and from the mains where that is not enough",
    severity=Severity.NOTICE,
)
OUTPUT_PRIORITY_SBU = simple(
    "setting.output_priority.sbu",
    uk="дім живиться від сонця, потім від батареї, а від мережі — лише коли батарея сіла",
    en="the house runs from the sun, then from the battery, and from the mains only when the battery is low",
    severity=Severity.NOTICE,
)
OUTPUT_PRIORITY_SUB = simple(
    "setting.output_priority.sub",
    uk="дім живиться від сонця й мережі, а батарея чекає на відключення",
    en="the house runs from the sun and the mains, and the battery is kept for outages",
    severity=Severity.NOTICE,
)
CHARGING_PRIORITY_PV_FIRST = simple(
    "setting.charging_priority.pv_first",
    uk="батарея заряджається від сонця, а без нього — від мережі",
    en="the battery is charged from the sun, and from the mains without it",
    severity=Severity.NOTICE,
)
CHARGING_PRIORITY_PV_AND_UTILITY = simple(
    "setting.charging_priority.pv_and_utility",
    uk="батарея заряджається від сонця й мережі разом",
    en="the battery is charged from the sun and the mains together",
    severity=Severity.NOTICE,
)
CHARGING_PRIORITY_PV_ONLY = simple(
    "setting.charging_priority.pv_only",
    uk="батарея заряджається лише від сонця",
    en="the battery is charged from the sun only",
    severity=Severity.NOTICE,
)
BUZZER_MODE_MUTE = simple(
    "setting.buzzer_mode.mute",
    uk="інвертор мовчить завжди",
    en="the inverter is always silent",
    severity=Severity.NOTICE,
)
BUZZER_MODE_SOURCE_WARNING_FAULT = simple(
    "setting.buzzer_mode.source_warning_fault",
    uk="інвертор пищить, коли змінюється джерело, і за попереджень та несправностей",
    en="the inverter beeps when the source changes, at warnings and at faults",
    severity=Severity.NOTICE,
)
BUZZER_MODE_WARNING_FAULT = simple(
    "setting.buzzer_mode.warning_fault",
    uk="інвертор пищить за попереджень і несправностей",
    en="the inverter beeps at warnings and faults",
    severity=Severity.NOTICE,
)
BUZZER_MODE_FAULT = simple(
    "setting.buzzer_mode.fault",
    uk="інвертор пищить лише за несправностей",
    en="the inverter beeps at faults only",
    severity=Severity.NOTICE,
)

CLOCK_IS_RIGHT = simple(
    "setting.clock.right",
    uk="годинник інвертора показує правильний час",
    en="the inverter's clock shows the right time",
    severity=Severity.NOTICE,
)

# what numbers mean, in the same way; the codes are setting.<name>.becomes


@condition(
    "setting.max_mains_charging_current_a.becomes",
    uk="мережа заряджає батарею струмом не більше {value:g} А",
    en="the mains charge the battery with {value:g} A at most",
    severity=Severity.NOTICE,
)
def max_mains_charging_current_becomes(*, value: float) -> None:
    """What happens with this highest charging current."""


@condition(
    "setting.mains_mode_soc_protection_percent.becomes",
    uk="коли заряд спадає до {value:g} %, дім переходить на мережу",
    en="when the charge has fallen to {value:g} %, the house goes back to the mains",
    severity=Severity.NOTICE,
)
def mains_mode_soc_protection_becomes(*, value: float) -> None:
    """What happens with this charge for going back to the mains."""


@condition(
    "setting.mains_mode_soc_recovery_percent.becomes",
    uk="коли заряд сягає {value:g} %, дім повертається на батарею",
    en="when the charge has risen to {value:g} %, the house goes back to the battery",
    severity=Severity.NOTICE,
)
def mains_mode_soc_recovery_becomes(*, value: float) -> None:
    """What happens with this charge for going back to the battery."""


@condition("setting.clock.behind", uk="відстає на {by}", en="{by} behind", severity=Severity.NOTICE)
def clock_behind(*, by: timedelta) -> None:
    """The inverter's clock shows less than the time here."""


@condition("setting.clock.ahead", uk="поспішає на {by}", en="{by} ahead", severity=Severity.NOTICE)
def clock_ahead(*, by: timedelta) -> None:
    """The inverter's clock shows more than the time here."""


# why a setting cannot be changed on this inverter

CONTROL_OFF = simple(
    "control.off",
    uk="Зміну параметрів інвертора вимкнено: INVERTER_CONTROL=off.",
    en="Changing settings of the inverter is off: INVERTER_CONTROL=off.",
    severity=Severity.NOTICE,
)
NOT_OFFERED = simple(
    "control.not_offered",
    uk="Цей параметр змінюють лише на самому інверторі.",
    en="This setting is changed at the inverter itself only.",
    severity=Severity.NOTICE,
)
NEVER = simple(
    "control.never",
    uk="Цей параметр ніколи не змінюється звідси: помилка може знеструмити дім або зашкодити батареї чи людям.",
    en="This setting is never changed from here: a mistake may cut the power of the house, or harm battery or people.",
    severity=Severity.NOTICE,
)
NO_CLOCK = simple(
    "control.no_clock",
    uk="У цієї моделі немає годинника, який можна прочитати чи виставити.",
    en="This model has no clock that can be read or set.",
    severity=Severity.NOTICE,
)
NEAR_MIDNIGHT = simple(
    "control.near_midnight",
    uk="Зараз північ, а дату й час інвертор приймає окремо: спробуйте за п'ять хвилин.",
    en="It is midnight, and the inverter takes date and time one after the other: try again in five minutes.",
    severity=Severity.NOTICE,
)
UNIT_UNKNOWN = simple(
    "control.unit_unknown",
    uk="Невідомо, який це інвертор, тому нічого не змінюємо.",
    en="It is not known which inverter this is, so nothing is changed.",
    severity=Severity.WARNING,
)


@condition(
    "control.not_proven",
    uk="На цій моделі (код {model}, протокол {protocol}) зміну цього параметра ще ніхто не перевірив.",
    en="Nobody has yet proven that this can be changed on this model (code {model}, protocol {protocol}).",
    severity=Severity.NOTICE,
)
def not_proven(*, model: str, protocol: int) -> None:
    """A setting that is read-only here: no source shows that it was changed on such a unit."""


# why one change is refused

COMMAND_RETAINED = simple(
    "control.command_retained",
    uk="Команду надіслано з позначкою `retained`, тому її не виконано: вона повторювалася б після кожного запуску.",
    en="A retained command is not obeyed: it would be repeated at every start.",
    severity=Severity.WARNING,
)
COMMAND_REPEATED = simple(
    "control.command_repeated",
    uk="Цю команду вже отримано раніше.",
    en="This command has been received before.",
    severity=Severity.NOTICE,
)
COMMAND_TOO_OLD = simple(
    "control.command_too_old",
    uk="Команда застаріла або має хибний час, тому її не виконано.",
    en="The command is too old, or its time is wrong: it is not obeyed.",
    severity=Severity.WARNING,
)
UNKNOWN_INVERTER = simple(
    "control.unknown_inverter",
    uk="Такого інвертора немає, або він зараз не опитується.",
    en="There is no such inverter, or it is not being read now.",
    severity=Severity.WARNING,
)
BUSY = simple(
    "control.busy",
    uk="Інша зміна ще триває: спробуйте за хвилину.",
    en="Another change is still under way: try again in a minute.",
    severity=Severity.NOTICE,
)
OTHER_INVERTER = simple(
    "control.other_inverter",
    uk="За цим з'єднанням відповідає вже інший інвертор, тому нічого не змінено.",
    en="Another inverter answers on this connection now, so nothing was changed.",
    severity=Severity.WARNING,
)
ALREADY_SET = simple(
    "control.already_set", uk="Так уже й налаштовано.", en="It is already set that way.", severity=Severity.NOTICE
)
VALUE_UNKNOWN = simple(
    "control.value_unknown",
    uk="Теперішнє значення прочитати не вдалося, тому його не змінено.",
    en="The present value could not be read, so it was not changed.",
    severity=Severity.WARNING,
)
TOO_MANY_A_DAY = simple(
    "control.too_many_a_day",
    uk="За добу вже було забагато змін: ніхто не знає, скільки їх витримує пам'ять інвертора.",
    en="There were too many changes within a day: nobody knows how many the inverter's memory endures.",
    severity=Severity.WARNING,
)
TOO_MANY_A_MINUTE = simple(
    "control.too_many_a_minute",
    uk="Забагато змін поспіль: спробуйте за хвилину.",
    en="Too many changes in a row: try again in a minute.",
    severity=Severity.NOTICE,
)


@condition(
    "control.no_such_value",
    uk="Такого значення тут немає; можна: {choices}.",
    en="There is no such value here; it can be {choices}.",
    severity=Severity.WARNING,
)
def no_such_value(*, choices: str) -> None:
    """A value that is none of those that are proven for this unit."""


NO_WAY_BACK = simple(
    "control.no_way_back",
    uk="Те, що встановлено зараз, для цієї моделі не перевірено й повернути його не вийде, тож нічого не змінено.",
    en="What is set now is not proven for this model and could not be put back, so nothing was changed.",
    severity=Severity.WARNING,
)


@condition(
    "control.out_of_range",
    uk="Потрібне число від {low:g} до {high:g}, з кроком {step:g}.",
    en="It must be a number from {low:g} to {high:g}, in steps of {step:g}.",
    severity=Severity.WARNING,
)
def out_of_range(*, low: float, high: float, step: float) -> None:
    """A value outside the range that is proven for this unit, or between its steps."""


@condition(
    "control.bounded",
    uk="Не можна: за теперішніх інших параметрів потрібне число від {low:g} до {high:g}.",
    en="Not possible: as the other settings stand, it must be from {low:g} to {high:g}.",
    severity=Severity.WARNING,
)
def bounded(*, low: float, high: float) -> None:
    """A value that contradicts another setting."""


@condition(
    "control.contradiction",
    uk="Теперішнє значення {value} суперечить тому, що відомо про цю модель, тому нічого не змінено.",
    en="The present value {value} contradicts what is known of this model, so nothing was changed.",
    severity=Severity.WARNING,
)
def contradiction(*, value: str) -> None:
    """A register that holds what it cannot mean by our layout: its meaning is not certain on this unit."""


@condition(
    "control.wrong_mode",
    uk="У теперішньому режимі інвертора ({mode}) цього не змінюють.",
    en="This is not changed in the present mode of the inverter ({mode}).",
    severity=Severity.NOTICE,
)
def wrong_mode(*, mode: str) -> None:
    """The inverter starts, has a fault, or its mode is unknown."""


@condition(
    "control.no_contact",
    uk="Інвертор не відповідає, тому нічого не змінено. {cause}",
    en="The inverter does not answer, so nothing was changed. {cause}",
    severity=Severity.WARNING,
)
def no_contact(*, cause: Reason) -> None:
    """The present values could not be read."""


@condition(
    "control.no_journal",
    uk="Журнал не записується, а без нього нічого не змінюємо. {cause}",
    en="The journal cannot be written, and nothing is changed without it. {cause}",
)
def no_journal(*, cause: Reason) -> None:
    """The journal of the settings cannot be written."""


@condition(
    "control.journal_damaged",
    uk="Журнал параметрів пошкоджено, його відкладено: {file}. Хто й коли змінював їх раніше, невідомо.",
    en="The journal of the settings is damaged and was set aside: {file}. Who changed them before is not known.",
    severity=Severity.WARNING,
)
def journal_damaged(*, file: str) -> None:
    """The file does not hold what it should; a new journal is begun."""


# what the inverter answered

READ_ONLY = simple(
    "control.read_only",
    uk="Інвертор відмовив: цей параметр на ньому не змінюється.",
    en="The inverter refused: this setting cannot be changed on it.",
    severity=Severity.WARNING,
)
VALUE_REFUSED = simple(
    "control.value_refused",
    uk="Інвертор відмовив: він не приймає такого значення.",
    en="The inverter refused: it does not accept this value.",
    severity=Severity.WARNING,
)
MODE_REFUSED = simple(
    "control.mode_refused",
    uk="Інвертор відмовив: у теперішньому режимі цього не змінити.",
    en="The inverter refused: this cannot be changed in its present mode.",
    severity=Severity.WARNING,
)


@condition(
    "control.refused",
    uk="Інвертор або шлюз відмовив (код {code}).",
    en="The inverter or its gateway refused (code {code}).",
    severity=Severity.WARNING,
)
def refused(*, code: int) -> None:
    """A Modbus exception that no document of these inverters describes."""


@condition(
    "control.not_taken_over",
    uk="Інвертор прийняв команду, але за {within} нового значення не показав.",
    en="The inverter accepted the command but did not show the new value within {within}.",
    severity=Severity.WARNING,
)
def not_taken_over(*, within: timedelta) -> None:
    """Acknowledged and not carried out, as far as reading it back can tell."""


@condition(
    "control.no_answer",
    uk="Інвертор на команду не відповів і за {within} нового значення не показав.",
    en="The inverter did not answer the command and did not show the new value within {within}.",
    severity=Severity.WARNING,
)
def no_answer(*, within: timedelta) -> None:
    """The command may have been lost on its way; it is not sent again."""


@condition(
    "control.changed_meanwhile",
    uk="Тепер там {value}: хтось інший змінив це водночас.",
    en="It is {value} now: somebody else changed it at the same time.",
    severity=Severity.WARNING,
)
def changed_meanwhile(*, value: str) -> None:
    """Read back was neither the old nor the new value: another master, or the inverter's own panel."""


OUTCOME_UNKNOWN = simple(
    "control.outcome_unknown",
    uk="Зміну перервано, а потім відповів уже інший інвертор: чи вдалася вона, невідомо.",
    en="The change was interrupted, and then another inverter answered: whether it succeeded is not known.",
    severity=Severity.WARNING,
)


# profiles

NO_SUCH_PROFILE = simple(
    "profile.unknown",
    uk="Такого набору параметрів у списку немає.",
    en="There is no such profile in the list.",
    severity=Severity.WARNING,
)
PROFILE_IN_FORCE = simple(
    "profile.in_force",
    uk="Усе вже так і налаштовано.",
    en="Everything is already set that way.",
    severity=Severity.NOTICE,
)
PROFILE_CHANGED_BY_HAND = simple(
    "profile.changed_by_hand",
    uk="Під час зміни хтось змінив ці самі параметри інакше, тож її припинено.",
    en="Somebody changed the same settings meanwhile, so this was stopped.",
    severity=Severity.WARNING,
)
QUIET_HOURS_OVER = simple(
    "control.quiet_hours_over",
    uk="Тихі години скінчилися.",
    en="The quiet hours are over.",
    severity=Severity.NOTICE,
)
INTERRUPTED = simple(
    "profile.interrupted",
    uk="Програму перезапущено, поки це тривало.",
    en="The program was restarted while this was going on.",
    severity=Severity.NOTICE,
)


@condition(
    "profile.step_refused",
    uk="{setting}: {cause}",
    en="{setting}: {cause}",
    severity=Severity.WARNING,
)
def step_refused(*, setting: Reason, cause: Reason) -> None:
    """A setting of the profile that cannot be changed so, and why."""


@condition(
    "profile.for_a_time",
    uk="{setting}: значення зараз тимчасове (заряджання перед відключенням або тихі години); спершу скасуйте його.",
    en="{setting}: it holds for a time only (charging before an outage, or quiet hours); undo that first.",
    severity=Severity.NOTICE,
)
def for_a_time(*, setting: Reason) -> None:
    """A profile wants to change what will be put back soon."""


@condition(
    "profile.too_many",
    uk="Для цього потрібно {count} {count:зміна|зміни|змін}, а сьогодні лишилося {left}.",
    en="This takes {count} {count:change|changes}, and only {left} are left today.",
    severity=Severity.WARNING,
)
def too_many_for_profile(*, count: int, left: int) -> None:
    """A profile is applied as a whole or not at all, so there must be room for all of its writes."""


def meaning(setting: str, value: str = "") -> Reason | None:
    """Return what a setting is called, or what will happen with one of its choices; None where nobody has said it."""
    declared = CONDITIONS.get(f"setting.{setting}.{value}" if value else f"setting.{setting}")
    return declared() if declared else None


def consequence(setting: str, value: float | str) -> Reason | None:
    """Return what happens with a value of a setting, a choice or a number; None where nobody has said it."""
    if isinstance(value, str):
        return meaning(setting, value)
    if setting == CLOCK:
        return (clock_behind if value > 0 else clock_ahead)(by=timedelta(minutes=abs(value)))
    declared = CONDITIONS.get(f"setting.{setting}.becomes")
    return declared(value=value) if declared else None
