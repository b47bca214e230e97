"""Tuya's cloud, signed by ourselves: a token an action, bounded in time, every refusal in a plain sentence.

tinytuya's Cloud has no timeout, no endpoint, and is dead for good after one token that failed.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlsplit

import requests

from services.tuya.plugs import Plug
from shared.errors import BadReplyError, CommandRefusedError, DeviceError, DeviceOfflineError

TIMEOUT_S = (3.0, 5.0)
TOKEN_GONE = {1010, 1011, 1012, 1400}
ACCOUNT = "The Tuya cloud refuses {}: check TUYA_ACCESS_ID and TUYA_ACCESS_SECRET against the project at iot.tuya.com."
REFUSALS = {
    1001: ACCOUNT.format("the secret"),
    1004: ACCOUNT.format("the signature, so TUYA_ACCESS_SECRET is wrong"),
    1005: ACCOUNT.format("TUYA_ACCESS_ID"),
    1106: "The Tuya cloud denies access: the device is not in this account, or TUYA_ENDPOINT is another region's.",
    2003: "The plug does not know this switch: see its gangs in the list of plugs.",
    2008: "The plug does not know this switch: see its gangs in the list of plugs.",
    2009: "The Tuya cloud cannot switch this kind of device.",
    2010: "The device is not in this account.",
    28841001: "The Tuya project has no permission for this: subscribe it to IoT Core at iot.tuya.com.",
    28841002: "The Tuya cloud plan has expired: extend it at iot.tuya.com (Cloud, Cloud Services, IoT Core).",
    28841004: "The quota of the Tuya trial plan is used up: it is filled again next month (iot.tuya.com).",
    28841101: "The Tuya project has not subscribed to this API: add IoT Core to it at iot.tuya.com.",
    28841105: "The Tuya project is not authorized for this API: authorize IoT Core for it at iot.tuya.com.",
    28841106: "The Tuya project has not subscribed to this API: add IoT Core to it at iot.tuya.com.",
}
PASSING = {
    1013: "The Tuya cloud refuses the time of this machine: its clock is wrong. Trying again.",
    2001: "The Tuya cloud says that the plug is offline.",
}


class CloudSilentError(DeviceOfflineError):
    """The cloud was not reached, so nothing was counted."""


def sign(
    secret: str,
    method: str,
    url: str,
    *,
    client_id: str,
    t: str,
    body: str = "",
    token: str = "",
    nonce: str = "",
    signed_headers: Mapping[str, str] | None = None,
) -> str:
    """Return the signature of a request; url is path and decoded query."""
    headers = "".join(f"{name}:{value}\n" for name, value in (signed_headers or {}).items())
    content = hashlib.sha256(body.encode()).hexdigest()
    text = f"{client_id}{token}{t}{nonce}{method}\n{content}\n{headers}\n{url}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest().upper()


class Account:
    """Who we are at the cloud, and where it is."""

    def __init__(self, endpoint: str, client_id: str, secret: str, *, user_id: str = "", schema: str = "") -> None:
        self.endpoint = endpoint.rstrip("/")
        self.client_id = client_id
        self.secret = secret
        self.user_id = user_id
        self.schema = schema


class CloudTalk:
    """One action at the cloud, with a token of its own. Blocks; for a thread of its own."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._token = ""
        self._session = requests.Session()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the connection go."""
        self._session.close()

    def read(self, plug: Plug) -> dict[str, bool | None]:
        """Return what each gang is, or raise DeviceOfflineError where the cloud has no contact to the plug."""
        device = self._result("GET", f"/v1.0/devices/{plug.id}", dict)
        if device.get("online") is not True:
            raise DeviceOfflineError(f"The Tuya cloud has no contact to {plug.title}.")
        values = _values(device)
        return {gang: values.get(gang) for gang in plug.gangs}

    def switch(self, plug: Plug, wants: Mapping[str, bool]) -> None:
        """Tell it what its gangs should be; the cloud says yes before anything has moved, so read it back."""
        commands = [{"code": gang, "value": on} for gang, on in wants.items()]
        self._result("POST", f"/v1.0/devices/{plug.id}/commands", bool, {"commands": commands})

    def devices(self) -> list[dict[str, Any]]:
        """Return the records of every device of the account: with local keys, not for a log."""
        return [
            device
            for user in self._users()
            for device in self._result("GET", f"/v1.0/users/{user}/devices", list)
            if isinstance(device, dict) and isinstance(device.get("id"), str)
        ]

    def _users(self) -> list[str]:
        """Return the app's users that are linked to the project, unless one is configured."""
        if self._account.user_id:
            return [self._account.user_id]
        if not self._account.schema:
            return []
        url = f"/v2.0/apps/{self._account.schema}/users?page_no=1&page_size=50"
        listed = self._result("GET", url, dict).get("list")
        return [str(user["uid"]) for user in listed or [] if isinstance(user, dict) and "uid" in user]

    def _result(self, method: str, url: str, kind: type[Any], content: Any = None) -> Any:
        """Ask, once more with a new token where the old one is gone, and return what was asked for."""
        if not self._token:
            self._renew()
        answer = self._ask(method, url, content)
        if answer.get("code") in TOKEN_GONE:
            self._renew()
            answer = self._ask(method, url, content)
        return _checked(answer, kind)

    def _renew(self) -> None:
        self._token = ""
        granted = _checked(self._ask("GET", "/v1.0/token?grant_type=1"), dict).get("access_token")
        if not isinstance(granted, str) or not granted:
            raise BadReplyError("The Tuya cloud gives no token.")
        self._token = granted

    def _ask(self, method: str, url: str, content: Any = None) -> dict[str, Any]:
        body = "" if content is None else json.dumps(content)
        t = str(int(time.time() * 1000))
        account = self._account
        signature = sign(account.secret, method, url, client_id=account.client_id, t=t, body=body, token=self._token)
        headers = {"client_id": account.client_id, "sign": signature, "t": t, "sign_method": "HMAC-SHA256"}
        headers |= {"access_token": self._token} if self._token else {}
        headers |= {"Content-Type": "application/json"} if body else {}
        try:
            response = self._session.request(
                method,
                account.endpoint + url,
                headers=headers,
                data=body or None,
                timeout=TIMEOUT_S,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            host = urlsplit(account.endpoint).hostname
            raise CloudSilentError(f"No answer from the Tuya cloud at {host} ({type(error).__name__}).") from None
        try:
            answer = response.json()
        except ValueError:
            raise CloudSilentError("The Tuya cloud answers something that is no JSON: it has trouble.") from None
        if not isinstance(answer, dict) or "success" not in answer:
            raise CloudSilentError(f"What answers at {account.endpoint} is no Tuya cloud: check TUYA_ENDPOINT.")
        return answer


def _checked(answer: dict[str, Any], kind: type[Any]) -> Any:
    if answer.get("success") is not True:
        raise _failure(answer)
    result = answer.get("result")
    if not isinstance(result, kind) or result is False:
        raise BadReplyError("The Tuya cloud says yes, and not what was asked.")
    return result


def _failure(answer: dict[str, Any]) -> DeviceError:
    code = answer.get("code")
    if code in REFUSALS:
        return CommandRefusedError(REFUSALS[code])
    if code in PASSING:
        return DeviceOfflineError(PASSING[code])
    return BadReplyError(f'The Tuya cloud says "{str(answer.get("msg"))[:100]}" (code {code}).')


def _values(device: dict[str, Any]) -> dict[str, bool]:
    """Return the switches among the values of a device."""
    status = device.get("status")
    pairs = [one for one in status if isinstance(one, dict)] if isinstance(status, list) else []
    return {str(one.get("code")): one["value"] for one in pairs if isinstance(one.get("value"), bool)}


def gang_of(device: dict[str, Any]) -> str | None:
    """Return the switch that a device of the account has first of all, None where it has none."""
    return next((code for code in ("switch_1", "switch", "switch_led") if code in _values(device)), None)
