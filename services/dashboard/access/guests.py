"""Guest links: each opens the pages that only show, until its owner withdraws it. Of a code only a hash is kept."""

import hmac
import json
import logging
import secrets
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shared.conditions.system import os_reason
from shared.files import OURS_ALONE, replace_atomically

log = logging.getLogger("access")

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Without letters that look like others, for a code may have to be typed."""
ALIKE = str.maketrans("oil", "011", " -\t\r\n")
CODE_LENGTH = 12
"""60 bits: the throttle of the login leaves two attempts a minute."""
LONGEST_NAME = 40
MOST = 20


@dataclass(frozen=True)
class GuestLink:
    """A link: what its owner calls it, when it was made (seconds since 1970), and the hash of its code."""

    name: str
    made_s: float
    digest: str


class Guests:
    """The links by their ids, in a file where one is given. `key` is that of the sessions: a new one ends them all."""

    def __init__(self, key: bytes, file: Path | None = None) -> None:
        self._key = key
        self._file = file
        self._lock = threading.Lock()
        self._links: Mapping[str, GuestLink] = _stored(file) if file else {}

    def __contains__(self, id_: object) -> bool:
        return id_ in self._links

    @property
    def links(self) -> Mapping[str, GuestLink]:
        """The links that are open."""
        return self._links

    def make(self, name: str, now_s: float) -> str | None:
        """Return the code of a new link, the only time that it is known; None where there are too many."""
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        with self._lock:
            if len(self._links) >= MOST:
                return None
            link = GuestLink(name.strip()[:LONGEST_NAME], now_s, self._digest(code))
            self._replace({**self._links, secrets.token_urlsafe(8): link})
        return "-".join(code[start : start + 4] for start in range(0, CODE_LENGTH, 4))

    def withdraw(self, id_: str) -> bool:
        """End a link and every session that it has opened; whether there was one."""
        with self._lock:
            found = id_ in self._links
            self._replace({other: link for other, link in self._links.items() if other != id_})
        return found

    def opened_by(self, typed: str) -> str | None:
        """Return the id of the link that a code opens."""
        digest = self._digest(typed.lower().translate(ALIKE)[: 4 * CODE_LENGTH])
        return next((id_ for id_, link in self._links.items() if hmac.compare_digest(link.digest, digest)), None)

    def _digest(self, code: str) -> str:
        return hmac.new(self._key, b"guest " + code.encode(), "sha256").hexdigest()

    def _replace(self, links: Mapping[str, GuestLink]) -> None:
        self._links = links
        if not self._file:
            return
        try:
            replace_atomically(
                self._file, json.dumps({id_: asdict(link) for id_, link in links.items()}), mode=OURS_ALONE
            )
        except OSError as error:
            log.warning(
                "%s cannot be written (%s): after a restart guests are those of before.", self._file, os_reason(error)
            )


def _stored(file: Path) -> dict[str, GuestLink]:
    """Return what a file says; no links where it is missing or damaged."""
    try:
        found = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        log.warning("%s cannot be read: the guests' links are closed.", file)
        return {}
    known = {id_: _link(one) for id_, one in found.items()} if isinstance(found, dict) else {}
    return {id_: link for id_, link in known.items() if link}


def _link(given: Any) -> GuestLink | None:
    fields = given if isinstance(given, dict) else {}
    name, made_s, digest = (fields.get(field) for field in ("name", "made_s", "digest"))
    if isinstance(name, str) and isinstance(made_s, int | float) and isinstance(digest, str) and digest.isascii():
        return GuestLink(name, float(made_s), digest)
    return None
