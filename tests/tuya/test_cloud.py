"""The cloud: signatures against the four vectors, and every refusal in a sentence, over real HTTP."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.tuya import cloud as ours
from services.tuya.account import to_device, to_plug
from services.tuya.cloud import CloudClient, Credentials, sign
from services.tuya.connection import CloudUnreachableError
from services.tuya.plug import Plug
from shared.conditions import Condition, Reason, plugs, system
from shared.errors import BadReplyError, CommandRefusedError, DeviceError, DeviceOfflineError
from simulators.tuya import signature
from simulators.tuya.cloud import SCHEMA, CloudFault
from simulators.tuya.plug import Plug as VirtualPlug
from tests.tuya.sky import Sky

VECTORS = json.loads((Path(__file__).parent / "sign_vectors.json").read_text())["vectors"]
PLUG = Plug(id="bf1", name="Kettle")


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_our_signature(vector: dict[str, Any]) -> None:
    made = sign(
        vector["secret"],
        vector["method"],
        vector["url"],
        client_id=vector["client_id"],
        t=vector["t"],
        body=vector["body"],
        token=vector["access_token"] or "",
        nonce=vector["nonce"],
        signed_headers=vector["headers"],
    )
    assert made == vector["sign"]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_the_signature_of_the_simulator(vector: dict[str, Any]) -> None:
    headers = {"client_id": vector["client_id"], "t": vector["t"], "nonce": vector["nonce"]}
    headers |= {"access_token": vector["access_token"] or "", "signature-headers": vector["signature_headers"]}
    headers |= {name.lower(): value for name, value in vector["headers"].items()}
    made = signature.expected(vector["secret"], vector["method"], vector["url"], vector["body"].encode(), headers)
    assert made == vector["sign"]


def switched_off(client: CloudClient) -> tuple[object, object]:
    before = client.read(PLUG)
    client.switch(PLUG, {"switch_1": False})
    return before, client.read(PLUG)


async def test_it_switches_and_reads_back_with_every_request_signed(sky: Sky) -> None:
    assert await sky.do(switched_off) == ({"switch_1": True}, {"switch_1": False})
    assert (sky.cloud.requests, sky.cloud.refused) == (4, 0)
    assert sky.plug.relays == {"switch_1": False}


async def test_what_is_refused_at_one_path_is_sent_to_the_newer_one(sky: Sky) -> None:
    sky.fail(CloudFault.NEW_PATH)
    assert await sky.do(switched_off) == ({"switch_1": True}, {"switch_1": False})
    assert (sky.cloud.requests, sky.cloud.refused) == (5, 1)


async def test_an_expired_token_is_renewed_and_the_command_is_not_lost(sky: Sky) -> None:
    sky.fail(CloudFault.TOKEN_DIES_ONCE)
    await sky.do(lambda client: client.switch(PLUG, {"switch_1": False}))
    assert sky.plug.relays == {"switch_1": False}


@pytest.mark.parametrize(
    ("fault", "kind", "condition", "sentence"),
    [
        (CloudFault.SILENT, DeviceOfflineError, plugs.cloud_unreachable, "No answer from the Tuya cloud at 127.0.0.1"),
        (CloudFault.HTML, DeviceOfflineError, plugs.CLOUD_NO_JSON, "no JSON"),
        (CloudFault.HALF_JSON, DeviceOfflineError, plugs.CLOUD_NO_JSON, "no JSON"),
        (CloudFault.HUGE, DeviceOfflineError, plugs.CLOUD_NO_JSON, "no JSON"),
        (CloudFault.ELSE, DeviceOfflineError, plugs.not_tuya, "is no Tuya cloud: check TUYA_ENDPOINT"),
        (CloudFault.QUOTA, CommandRefusedError, plugs.CLOUD_QUOTA_USED_UP, "quota of the Tuya trial plan is used up"),
        (CloudFault.PLAN, CommandRefusedError, plugs.CLOUD_PLAN_EXPIRED, "plan has expired"),
        (CloudFault.REGION, CommandRefusedError, plugs.CLOUD_ACCESS_DENIED, "another region"),
        (CloudFault.CLOCK, DeviceOfflineError, plugs.CLOUD_CLOCK, "its clock is wrong"),
        (CloudFault.BUSY, BadReplyError, plugs.CLOUD_BUSY, "too frequent"),
        (CloudFault.TOKENS_DIE, BadReplyError, plugs.CLOUD_TOKEN_EXPIRED, "token is expired"),
    ],
)
async def test_every_failure_has_its_condition(
    sky: Sky, fault: CloudFault, kind: type[DeviceError], condition: Condition[Any], sentence: str
) -> None:
    sky.fail(fault)
    with pytest.raises(kind, match=sentence) as caught:
        await sky.do(switched_off)
    assert caught.value.reason.code == condition.code
    assert sky.plug.relays == {"switch_1": True}


async def test_an_answer_that_never_ends_is_none(sky: Sky, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "TOTAL_S", 0.2)
    sky.fail(CloudFault.TRICKLE)
    with pytest.raises(CloudUnreachableError, match="no answer in time"):
        await sky.do(lambda client: client.read(PLUG))


async def test_why_the_cloud_is_not_reached_is_told_by_the_operating_system(sky: Sky) -> None:
    with pytest.raises(CloudUnreachableError) as caught:
        await sky.do(switched_off, endpoint="http://127.0.0.1:1")
    assert caught.value.reason == plugs.cloud_unreachable(host="127.0.0.1", cause=system.CONNECTION_REFUSED())
    sky.fail(CloudFault.SILENT)
    with pytest.raises(CloudUnreachableError) as caught:
        await sky.do(switched_off)
    assert caught.value.reason == plugs.cloud_unreachable(host="127.0.0.1", cause=system.TIMED_OUT())


def client_that_hears(answer: dict[str, Any]) -> CloudClient:
    """Return a client to which the cloud says the same, whatever is asked."""
    client = CloudClient(Credentials("http://127.0.0.1:9", "id", "secret"))
    client._request = lambda *_: answer  # type: ignore[method-assign]
    client._token = "t"
    return client


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"success": False, "code": 42, "msg": "a sentence of theirs"}, plugs.cloud_error(number="42")),
        ({"success": False}, plugs.cloud_error(number="None")),
        ({"success": False, "code": ["42"]}, plugs.cloud_error(number="['42']")),
        ({"success": False, "code": {"1010": 9}}, plugs.cloud_error(number="{'1010': 9}")),
        ({"success": False, "code": "1" * 999}, plugs.cloud_error(number="1" * 20)),
        ({"success": True, "result": []}, plugs.CLOUD_WRONG_ANSWER()),
        ({"success": True}, plugs.CLOUD_WRONG_ANSWER()),
    ],
)
def test_an_odd_answer_is_a_bad_reply_and_is_not_quoted(answer: dict[str, Any], reason: Reason) -> None:
    for ask in (lambda: ours.checked(answer, dict), lambda: client_that_hears(answer).read(PLUG)):
        with pytest.raises(BadReplyError) as caught:
            ask()
        assert caught.value.reason == reason


SUSPENDED = "No permission. The data center is suspended.Please go to the cloud development platform to enable it"


@pytest.mark.parametrize(
    ("code", "message", "kind", "reason"),
    [
        # rospogrigio/localtuya#1719, tuya/tuya-home-assistant#635 and #662, Tuya's table of global codes
        (28841107, SUSPENDED, CommandRefusedError, plugs.CLOUD_SUSPENDED()),
        (2406, "skill id invalid", CommandRefusedError, plugs.CLOUD_NOT_LINKED()),
        (1114, "your ip(91.2.3.4) don't have access to this API", CommandRefusedError, plugs.CLOUD_ADDRESS_REFUSED()),
        (2007, "cross region IP access is not allowed", CommandRefusedError, plugs.CLOUD_ADDRESS_REFUSED()),
        (500, "system error, please contact the admin", BadReplyError, plugs.CLOUD_TROUBLE()),
        (1111, "system is busy, please retry later", BadReplyError, plugs.CLOUD_TROUBLE()),
        (1110, "concurrent request over limit", BadReplyError, plugs.CLOUD_BUSY()),
        ("28841002", "Your subscription has expired", CommandRefusedError, plugs.CLOUD_PLAN_EXPIRED()),
        (1108, "uri path invalid", CommandRefusedError, plugs.CLOUD_UNKNOWN_PATH()),
        (1109, "param is illegal, please check it", CommandRefusedError, plugs.CLOUD_BAD_VALUE()),
        (1100, "param is empty", CommandRefusedError, plugs.CLOUD_BAD_VALUE()),
        (2006, "user not exist", CommandRefusedError, plugs.CLOUD_BAD_VALUE()),
        (1008, "invalid access", CommandRefusedError, plugs.CLOUD_BAD_ID()),
        (1103, "commands issue error", BadReplyError, plugs.CLOUD_NOT_DELIVERED()),
        (1112, "the user is syncing in the background", BadReplyError, plugs.CLOUD_SYNCING()),
        (1002, "access_token is null", BadReplyError, plugs.CLOUD_TOKEN_EXPIRED()),
        (1011, "token invalid", BadReplyError, plugs.CLOUD_TOKEN_EXPIRED()),
        (1400, "token invalid", BadReplyError, plugs.CLOUD_TOKEN_EXPIRED()),
    ],
)
def test_what_the_cloud_is_known_to_answer_is_put_into_words(
    code: object, message: str, kind: type[DeviceError], reason: Reason
) -> None:
    answer = {"success": False, "code": code, "msg": message, "t": 1732960000000, "tid": "0" * 32}
    for ask in (lambda: ours.checked(answer, dict), lambda: client_that_hears(answer).read(PLUG)):
        with pytest.raises(kind) as caught:
            ask()
        assert caught.value.reason == reason


@pytest.mark.parametrize("code", ["1010", 1002, 1011])
def test_a_token_that_died_is_renewed_also_where_its_code_is_a_text(code: object) -> None:
    client = client_that_hears({"success": True, "result": {"access_token": "new"}})
    answers = iter([{"success": False, "code": code}, {"success": True, "result": {"access_token": "new"}}])
    again = {"success": True, "result": {"id": "bf1", "online": True, "status": []}}
    client._request = lambda *_: next(answers, again)  # type: ignore[method-assign]
    assert client.read(PLUG) == {"switch_1": None}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"secret": "f" * 32}, "TUYA_ACCESS_SECRET is wrong"),
        ({"client_id": "nobody"}, "refuses TUYA_ACCESS_ID"),
    ],
)
async def test_wrong_credentials_are_named_without_the_secret(sky: Sky, changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(CommandRefusedError, match=sentence) as caught:
        await sky.do(switched_off, **changes)
    assert "f" * 32 not in str(caught.value)


async def test_an_id_that_is_not_in_the_account_is_refused(sky: Sky) -> None:
    with pytest.raises(CommandRefusedError, match="not in this account"):
        await sky.do(lambda client: client.read(Plug(id="bf2")))


async def test_a_plug_that_the_cloud_has_lost_is_offline(sky: Sky) -> None:
    sky.plug.online = False
    with pytest.raises(DeviceOfflineError, match="no contact to Kettle"):
        await sky.do(lambda client: client.read(PLUG))
    with pytest.raises(DeviceOfflineError, match="offline"):
        await sky.do(lambda client: client.switch(PLUG, {"switch_1": False}))


async def test_a_switch_that_the_plug_does_not_have_is_refused(sky: Sky) -> None:
    with pytest.raises(CommandRefusedError, match="does not have this switch"):
        await sky.do(lambda client: client.switch(PLUG, {"switch_7": False}))


@pytest.mark.parametrize("changes", [{}, {"user_id": "", "schema": SCHEMA}, {"user_id": ""}])
async def test_devices_are_listed_by_user_or_by_the_app(sky: Sky, changes: dict[str, str]) -> None:
    (device,) = await sky.do(lambda client: client.devices(), **changes)
    plug = to_plug(device)
    assert plug
    assert (plug.id, plug.name, plug.enabled, plug.gangs) == ("bf1", "Kettle", False, {"switch_1": 1})
    assert "0123456789abcdef" not in repr(plug)


@pytest.mark.parametrize(
    ("status", "gangs"),
    [
        ([{"code": "switch", "value": False}, {"code": "child_lock", "value": True}], {"switch": 1}),
        ([{"code": "switch_led", "value": True}], {"switch_led": 20}),
        ([{"code": "child_lock", "value": True}, {"code": "switch_1", "value": "on"}], None),
        (None, None),
    ],
)
def test_the_switch_of_a_device_is_a_relay(status: Any, gangs: dict[str, int] | None) -> None:
    plug = to_plug(to_device({"id": "x1", "status": status}))
    assert (plug and plug.gangs) == gangs


async def test_all_pages_of_linked_devices_are_read(sky: Sky) -> None:
    for number in range(120):
        sky.cloud.add(VirtualPlug(f"bf-{number}", "Lamp", "0123456789abcdef", "3.3", {"switch_1": 1}))
    assert len(await sky.do(lambda client: client.devices(), user_id="")) == 121


async def test_a_wrong_secret_is_reported_also_without_a_user_id(sky: Sky) -> None:
    with pytest.raises(CommandRefusedError, match="TUYA_ACCESS_SECRET is wrong"):
        await sky.do(lambda client: client.devices(), user_id="", secret="f" * 32)


async def test_gangs_have_the_names_of_the_app(sky: Sky) -> None:
    sky.plug.names = {"switch_1": "Lamp", "switch_2": ""}
    assert await sky.do(lambda client: client.gang_names("bf1")) == {"switch_1": "Lamp"}
