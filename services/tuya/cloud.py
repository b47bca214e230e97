"""A client of Tuya's cloud that signs its own requests: one token per action, timeouts, a condition for every refusal.

tinytuya's Cloud has no timeout and no choice of endpoint, and never works again after a failed token.
"""

import hashlib
import hmac
import json
import logging
import time
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Self
from urllib.parse import quote, unquote, urlsplit

import requests
import urllib3

from services.tuya.account import Device, to_device
from services.tuya.connection import CloudUnreachableError, OurWayError
from services.tuya.grid_rules import GangStates
from services.tuya.plug import Plug
from shared.conditions import Reason, plugs
from shared.conditions.system import TIMED_OUT, os_reason
from shared.errors import BadReplyError, CommandRefusedError, DeviceError, DeviceOfflineError
from shared.http_body import BodyTooLongError, BodyTooSlowError, bounded_body

log = logging.getLogger("cloud")

TIMEOUT_S = (3.0, 5.0)
TOTAL_S = 20.0
"""For a whole answer: one that trickles in never exceeds the timeout of a read."""
MOST_BYTES = 8_000_000
"""A thousand devices take less than four megabytes."""
LONGEST_CODE = 20
PAGE_SIZE = 50
MOST_PAGES = 100
TOKEN_GONE = {1002, 1010, 1011, 1012, 1400}
BAD_VALUE = {1000, 1100, 1101, 1102, 1104, 1109, 2006}
REFUSALS = {
    1001: plugs.CLOUD_BAD_SECRET,
    1004: plugs.CLOUD_BAD_SIGNATURE,
    1005: plugs.CLOUD_BAD_ID,
    1007: plugs.CLOUD_BAD_ID,
    1008: plugs.CLOUD_BAD_ID,
    **dict.fromkeys(BAD_VALUE, plugs.CLOUD_BAD_VALUE),
    1106: plugs.CLOUD_ACCESS_DENIED,
    1108: plugs.CLOUD_UNKNOWN_PATH,
    1114: plugs.CLOUD_ADDRESS_REFUSED,
    2007: plugs.CLOUD_ADDRESS_REFUSED,
    2009: plugs.CLOUD_NOT_SWITCHABLE,
    2010: plugs.CLOUD_UNKNOWN_DEVICE,
    2406: plugs.CLOUD_NOT_LINKED,
    28841001: plugs.CLOUD_NO_PERMISSION,
    28841002: plugs.CLOUD_PLAN_EXPIRED,
    28841004: plugs.CLOUD_QUOTA_USED_UP,
    28841101: plugs.CLOUD_NOT_SUBSCRIBED,
    28841105: plugs.CLOUD_NOT_AUTHORIZED,
    28841106: plugs.CLOUD_NOT_SUBSCRIBED,
    28841107: plugs.CLOUD_SUSPENDED,
}
UNKNOWN_SWITCH = {2003, 2008}
"""Also the answer of the older path if a device can be switched but has no standard instructions."""
CLOCK_REFUSED = 1013
OFFLINE = {2001: plugs.CLOUD_PLUG_OFFLINE}
BAD_REPLIES = {
    500: plugs.CLOUD_TROUBLE,
    **dict.fromkeys(TOKEN_GONE, plugs.CLOUD_TOKEN_EXPIRED),
    1103: plugs.CLOUD_NOT_DELIVERED,
    1110: plugs.CLOUD_BUSY,
    1111: plugs.CLOUD_TROUBLE,
    1112: plugs.CLOUD_SYNCING,
    1113: plugs.CLOUD_BUSY,
    1199: plugs.CLOUD_BUSY,
}


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


class _UnknownSwitchError(CommandRefusedError):
    """The cloud does not know this command for the device."""


class Credentials:
    """Our account at the cloud, and its address."""

    def __init__(self, endpoint: str, client_id: str, secret: str, *, user_id: str = "", schema: str = "") -> None:
        self.endpoint = endpoint.rstrip("/")
        self.client_id = client_id
        self.secret = secret
        self.user_id = user_id
        self.schema = schema


class CloudClient:
    """One action at the cloud, with its own token. It blocks, so use it in a thread."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._token = ""
        self._session = requests.Session()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def read(self, plug: Plug) -> GangStates:
        """Return whether each gang is on. Raises DeviceOfflineError if the cloud has no contact with the plug."""
        device = to_device(self._result("GET", f"/v1.0/devices/{plug.id}", dict))
        if not device.online:
            raise DeviceOfflineError(plugs.cloud_no_contact(name=plug.title))
        return device.reading(plug)

    def switch(self, plug: Plug, values: Mapping[str, bool]) -> None:
        """Send a command; the cloud confirms before anything has happened, so read it back."""
        content = {"commands": [{"code": gang, "value": on} for gang, on in values.items()]}
        try:
            self._result("POST", f"/v1.0/devices/{plug.id}/commands", bool, content)
        except _UnknownSwitchError as refusal:
            if self._request("POST", f"/v1.0/iot-03/devices/{plug.id}/commands", content).get("result") is not True:
                raise refusal from None

    def devices(self) -> list[Device]:
        """Return all devices of the account: of the configured user, of the app's users, or of all linked users."""
        if self._credentials.user_id or self._credentials.schema:
            listed = (self._result("GET", f"/v1.0/users/{user}/devices", list) for user in self._users())
            records = list(chain.from_iterable(listed))
        else:
            records = list(self._pages("/v1.0/iot-01/associated-users/devices", "devices"))
        return [to_device(one) for one in records if isinstance(one, dict) and isinstance(one.get("id"), str)]

    def gang_names(self, id_: str) -> dict[str, str]:
        """Return the owner's names for the switches of a device, from the app."""
        listed = self._result("GET", f"/v1.0/devices/{id_}/multiple-names", list)
        known = [one for one in listed if isinstance(one, dict)]
        return {str(one["identifier"]): str(one["name"]) for one in known if one.get("identifier") and one.get("name")}

    def _users(self) -> list[str]:
        """Return the configured user, otherwise the app's users that are linked to the project."""
        if self._credentials.user_id:
            return [self._credentials.user_id]
        url = f"/v2.0/apps/{self._credentials.schema}/users?page_no=1&page_size=50"
        listed = self._result("GET", url, dict).get("list")
        return [str(user["uid"]) for user in listed or [] if isinstance(user, dict) and "uid" in user]

    def _pages(self, url: str, key: str) -> Iterator[Any]:
        """Yield the rows of all pages of a list."""
        last = ""
        for _ in range(MOST_PAGES):
            query = f"?last_row_key={quote(last, safe='')}&size={PAGE_SIZE}" if last else f"?size={PAGE_SIZE}"
            page = self._result("GET", url + query, dict)
            rows = page.get(key)
            yield from rows if isinstance(rows, list) else []
            last = str(page.get("last_row_key") or "")
            if page.get("has_more") is not True or not last:
                return

    def _result(self, method: str, url: str, kind: type[Any], content: Any = None) -> Any:
        """Return the result of a request, which is repeated once if the token has expired."""
        if not self._token:
            self._renew_token()
        answer = self._request(method, url, content)
        if _code(answer) in TOKEN_GONE:
            self._renew_token()
            answer = self._request(method, url, content)
        return checked(answer, kind)

    def _renew_token(self) -> None:
        self._token = ""
        granted = checked(self._request("GET", "/v1.0/token?grant_type=1"), dict).get("access_token")
        if not isinstance(granted, str) or not granted:
            raise BadReplyError(plugs.CLOUD_NO_TOKEN())
        self._token = granted

    def _request(self, method: str, url: str, content: Any = None) -> dict[str, Any]:
        body = "" if content is None else json.dumps(content)
        t = str(int(time.time() * 1000))
        own = self._credentials
        signature = sign(own.secret, method, unquote(url), client_id=own.client_id, t=t, body=body, token=self._token)
        headers = {"client_id": own.client_id, "sign": signature, "t": t, "sign_method": "HMAC-SHA256"}
        headers |= {"access_token": self._token} if self._token else {}
        headers |= {"Content-Type": "application/json"} if body else {}
        try:
            response = self._session.request(
                method,
                own.endpoint + url,
                headers=headers,
                data=body or None,
                timeout=TIMEOUT_S,
                allow_redirects=False,
                stream=True,
            )
            received = _received(response, time.monotonic() + TOTAL_S)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            host = urlsplit(own.endpoint).hostname or own.endpoint
            raise CloudUnreachableError(plugs.cloud_unreachable(host=host, cause=_cause(error))) from None
        try:
            answer = json.loads(received)
        except (ValueError, RecursionError):
            raise CloudUnreachableError(plugs.CLOUD_NO_JSON()) from None
        if not isinstance(answer, dict) or "success" not in answer:
            raise CloudUnreachableError(plugs.not_tuya(endpoint=own.endpoint))
        return answer


class CloudPlug:
    """One plug through the cloud."""

    def __init__(self, credentials: Credentials, plug: Plug) -> None:
        self._client = CloudClient(credentials)
        self._plug = plug

    def read(self) -> GangStates:
        """Return whether each gang is on."""
        return self._client.read(self._plug)

    def switch(self, values: Mapping[str, bool]) -> None:
        """Send a command."""
        self._client.switch(self._plug, values)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def _received(response: requests.Response, until_s: float) -> bytes:
    """Return the body of an answer, or nothing if it is too long. Raises errors of requests and urllib3."""
    with response:
        try:
            return bounded_body(response.raw, most=MOST_BYTES, until_s=until_s)
        except BodyTooLongError:
            return b""
        except BodyTooSlowError:
            raise requests.Timeout from None


def _cause(error: Exception) -> Reason:
    """Return why the cloud was not reached, as far as the operating system knows."""
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return TIMED_OUT()
    if isinstance(error, requests.exceptions.SSLError):
        return plugs.CLOUD_BROKEN_TLS()
    cause: BaseException | None = error
    while cause:
        if isinstance(cause, OSError) and not isinstance(cause, requests.RequestException):
            return os_reason(cause)
        cause = getattr(cause, "reason", None) or cause.__cause__ or cause.__context__
    return os_reason(ConnectionError())


def checked(answer: dict[str, Any], kind: type[Any]) -> Any:
    """Return the result from an answer of the cloud. Raises DeviceError."""
    if answer.get("success") is not True:
        raise _failure(answer)
    result = answer.get("result")
    if not isinstance(result, kind) or result is False:
        raise BadReplyError(plugs.CLOUD_WRONG_ANSWER())
    return result


def _failure(answer: dict[str, Any]) -> DeviceError:
    code = _code(answer)
    if code in UNKNOWN_SWITCH:
        return _UnknownSwitchError(plugs.CLOUD_UNKNOWN_SWITCH())
    if code in REFUSALS:
        return CommandRefusedError(REFUSALS[code]())
    if code == CLOCK_REFUSED:
        return OurWayError(plugs.CLOUD_CLOCK())
    if code in OFFLINE:
        return DeviceOfflineError(OFFLINE[code]())
    if code in BAD_REPLIES:
        return BadReplyError(BAD_REPLIES[code]())
    given = str(answer.get("code"))[:LONGEST_CODE]
    log.warning("The Tuya cloud reports error %s: %s", given, str(answer.get("msg"))[:100])
    return BadReplyError(plugs.cloud_error(number=given))


def _code(answer: dict[str, Any]) -> int | None:
    """Return the number of an error, which may be given as text, or None if it is not a number."""
    code = answer.get("code")
    if isinstance(code, str) and code.isascii() and code.isdecimal() and len(code) <= LONGEST_CODE:
        return int(code)
    return code if isinstance(code, int) else None
