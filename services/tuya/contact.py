"""Whether plugs answer: a single silent plug has its own problem, if all are silent it is the network's. Pure."""

from collections.abc import Iterable
from enum import StrEnum

from services.tuya.actions import Outcome
from services.tuya.connection import LostConnectionError, NoNetworkError, OurWayError
from shared.conditions import Reason, plugs
from shared.errors import DeviceError, DeviceOfflineError
from shared.messages import Via

FEWEST = 2
"""Fewer plugs silent at once prove nothing."""


class Contact(StrEnum):
    """What the last attempts have shown of a plug."""

    UNKNOWN = "unknown"
    """It has not answered since the start, and there is no other explanation."""
    ANSWERS = "answers"
    """It, or something in its place, answers, if only by hanging up."""
    SILENT = "silent"
    """It does not answer, although it has answered before."""
    CUT_OFF = "cut_off"
    """We have no network to reach it through."""


def after_contact(contact: Contact, via: Via, outcome: Outcome) -> Contact:
    """Return the contact after an attempt. An answer of the cloud says nothing about the plugs' network."""
    if not isinstance(outcome, DeviceError):
        return Contact.ANSWERS
    if via is Via.CLOUD:
        return contact
    if isinstance(outcome, NoNetworkError):
        return Contact.CUT_OFF
    is_nobody_there = isinstance(outcome, DeviceOfflineError) and not isinstance(
        outcome, OurWayError | LostConnectionError
    )
    if not is_nobody_there:
        return Contact.ANSWERS
    return Contact.UNKNOWN if contact is Contact.UNKNOWN else Contact.SILENT


def common_trouble(contacts: Iterable[Contact]) -> Reason | None:
    """Return why no plug answers; None if one does, or if too few are known to conclude anything."""
    known = [one for one in contacts if one is not Contact.UNKNOWN]
    if len(known) < FEWEST or Contact.ANSWERS in known:
        return None
    if all(one is Contact.CUT_OFF for one in known):
        return plugs.cut_off(count=len(known))
    return plugs.none_answers(count=len(known))
