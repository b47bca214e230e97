"""The password: only its hash is stored, and a wrong one takes as long to check as the right one."""

import hashlib
import hmac
import re

from werkzeug.security import check_password_hash

from shared.conditions import dashboard
from shared.errors import ConfigError

HASHED = re.compile(r"scrypt:\d{1,7}:\d{1,2}:\d{1,2}\$[^$]+\$[0-9a-f]{64,}")
"""A hash as werkzeug.security.generate_password_hash makes it."""
N, R, P = 2**15, 8, 1
LONGEST = 1024


class Password:
    """The configured password, plain or as a hash."""

    def __init__(self, given: str, key: bytes) -> None:
        if given.startswith("scrypt:") and not HASHED.fullmatch(given):
            raise ConfigError(dashboard.NOT_A_HASH())
        self.hashed = given if HASHED.fullmatch(given) else _hashed(given, hashlib.sha256(key).hexdigest())

    def matches(self, typed: str) -> bool:
        """Return whether this is the password; slow on purpose."""
        return len(typed) <= LONGEST and check_password_hash(self.hashed, typed)

    def derived(self, key: bytes) -> bytes:
        """Return a signing key bound to the password: a new password ends all sessions."""
        return hmac.digest(key, self.hashed.encode(), "sha256")


def _hashed(plain: str, salt: str) -> str:
    digest = hashlib.scrypt(plain.encode(), salt=salt.encode(), n=N, r=R, p=P, maxmem=132 * N * R * P)
    return f"scrypt:{N}:{R}:{P}${salt}${digest.hex()}"
