"""The devices of the account: which are plugs, which are new, and where they disagree with the list."""

import pytest

from services.tuya.account import mismatch, to_device, to_plug, unlisted
from services.tuya.plug import Plug
from shared.conditions import Reason, plugs

KEY = "0123456789abcdef"
RECORD = {
    "id": "bf1",
    "name": "Boiler",
    "local_key": KEY,
    "online": True,
    "status": [{"code": "switch_1", "value": True}],
}
DEVICE = to_device(RECORD)


def test_a_device_becomes_a_disabled_plug_with_its_key() -> None:
    plug = to_plug(DEVICE)
    assert plug == Plug(id="bf1", name="Boiler", enabled=False, local_key=KEY)
    assert KEY not in repr(plug) + repr(DEVICE)


@pytest.mark.parametrize(
    "record",
    [
        RECORD | {"id": "an id with blanks"},
        RECORD | {"status": []},
        RECORD | {"status": "odd"},
        RECORD | {"status": [{"code": "child_lock", "value": True}]},
        {},
    ],
)
def test_what_is_no_plug_is_not_listed(record: dict[str, object]) -> None:
    assert unlisted([to_device(record)], {}) == []


def test_only_what_is_not_listed_is_new_and_each_once() -> None:
    other = to_device(RECORD | {"id": "bf2", "local_key": "short"})
    listed = {"bf1": Plug(id="bf1")}
    assert unlisted([DEVICE, other, other], listed) == [
        Plug(id="bf2", name="Boiler", enabled=False),
    ]


@pytest.mark.parametrize(
    ("fields", "in_account", "reason"),
    [
        ({"local_key": KEY}, True, None),
        ({}, True, None),
        ({"local_key": "f" * 16}, True, plugs.new_key(name="Boiler")),
        ({}, False, plugs.not_in_account(name="Boiler")),
        ({"local_key": KEY, "host": "192.168.1.40"}, False, None),
    ],
    ids=["same-key", "no-key-of-ours", "new-key", "unknown-id", "local-only"],
)
def test_where_list_and_account_disagree(fields: dict[str, str], in_account: bool, reason: Reason | None) -> None:
    plug = Plug.model_validate({"id": "bf1", "name": "Boiler"} | fields)
    assert mismatch(plug, DEVICE if in_account else None) == reason


def test_a_reading_names_the_gangs_that_the_list_has() -> None:
    assert DEVICE.reading(Plug(id="bf1", gangs=["switch_1", "switch_2"])) == {"switch_1": True, "switch_2": None}
