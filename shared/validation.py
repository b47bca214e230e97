"""What pydantic found wrong, in a form that sentences can be made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with some input.

    `message` is pydantic's English, or the text of a ValueError that a validator of ours raised; neither repeats the
    input, and `given` is not shown by repr: it may be a secret.
    """

    location: tuple[int | str, ...]
    kind: str
    message: str
    context: Mapping[str, Any] = field(default_factory=dict)
    given: object = field(default=None, repr=False, compare=False)

    @property
    def path(self) -> str:
        """The place as text such as `gangs.0`, "" for the input as a whole."""
        return ".".join(map(str, self.location))


def faults(error: ValidationError) -> list[Fault]:
    """Return everything that is wrong, in pydantic's order."""
    return [_fault(details) for details in error.errors(include_url=False)]


def first_fault(error: ValidationError) -> Fault:
    """Return the first thing that is wrong."""
    return faults(error)[0]


def _fault(details: ErrorDetails) -> Fault:
    context = details.get("ctx", {})
    raised = context.get("error")
    message = str(raised) if isinstance(raised, Exception) else details["msg"]
    return Fault(details["loc"], details["type"], message, context, details["input"])
