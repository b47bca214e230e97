"""Where a plug is on the home network. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Address:
    """The host at which a plug listens, and the version of the protocol that it speaks there."""

    host: str
    version: str
