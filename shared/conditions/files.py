"""Files of ours, and values in them that cannot be used."""

from shared.conditions.condition import Reason, condition, simple

EMPTY = simple("file.empty", uk="він порожній", en="it is empty")


@condition("file.unreadable", uk="{name} {file} не читається: {cause}.", en="{name} {file} cannot be read: {cause}.")
def unreadable(*, name: str, file: str, cause: Reason) -> None:
    """A file that a setting names cannot be read."""


@condition(
    "file.unwritable", uk="{name} {file} не записується: {cause}.", en="{name} {file} cannot be written: {cause}."
)
def unwritable(*, name: str, file: str, cause: Reason) -> None:
    """A file that a setting names cannot be written."""


@condition("value.at", uk="{place}: {fault}", en="{place}: {fault}")
def at(*, place: str, fault: Reason) -> None:
    """What is wrong at a place within something larger."""
