"""The devices of the account: which are plugs, which are new, and where they disagree with the list."""

import pytest

from services.tuya.account import mismatch, missing_key, to_device, to_plug, unlisted
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
    (new,) = unlisted([DEVICE, other, other], listed)
    assert to_plug(new) == Plug(id="bf2", name="Boiler", enabled=False)


@pytest.mark.parametrize(
    ("category", "codes", "gangs"),
    [
        ("dlq", ["switch", "switch_prepayment"], {"switch": 16}),
        ("zndb", ["switch_prepayment", "clear_energy", "switch", "event_clear"], {"switch": 16}),
        ("dlq", ["switch_1"], {"switch_1": 1}),
        ("cz", ["switch"], {"switch": 1}),
    ],
)
def test_a_breaker_that_counts_energy_has_its_switch_behind_that(
    category: str, codes: list[str], gangs: dict[str, int]
) -> None:
    status = [{"code": code, "value": True} for code in codes] + [{"code": "total_forward_energy", "value": 40142}]
    assert to_device(RECORD | {"status": status, "category": category}).gangs == gangs


@pytest.mark.parametrize(
    ("codes", "gangs"),
    [
        (["switch_2", "switch_1", "child_lock"], {"switch_1": 1, "switch_2": 2}),
        (["switch", "switch_1", "switch_2"], {"switch_1": 1, "switch_2": 2}),
        (["switch", "switch_backlight"], {"switch": 1}),
        (["switch_led"], {"switch_led": 20}),
        (["switch_led_1", "switch_led_2"], {"switch_led_1": 1, "switch_led_2": 7}),
        (["switch_1", "switch_usb1", "switch_usb2"], {"switch_1": 1, "switch_usb1": 7, "switch_usb2": 8}),
        (["switch_inching", "switch_pir", "switch_alarm_sound"], {}),
    ],
)
def test_a_strip_has_all_its_switches(codes: list[str], gangs: dict[str, int]) -> None:
    status = [{"code": code, "value": True} for code in codes]
    assert to_device(RECORD | {"status": status}).gangs == gangs


def test_of_two_hundred_devices_plugs_are_enabled_lamps_listed_and_doors_left_out() -> None:
    categories = ("cz", "dj", "ckmkzq", "cl", "ms", "kg", "tdq", "kt")
    records = [RECORD | {"id": f"bf{number}", "category": categories[number % 8]} for number in range(200)]
    devices = unlisted(map(to_device, records), {})
    listed = {plug.id: plug for one in devices if (plug := to_plug(one, enabled=True))}
    assert len(listed) == 125
    enabled = {records[int(id_[2:])]["category"] for id_, plug in listed.items() if plug.enabled}
    assert enabled == {"cz", "kg", "tdq"}
    assert all(plug.seen is not plug.enabled for plug in listed.values())


def test_a_key_that_its_owner_has_left_out_is_the_account_s() -> None:
    assert missing_key(Plug(id="bf1"), DEVICE) == KEY
    assert missing_key(Plug(id="bf1", local_key="f" * 16), DEVICE) == ""
    assert missing_key(Plug(id="bf1", mode="cloud"), DEVICE) == ""


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
