"""One request to a source: limited in time and size, TLS always verified, no redirects to another host."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from shared.clock import utc_now
from shared.conditions import schedule
from shared.errors import BadReplyError, DeviceOfflineError
from shared.http_body import BodyTooLongError, BodyTooSlowError, bounded_body
from shared.version import program_version

CONNECT_S = 5.0
SILENCE_S = 10.0
IN_ALL_S = 20.0
LONGEST_BODY = 5_000_000
"""The largest real file, one of a whole region, has 200 kB."""
MOST_REDIRECTS = 3
BUSY = (429, 503)
LONGEST_WAIT = timedelta(hours=6)
"""A source that asks for a longer wait is asked again anyway: a mistyped header must not end the schedule."""
MOVED = (301, 302, 303, 307, 308)

HEADERS = {
    "User-Agent": f"easun-bridge/{program_version()} (reads the outage plan of one home)",
    "Accept": "application/json",
    "Accept-Language": "uk-UA,uk;q=0.9",
    "Accept-Encoding": "gzip, deflate",
}


class _Session(requests.Session):
    """Follows no redirects by itself, as it would read the whole body of each, however long."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
        return None


@dataclass(frozen=True)
class Fetched:
    """A body, the server's clock and the last modification, if sent, and the time in caches."""

    body: bytes
    server_time: datetime | None = None
    modified: datetime | None = None
    age: timedelta = timedelta()


class AskedToWaitError(BadReplyError):
    """The source asked not to be asked again for a while."""

    def __init__(self, wait: timedelta, status: int) -> None:
        super().__init__(schedule.http_status(status=status))
        self.wait = wait


class Fetch(Protocol):
    """Makes a request; raises DeviceOfflineError or BadReplyError with a part of a sentence."""

    def __call__(self, url: str, *, method: str = "GET") -> Fetched:
        """Return what the server answers."""
        ...


def fetch(url: str, *, method: str = "GET") -> Fetched:
    """Return the body of a 200; raise DeviceOfflineError for none and for a 5xx, BadReplyError for any other answer."""
    deadline = time.monotonic() + IN_ALL_S
    try:
        with _Session() as session:
            return _followed(session, method, url, deadline)
    except requests.exceptions.SSLError:
        raise BadReplyError(schedule.BAD_CERTIFICATE()) from None
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema):
        raise BadReplyError(schedule.BAD_ADDRESS()) from None
    except requests.exceptions.Timeout:
        raise DeviceOfflineError(schedule.NO_ANSWER()) from None
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError):
        raise DeviceOfflineError(schedule.UNREACHABLE()) from None
    except ValueError:  # urllib's error for an address that cannot be split
        raise BadReplyError(schedule.REDIRECT_NOWHERE()) from None


def _followed(session: requests.Session, method: str, url: str, deadline: float) -> Fetched:
    for _ in range(MOST_REDIRECTS + 1):
        with session.request(
            method, url, headers=HEADERS, timeout=(CONNECT_S, SILENCE_S), stream=True, allow_redirects=False
        ) as response:
            if response.status_code not in MOVED:
                return _body(response, deadline)
            there = urljoin(url, response.headers.get("Location", ""))
            if urlsplit(there)[:2] != urlsplit(url)[:2]:
                raise BadReplyError(schedule.redirect_host(host=(urlsplit(there).hostname or "?")[:60]))
            url = there
    raise BadReplyError(schedule.REDIRECT_LOOP())


def _body(response: requests.Response, deadline: float) -> Fetched:
    if response.status_code in BUSY and (wait := _wait(response.headers)):
        raise AskedToWaitError(wait, response.status_code)
    if response.status_code >= requests.codes.server_error:
        raise DeviceOfflineError(schedule.http_status(status=response.status_code))
    if response.status_code != requests.codes.ok:
        raise BadReplyError(schedule.http_status(status=response.status_code))
    try:
        body = bounded_body(response.raw, most=LONGEST_BODY, until_s=deadline)
    except BodyTooLongError:
        raise BadReplyError(schedule.ANSWER_TOO_LONG()) from None
    except BodyTooSlowError:
        raise DeviceOfflineError(schedule.ANSWER_TOO_SLOW()) from None
    headers = response.headers
    age = timedelta(seconds=_seconds(headers.get("Age")) or 0)
    return Fetched(body, _clock(headers.get("Date")), _clock(headers.get("Last-Modified")), age)


def _wait(headers: Mapping[str, str]) -> timedelta | None:
    """Return for how long not to ask (Retry-After, RFC 9110), limited; None if not given."""
    text = headers.get("Retry-After")
    seconds, until, now = _seconds(text), _clock(text), _clock(headers.get("Date")) or utc_now()
    wait = timedelta(seconds=seconds) if seconds else until - now if until else timedelta()
    return min(wait, LONGEST_WAIT) if wait > timedelta() else None


def _seconds(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else None


def _clock(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text or "").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
