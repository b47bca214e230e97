"""The faults that pydantic finds, as conditions with their places, to be rendered in the reader's language."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import AfterValidator, ValidationError
from pydantic_core import ErrorDetails

from shared.conditions import Reason, files, values

Context = Mapping[str, Any]

HOST = r"(?![^:]*:[0-9]*$)[\w.:%-]*"
"""A name or an address without scheme, port and quotes; IPv6 has several colons."""
QUOTED = re.compile(r"'([^']*)'")


class InvalidValueError(ValueError):
    """Raised by our own validators about a value."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.text)
        self.reason = reason


@dataclass(frozen=True)
class Fault:
    """One fault of some input; `kind` is pydantic's name for it, value_error for our own validators.

    The reason does not repeat the input, unless our validator did. repr hides `given`, which may be a secret.
    """

    location: tuple[int | str, ...]
    kind: str
    reason: Reason
    context: Context = field(default_factory=dict)
    given: object = field(default=None, repr=False, compare=False)

    @property
    def path(self) -> str:
        """The place as text such as `gangs.0`, "" for the input as a whole."""
        return ".".join(map(str, self.location))

    def at_its_place(self) -> Reason:
        """Return the reason after its place."""
        return files.at(place=self.path, fault=self.reason) if self.path else self.reason


def form(pattern: str, example: str) -> AfterValidator:
    """Return a validator of text: all of it must match, otherwise the error shows the example."""
    whole = re.compile(pattern)

    def is_of_the_form(text: str) -> str:
        if not whole.fullmatch(text):
            raise InvalidValueError(values.form(example=example))
        return text

    return AfterValidator(is_of_the_form)


def faults(error: ValidationError) -> list[Fault]:
    """Return all faults, in pydantic's order."""
    return [_fault(details) for details in error.errors(include_url=False)]


def first_fault(error: ValidationError) -> Fault:
    """Return the first fault."""
    return faults(error)[0]


def _fault(details: ErrorDetails) -> Fault:
    kind, context = details["type"], details.get("ctx", {})
    return Fault(details["loc"], kind, _reason(kind, context), context, details["input"])


def _reason(kind: str, context: Context) -> Reason:
    raised = context.get("error")
    if isinstance(raised, InvalidValueError):
        return raised.reason
    if isinstance(raised, Exception):
        return Reason.sentence(str(raised))
    if kind in LIMITS:
        name, condition = LIMITS[kind]
        limit = context[name]
        if not isinstance(limit, int | float):  # a moment, a duration
            return values.other(kind=kind)
        return condition(int(limit) if float(limit).is_integer() else limit)
    if kind in TEXTS:
        name, condition = TEXTS[kind]
        return condition(str(context[name]))
    family = next((family for family in FAMILIES if kind.startswith(family)), "")
    simple = SIMPLE.get(kind) or FAMILIES.get(family)
    return simple() if simple else values.other(kind=kind)


def _choices(expected: str) -> str:
    """Return the possible values without the English words between them."""
    return ", ".join(QUOTED.findall(expected) or expected.replace(" or ", ", ").split(", "))


LIMITS: dict[str, tuple[str, Callable[[Any], Reason]]] = {
    "greater_than_equal": ("ge", lambda limit: values.at_least(limit=limit)),
    "less_than_equal": ("le", lambda limit: values.at_most(limit=limit)),
    "greater_than": ("gt", lambda limit: values.more_than(limit=limit)),
    "less_than": ("lt", lambda limit: values.less_than(limit=limit)),
    "multiple_of": ("multiple_of", lambda step: values.multiple_of(step=step)),
    "string_too_short": ("min_length", lambda least: values.too_short(least=least)),
    "string_too_long": ("max_length", lambda most: values.too_long(most=most)),
    "too_short": ("min_length", lambda least: values.too_few(least=least)),
    "too_long": ("max_length", lambda most: values.too_many(most=most)),
}
TEXTS: dict[str, tuple[str, Callable[[str], Reason]]] = {
    "enum": ("expected", lambda expected: values.one_of(choices=_choices(expected))),
    "literal_error": ("expected", lambda expected: values.one_of(choices=_choices(expected))),
    "string_pattern_mismatch": ("pattern", lambda pattern: values.pattern(pattern=pattern)),
}
SIMPLE: dict[str, Callable[[], Reason]] = {
    "missing": values.MISSING,
    "extra_forbidden": values.NO_SUCH_SETTING,
    "int_parsing_size": values.TOO_LARGE,
    "finite_number": values.NOT_FINITE,
    "timezone_aware": values.NO_TIME_ZONE,
    "path_type": values.NOT_TEXT,
    "string_type": values.NOT_TEXT,
    "string_sub_type": values.NOT_TEXT,
    "string_unicode": values.NOT_TEXT,
    "list_type": values.NOT_A_LIST,
    "tuple_type": values.NOT_A_LIST,
    "set_type": values.NOT_A_LIST,
    "frozen_set_type": values.NOT_A_LIST,
    "dict_type": values.NOT_A_MAPPING,
    "mapping_type": values.NOT_A_MAPPING,
}
FAMILIES: dict[str, Callable[[], Reason]] = {
    "int_": values.NOT_WHOLE,
    "float_": values.NOT_A_NUMBER,
    "decimal_": values.NOT_A_NUMBER,
    "bool_": values.NOT_BOOL,
    "datetime_": values.NOT_A_MOMENT,
    "timezone_": values.NOT_A_MOMENT,
    "date_": values.NOT_A_DATE,
    "time_delta_": values.NOT_A_DURATION,
    "time_": values.NOT_A_TIME,
    "ip_": values.NOT_AN_IP_ADDRESS,
    "url_": values.NOT_AN_ADDRESS,
    "model_": values.NOT_A_MAPPING,
    "dataclass_": values.NOT_A_MAPPING,
    "json_": values.NOT_JSON,
}
"""By the prefixes of pydantic's names."""
