"""ntfy: publishes to a topic of ntfy.sh or of your own server, by its JSON API (docs.ntfy.sh/publish)."""

import json
import time
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3

from services.bot.telegram.api import ChatUnreachableError, TransientError
from shared.conditions import Reason, system
from shared.conditions import bot as conditions
from shared.http_body import BodyTooLongError, BodyTooSlowError, bounded_body

TIMEOUT_S = 20
IN_ALL_S = 60.0
MOST_BYTES = 100_000
LOUD, SILENT = 4, 2
WRONG = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)


class Ntfy:
    """A topic. Its name works like a password on a public server, so no address is ever logged."""

    name = "ntfy"

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        path, _, self._topic = parts.path.rstrip("/").rpartition("/")
        self._server = urlunsplit((parts.scheme, parts.netloc, path or "/", "", ""))
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def deliver(self, title: str, text: str, *, silent: bool) -> None:
        """Publish a message."""
        message = {"topic": self._topic, "title": title, "message": text, "priority": SILENT if silent else LOUD}
        try:
            status, said = self._post(message)
        except (requests.Timeout, urllib3.exceptions.TimeoutError, BodyTooSlowError):
            raise _failed(system.TIMED_OUT()) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError):
            raise _failed(conditions.CONNECTION_FAILED()) from None
        if status != HTTPStatus.OK:
            reason = conditions.http_status(status=status)
            raise ChatUnreachableError(reason) if status in WRONG and "code" in said else _failed(reason)
        if said.get("event") != "message":
            raise _failed(conditions.ODD_ANSWER())

    def _post(self, message: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return the status, and ntfy's answer: a message, or an error with a code; nothing if it is not ntfy."""
        until_s = time.monotonic() + IN_ALL_S
        with requests.post(
            self._server, json=message, headers=self._headers, timeout=TIMEOUT_S, allow_redirects=False, stream=True
        ) as answer:
            try:
                said = json.loads(bounded_body(answer.raw, most=MOST_BYTES, until_s=until_s))
            except (BodyTooLongError, ValueError, RecursionError):
                said = None
        return answer.status_code, said if isinstance(said, dict) else {}


def _failed(cause: Reason) -> TransientError:
    return TransientError(conditions.channel_unreachable(channel=Ntfy.name, cause=cause))
