"""What is wrong with a value that a person or a program gave: in a setting, a file, a message, a request."""

from shared.conditions.condition import condition, simple

MISSING = simple("value.missing", uk="це значення обов'язкове", en="it is required")
NO_SUCH_SETTING = simple("value.no_such_setting", uk="такого параметра немає", en="there is no such setting")
NOT_A_NUMBER = simple(
    "value.not_a_number",
    uk="потрібне число на кшталт 4.5 (з крапкою, не з комою)",
    en="a number such as 4.5 is needed (with a point, not a comma)",
)
NOT_A_SETTING_VALUE = simple(
    "value.not_a_setting_value",
    uk="потрібне число або назва варіанта",
    en="a number, or the name of a choice, is needed",
)
NOT_WHOLE = simple("value.not_whole", uk="потрібне ціле число", en="a whole number is needed")
NOT_FINITE = simple("value.not_finite", uk="потрібне скінченне число", en="a finite number is needed")
TOO_LARGE = simple("value.too_large", uk="число завелике", en="the number is too large")
NOT_BOOL = simple("value.not_bool", uk="потрібно `true` або `false`", en="`true` or `false` is needed")
NOT_TEXT = simple("value.not_text", uk="потрібен текст: візьміть його в лапки", en="a text is needed: put it in quotes")
NOT_A_MOMENT = simple(
    "value.not_a_moment",
    uk="потрібні дата й час на кшталт 2026-11-29T10:00:00Z",
    en="a date and time such as 2026-11-29T10:00:00Z is needed",
)
NO_TIME_ZONE = simple("value.no_time_zone", uk="бракує часового поясу", en="the time zone is missing")
NOT_A_DATE = simple(
    "value.not_a_date", uk="потрібна дата на кшталт 2026-11-29", en="a date such as 2026-11-29 is needed"
)
NOT_A_TIME = simple("value.not_a_time", uk="потрібен час на кшталт 07:30", en="a time such as 07:30 is needed")
NOT_HOURS = simple(
    "value.not_hours", uk="потрібні години на кшталт 22:00-07:00", en="hours such as 22:00-07:00 are needed"
)
NOT_A_DURATION = simple("value.not_a_duration", uk="потрібна тривалість", en="a duration is needed")
NOT_AN_ADDRESS = simple(
    "value.not_an_address",
    uk="потрібна адреса на кшталт https://example.org",
    en="an address such as https://example.org is needed",
)
NOT_AN_IP_ADDRESS = simple(
    "value.not_an_ip_address",
    uk="потрібна IP-адреса на кшталт 192.168.1.20",
    en="an IP address such as 192.168.1.20 is needed",
)
NOT_A_LIST = simple("value.not_a_list", uk="потрібен список", en="a list is needed")
NOT_A_MAPPING = simple(
    "value.not_a_mapping",
    uk="потрібні пари на кшталт `name: ...`",
    en="pairs such as `name: ...` are needed",
)
NOT_JSON = simple("value.not_json", uk="це не JSON", en="it is not valid JSON")

MOMENT_OUT_OF_RANGE = simple(
    "value.moment_out_of_range", uk="момент поза роками 1–9999", en="a moment outside the years 1 to 9999"
)
NO_SUCH_ZONE = simple("value.no_such_zone", uk="такого часового поясу немає", en="there is no such time zone")
ENDS_BEFORE_START = simple(
    "value.ends_before_start", uk="кінець має бути пізніше за початок", en="the end must be after the start"
)


@condition("value.at_least", uk="потрібно щонайменше {limit}", en="it must be at least {limit}")
def at_least(*, limit: float) -> None:
    """A number below its lower limit."""


@condition("value.at_most", uk="потрібно щонайбільше {limit}", en="it must be at most {limit}")
def at_most(*, limit: float) -> None:
    """A number above its upper limit."""


@condition("value.more_than", uk="потрібно більше ніж {limit}", en="it must be more than {limit}")
def more_than(*, limit: float) -> None:
    """A number at or below a limit that it must exceed."""


@condition("value.less_than", uk="потрібно менше ніж {limit}", en="it must be less than {limit}")
def less_than(*, limit: float) -> None:
    """A number at or above a limit that it must stay below."""


@condition("value.multiple_of", uk="потрібне кратне {step}", en="it must be a multiple of {step}")
def multiple_of(*, step: float) -> None:
    """A number between two steps."""


@condition("value.form", uk="потрібно щось на кшталт {example}", en="something such as {example} is needed")
def form(*, example: str) -> None:
    """A text of another form than a person should write."""


@condition("value.pattern", uk="не відповідає шаблону {pattern}", en="it does not match the pattern {pattern}")
def pattern(*, pattern: str) -> None:
    """A text that is not of the right form."""


@condition(
    "value.too_short",
    uk="закоротко: потрібно щонайменше {least} {least:символ|символи|символів}",
    en="it is too short: at least {least} {least:character is|characters are} needed",
)
def too_short(*, least: int) -> None:
    """A text with too few characters."""


@condition(
    "value.too_long",
    uk="задовго: можна щонайбільше {most} {most:символ|символи|символів}",
    en="it is too long: at most {most} {most:character is|characters are} allowed",
)
def too_long(*, most: int) -> None:
    """A text with too many characters."""


@condition("value.too_few", uk="замало: потрібно щонайменше {least}", en="too few: at least {least} needed")
def too_few(*, least: int) -> None:
    """A list with too few items."""


@condition("value.too_many", uk="забагато: можна щонайбільше {most}", en="too many: at most {most} allowed")
def too_many(*, most: int) -> None:
    """A list with too many items."""


@condition("value.one_of", uk="можливі значення: {choices}", en="possible values: {choices}")
def one_of(*, choices: str) -> None:
    """A value that is none of the possible ones."""


@condition("value.needs", uk="для `{given}` потрібне значення {field}", en="`{given}` needs {field}")
def needs(*, given: str, field: str) -> None:
    """A value that is useless without another one."""


@condition("value.other", uk="таке значення не підходить ({kind})", en="such a value does not fit ({kind})")
def other(*, kind: str) -> None:
    """Anything else that pydantic refuses, by its name for it."""
