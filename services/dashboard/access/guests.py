"""Guest links: each opens the pages that only show, until its owner withdraws it. Of a code only a hash is kept."""

import hmac
import logging
import secrets
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, RootModel, StringConstraints

from services.dashboard.access.ended_sessions import SETTING, Seconds
from shared.errors import ConfigError, StorageError
from shared.files import OURS_ALONE
from shared.state_file import StateFile

log = logging.getLogger("access")

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Without letters that look like others, as a code may have to be typed."""
ALIKE = str.maketrans("oil", "011", " -\t\r\n")
CODE_LENGTH = 12
"""60 bits: the throttle of the login leaves two attempts a minute."""
LONGEST_NAME = 40
MOST = 20


class GuestLink(BaseModel):
    """A link: what its owner calls it, when it was made (seconds since 1970), and the hash of its code."""

    model_config = ConfigDict(frozen=True)

    name: str
    made_s: Seconds
    digest: Annotated[str, StringConstraints(pattern="^[0-9a-f]*$")]


class GuestLinks(RootModel[dict[str, GuestLink]]):
    """The file: the links by their ids."""

    root: dict[str, GuestLink] = {}


class Guests:
    """The links by their ids, in a file where one is given. `key` is that of the sessions: a new one ends them all."""

    def __init__(self, key: bytes, file: Path | None = None) -> None:
        self._key = key
        self._file = StateFile(SETTING, file, GuestLinks, mode=OURS_ALONE) if file else None
        self._lock = threading.Lock()
        self._links: Mapping[str, GuestLink] = _stored(self._file) if self._file else {}

    def __contains__(self, id_: object) -> bool:
        return id_ in self._links

    @property
    def links(self) -> Mapping[str, GuestLink]:
        """The links that are open."""
        return self._links

    def make(self, name: str, now_s: float) -> str | None:
        """Return the code of a new link, the only time that it is known; None if there are too many."""
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        with self._lock:
            if len(self._links) >= MOST:
                return None
            link = GuestLink(name=name.strip()[:LONGEST_NAME], made_s=now_s, digest=self._digest(code))
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
            self._file.save(GuestLinks(dict(links)))
        except StorageError as error:
            log.warning("%s After a restart the earlier guest links apply again.", error)


def _stored(file: StateFile[GuestLinks]) -> Mapping[str, GuestLink]:
    """Return the links in a file; none if it is missing or damaged."""
    try:
        return file.peek().root
    except ConfigError as error:
        log.warning("%s The guests' links are closed.", error)
        return {}
