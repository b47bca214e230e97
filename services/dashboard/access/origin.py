"""Where a request comes from, and where a login may redirect to, pure."""

import re
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

LOCAL_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""Printable ASCII without a backslash: what browsers take for another host (//, /\\, tabs) is none of it."""


def from_this_machine(peer: str | None, host: str, *, forwarded: bool) -> bool:
    """Return whether a request comes from this machine and was meant for it.

    The name counts too: a foreign site may let its own name point to 127.0.0.1 (DNS rebinding). A request that a proxy
    has passed on may come from anywhere.
    """
    return not forwarded and loopback(peer or "") and loopback(_name(host))


def same_origin(fetch_site: str | None, origin: str | None, host: str) -> bool:
    """Return whether a browser sent this from our own page; a client without these headers is no browser."""
    if fetch_site is not None:
        return fetch_site == "same-origin"
    return origin is None or _netloc(origin) == host


def local_path(wanted: str | None) -> str:
    """Return where to go after the login: a local path, or the first page."""
    return wanted if wanted and LOCAL_PATH.fullmatch(wanted) else "/"


def throttle_key(peer: str | None) -> str:
    """Return the key an address is throttled by: for IPv6 the network, as one household has 2^64 addresses or more."""
    try:
        address = ip_address(peer or "")
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped) if address.ipv4_mapped else address.exploded[:19]
    return str(address)


def loopback(name: str) -> bool:
    """Return whether a name or address is a loopback one."""
    try:
        parsed = ip_address(name)
    except ValueError:
        return name == "localhost"
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return (mapped or parsed).is_loopback


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _netloc(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None
