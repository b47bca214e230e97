"""The library's HTTP client, made to believe only answers of the Bot API.

A captive portal or a proxy may answer in Telegram's place with anything: a page with status 200, its own 403,
half an answer, or megabytes. None of that says anything about the token, the chat or the message.
"""

import asyncio
import json
from http import HTTPStatus
from typing import Any

from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import HTTPXRequest, RequestData

MOST_BYTES = 4_000_000
"""A hundred updates of the longest messages are below one megabyte."""


class OddAnswerError(NetworkError):
    """Something other than the Bot API has answered; `status` is its HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__("not an answer of the Bot API")
        self.status = status


class BotApiRequest(HTTPXRequest):
    """Limits how long a whole answer may take, and raises OddAnswerError for what the Bot API would not answer."""

    def __init__(self, connections: int, timeout_s: float, total_s: float) -> None:
        super().__init__(connections, timeout_s, timeout_s, 10.0, 10.0)
        self._total_s = total_s

    async def do_request(  # noqa: PLR0917 - the library's signature
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = HTTPXRequest.DEFAULT_NONE,
        write_timeout: Any = HTTPXRequest.DEFAULT_NONE,
        connect_timeout: Any = HTTPXRequest.DEFAULT_NONE,
        pool_timeout: Any = HTTPXRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Return the status and body of an answer of the Bot API."""
        try:
            async with asyncio.timeout(self._total_s):
                status, body = await super().do_request(
                    url, method, request_data, read_timeout, write_timeout, connect_timeout, pool_timeout
                )
        except TimeoutError:
            raise TimedOut from None
        if not is_from_bot_api(status, body):
            raise OddAnswerError(status)
        return status, body

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Parse what has been checked; the library's own version logs a traceback."""
        answer = parsed(payload)
        if answer is None:
            raise TelegramError("Invalid server response")
        return answer


def is_from_bot_api(status: int, body: bytes) -> bool:
    """Whether an answer has the form of the Bot API's: `ok` with a result, or an error that the status repeats."""
    answer = parsed(body)
    if answer is None:
        return False
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return answer.get("ok") is True and "result" in answer
    given = answer.get("parameters", {})
    return (
        answer.get("ok") is False
        and answer.get("error_code", status) == status
        and isinstance(answer.get("description", ""), str)
        and isinstance(given, dict)
        and all(isinstance(value, int) for value in given.values())
    )


def parsed(body: bytes) -> dict[str, Any] | None:
    """Return a JSON object, or None if there is none, or if it is too large to be Telegram's."""
    if len(body) > MOST_BYTES:
        return None
    try:
        answer = json.loads(body.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None
