"""One request to a source: bounded in time and size, TLS always verified, no other host followed. Knows requests."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from shared.conditions import schedule
from shared.errors import BadReplyError, DeviceOfflineError
from shared.version import program_version

CONNECT_S = 5.0
SILENCE_S = 10.0
IN_ALL_S = 20.0
LONGEST_BODY = 5_000_000
"""The largest real file, one of a whole region, has 200 kB."""
MOST_REDIRECTS = 3
PIECE = 65_536
MOVED = (301, 302, 303, 307, 308)

HEADERS = {
    "User-Agent": f"easun-bridge/{program_version()} (reads the outage plan of one home)",
    "Accept": "application/json",
    "Accept-Language": "uk-UA,uk;q=0.9",
    "Accept-Encoding": "gzip, deflate",
}


class _Session(requests.Session):
    """Looks at no redirect itself: it would read the whole body of each, however long."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
        return None


@dataclass(frozen=True)
class Fetched:
    """A body, and the server's own clock if it sent it."""

    body: bytes
    server_time: datetime | None


class Fetch(Protocol):
    """How a source is asked; raises DeviceOfflineError or BadReplyError with a part of a sentence."""

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
    except ValueError:  # urllib's word for an address that cannot be split
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
    if response.status_code >= requests.codes.server_error:
        raise DeviceOfflineError(schedule.http_status(status=response.status_code))
    if response.status_code != requests.codes.ok:
        raise BadReplyError(schedule.http_status(status=response.status_code))
    body = bytearray()
    # read1 gives what is there: a server that drips would hold a plain read for ever
    while piece := response.raw.read1(PIECE, decode_content=True):
        body += piece
        if len(body) > LONGEST_BODY:
            raise BadReplyError(schedule.ANSWER_TOO_LONG())
        if time.monotonic() > deadline:
            raise DeviceOfflineError(schedule.ANSWER_TOO_SLOW())
    return Fetched(bytes(body), _clock(response.headers.get("Date")))


def _clock(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text or "").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
