"""One dead plug is no trouble of the network; all of them are."""

import pytest

from services.tuya.actions import Outcome
from services.tuya.connection import CloudUnreachableError, LostConnectionError, NoNetworkError, OurWayError
from services.tuya.contact import Contact, after_contact, common_trouble
from shared.conditions import Condition, plugs
from shared.errors import BadReplyError, DeviceOfflineError
from shared.messages import Via

NOBODY = DeviceOfflineError(plugs.no_answer(name="x", host="h"))
NO_CLOUD = CloudUnreachableError(plugs.CLOUD_NO_JSON())
UNKNOWN, ANSWERS, SILENT, CUT_OFF = Contact


@pytest.mark.parametrize(
    ("before", "via", "outcome", "contact"),
    [
        (UNKNOWN, Via.LOCAL, {"switch_1": True}, ANSWERS),
        (UNKNOWN, Via.LOCAL, NOBODY, UNKNOWN),
        (ANSWERS, Via.LOCAL, NOBODY, SILENT),
        (SILENT, Via.LOCAL, LostConnectionError(plugs.hung_up(name="x", host="h")), ANSWERS),
        (SILENT, Via.LOCAL, BadReplyError(plugs.no_switch_in_answer(name="x")), ANSWERS),
        (SILENT, Via.LOCAL, OurWayError(plugs.another_plug(name="x", host="h")), ANSWERS),
        (UNKNOWN, Via.LOCAL, NoNetworkError(plugs.NO_NETWORK()), CUT_OFF),
        (SILENT, Via.CLOUD, NO_CLOUD, SILENT),
        (ANSWERS, Via.CLOUD, NO_CLOUD, ANSWERS),
        (SILENT, Via.CLOUD, {"switch_1": None}, ANSWERS),
    ],
)
def test_contact(before: Contact, via: Via, outcome: Outcome, contact: Contact) -> None:
    assert after_contact(before, via, outcome) is contact


@pytest.mark.parametrize(
    ("contacts", "condition"),
    [
        ([], None),
        ([SILENT], None),
        ([SILENT, UNKNOWN], None),
        ([SILENT, SILENT, ANSWERS], None),
        ([SILENT, SILENT, UNKNOWN], plugs.none_answers),
        ([SILENT, CUT_OFF], plugs.none_answers),
        ([CUT_OFF, CUT_OFF], plugs.cut_off),
    ],
)
def test_common_trouble(contacts: list[Contact], condition: Condition[[]] | None) -> None:
    found = common_trouble(contacts)
    assert (found and found.code) == (condition and condition.code)
