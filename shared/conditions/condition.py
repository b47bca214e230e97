"""What a condition is: a stable code with its text in each language; and a reason, a condition as it travels.

A condition is declared once: its texts, its severity, and when the bot stays silent about it. It is either `simple`, or
a function whose keyword parameters are those of its texts, so that mypy checks every place that raises it:

    @condition("broker.unreachable", uk="Брокер {where} не відповідає: {cause}", en="No broker at {where}: {cause}")
    def broker_unreachable(*, where: str, cause: Reason) -> None:
        "Nobody answers at the broker's address."

A parameter is a text that needs no translation (a name, an address), a number, a day, a moment, a length of time,
or another reason. Texts are formats: `{volts:.1f}` is written with the language's decimal mark, and
`{count:message|messages}` chooses a plural form.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from string import Formatter
from typing import Any, Generic, ParamSpec, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.texts.language import DIGIT_MARKS, Language, plural

P = ParamSpec("P")

OTHER = "text"
"""The code of a sentence that no condition stands behind: of version 1, or of a program that is not ours."""


class Severity(StrEnum):
    """How much a condition matters: nothing is wrong, something needs attention, or something does not work."""

    NOTICE = "notice"
    WARNING = "warning"
    FAULT = "fault"


class Quiet(StrEnum):
    """When the bot says nothing about a condition that a device reports."""

    HARMLESS = "harmless"
    """Never worth an alert: a full battery."""
    DUSK = "dusk"
    """Every evening the inverter warns that the sun is gone."""
    OUTAGE = "outage"
    """While there is no grid, the grid's own alert says it better."""


Parameter: TypeAlias = "Reason | tuple[Reason, ...] | bool | int | float | str | None"


class Reason(BaseModel):
    """Why something is so: the condition's code with its parameters, and its text in English.

    Render it from code and params in the reader's language; an unknown code, of a newer version, is shown by its text.
    Version 1 sent bare English sentences: they are read as code `text`, or as the condition that they belonged to.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: str
    params: dict[str, Parameter] = Field(default_factory=dict)
    text: str

    @model_validator(mode="before")
    @classmethod
    def _from_sentence(cls, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        known = BY_ENGLISH.get(given)
        return {"code": known.code if known else OTHER, "text": given}

    @classmethod
    def sentence(cls, text: str) -> Self:
        """Return the reason that a bare sentence gives."""
        return cls.model_validate(text)

    def without_numbers(self) -> tuple[Any, ...]:
        """Return what tells this reason from others, however its measured values vary."""
        return (self.code, *((name, _without_numbers(value)) for name, value in sorted(self.params.items())))

    def __str__(self) -> str:
        return self.text

    def __hash__(self) -> int:
        return hash((self.code, self.text))


def _without_numbers(value: Parameter) -> Any:
    if isinstance(value, Reason):
        return value.without_numbers()
    if isinstance(value, tuple):
        return tuple(map(_without_numbers, value))
    return None if isinstance(value, int | float) and not isinstance(value, bool) else value


@dataclass(frozen=True)
class Condition(Generic[P]):
    """Something that can be wrong, or noteworthy. Calling it with its parameters makes a reason."""

    code: str
    uk: str
    en: str
    severity: Severity
    quiet: Quiet | None = None
    prompt: bool = False
    """Whether the bot says of a service that it has this within minutes, instead of after an hour."""
    about: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, *_: P.args, **params: P.kwargs) -> Reason:
        """Return the reason that names this condition with its parameters."""
        return Reason(
            code=self.code,
            params={name: _to_wire(value) for name, value in params.items()},
            text=self.render(Language.EN, params),
        )

    def render(self, language: Language, params: Mapping[str, Any], zone: tzinfo = UTC) -> str:
        """Return the text in a language. Raises KeyError, TypeError or ValueError where parameters do not fit."""
        template = self.en if language is Language.EN else self.uk
        values = {name: _from_wire(kind, params[name]) for name, kind in self.parameters.items()}
        return _Texts(language, zone).vformat(template, (), values)


CONDITIONS: dict[str, Condition[Any]] = {}
"""Every condition by its code; importing `shared.conditions` fills it."""
BY_ENGLISH: dict[str, Condition[Any]] = {}
"""The conditions without parameters by their English texts, which is how version 1 sent them."""


def condition(
    code: str,
    *,
    uk: str,
    en: str,
    severity: Severity = Severity.FAULT,
    quiet: Quiet | None = None,
    prompt: bool = False,
) -> Callable[[Callable[P, None]], Condition[P]]:
    """Declare a condition with parameters: those of the function below, whose docstring says what it means."""

    def declare(signature: Callable[P, None]) -> Condition[P]:
        kinds = inspect.get_annotations(signature, eval_str=True)
        kinds.pop("return", None)
        about = inspect.cleandoc(signature.__doc__ or "")
        return _registered(Condition(code, uk, en, severity, quiet, prompt, about, kinds))

    return declare


def simple(
    code: str, *, uk: str, en: str, severity: Severity = Severity.FAULT, quiet: Quiet | None = None
) -> Condition[[]]:
    """Declare a condition without parameters."""
    declared: Condition[[]] = Condition(code, uk, en, severity, quiet)
    BY_ENGLISH.setdefault(en, declared)
    return _registered(declared)


def _registered(declared: Condition[P]) -> Condition[P]:
    if declared.code in CONDITIONS or declared.code == OTHER:
        raise ValueError(f"the condition {declared.code} is declared twice")
    CONDITIONS[declared.code] = declared
    return declared


def render(reason: Reason, language: Language, zone: tzinfo = UTC) -> str:
    """Return a reason in a language; one that this version does not know by the text that came with it."""
    known = CONDITIONS.get(reason.code)
    if known is None:
        return reason.text
    try:
        return known.render(language, reason.params, zone)
    except (KeyError, TypeError, ValueError, OverflowError):  # another version's parameters
        return reason.text


def severity(reason: Reason) -> Severity:
    """Return how much a reason matters; one that is unknown is taken seriously."""
    known = CONDITIONS.get(reason.code)
    return known.severity if known else Severity.FAULT


def is_quiet(reason: Reason, *, grid_on: bool) -> bool:
    """Return whether the bot should say nothing about something that a device reports."""
    known = CONDITIONS.get(reason.code)
    quiet = known.quiet if known else None
    return quiet in (Quiet.HARMLESS, Quiet.DUSK) or (quiet is Quiet.OUTAGE and not grid_on)


def is_prompt(reason: Reason) -> bool:
    """Return whether the bot should not wait long before it says that a service has this."""
    known = CONDITIONS.get(reason.code)
    return known is not None and known.prompt


def _to_wire(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return value.total_seconds() if isinstance(value, timedelta) else value


def _from_wire(kind: Any, value: Any) -> Any:
    """Return a parameter as its declaration wants it. Raises TypeError or ValueError."""
    if kind in (date, datetime) and isinstance(value, str):
        return kind.fromisoformat(value)
    if kind is timedelta and isinstance(value, int | float):
        return timedelta(seconds=value)
    if kind in (int, float) and not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return value


class _Texts(Formatter):
    """Fills a text in a language."""

    def __init__(self, language: Language, zone: tzinfo) -> None:
        self._language = language
        self._zone = zone

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return a parameter as text."""
        if "|" in format_spec:
            return plural(self._language, round(float(value)), format_spec)  # as it is shown beside it
        if isinstance(value, tuple | list):
            return "; ".join(self.format_field(one, "") for one in value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return format(value, format_spec).translate(DIGIT_MARKS[self._language])
        return self._named(value, format_spec)

    def _named(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Reason):
            return render(value, self._language, self._zone)
        if isinstance(value, datetime):
            return f"{value.astimezone(self._zone):{format_spec or '%d.%m %H:%M'}}"
        if isinstance(value, date):
            return f"{value:{format_spec or '%d.%m'}}"
        return self._length(value) if isinstance(value, timedelta) else str(value)

    def _length(self, length: timedelta) -> str:
        seconds = round(length.total_seconds())
        units = ("с", "хв", "год") if self._language is Language.UK else ("s", "min", "h")
        size, unit = (1, 0) if seconds < 120 else (60, 1) if seconds < 7200 else (3600, 2)
        return f"{round(seconds / size)} {units[unit]}"
