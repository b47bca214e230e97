"""ntfy: publishes to a topic of ntfy.sh or of a server of one's own, by its JSON API (docs.ntfy.sh/publish)."""

from http import HTTPStatus
from urllib.parse import urlsplit, urlunsplit

import requests

from services.bot.telegram.api import ChatUnreachableError, TransientError
from shared.conditions import Reason, system
from shared.conditions import bot as conditions

TIMEOUT_S = 20
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
            answer = requests.post(
                self._server, json=message, headers=self._headers, timeout=TIMEOUT_S, allow_redirects=False
            )
        except requests.Timeout:
            raise _failed(system.TIMED_OUT()) from None
        except requests.RequestException:
            raise _failed(conditions.CONNECTION_FAILED()) from None
        if answer.status_code != HTTPStatus.OK:
            reason = conditions.http_status(status=answer.status_code)
            raise ChatUnreachableError(reason) if answer.status_code in WRONG and _is_ntfy(answer) else _failed(reason)
        if not _is_ntfy(answer):
            raise _failed(conditions.ODD_ANSWER())


def _failed(cause: Reason) -> TransientError:
    return TransientError(conditions.channel_unreachable(channel=Ntfy.name, cause=cause))


def _is_ntfy(answer: requests.Response) -> bool:
    """Whether ntfy itself has answered: a message, or an error with a code."""
    try:
        given = answer.json()
    except requests.JSONDecodeError:
        return False
    return isinstance(given, dict) and (given.get("event") == "message" if answer.ok else "code" in given)
