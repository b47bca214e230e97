"""The signature of Tuya's OpenAPI by its documentation, to verify requests."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit


def expected(secret: str, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> str:
    """Return the signature that a request should have; header names are in lower case."""
    token = "" if urlsplit(target).path.startswith("/v1.0/token") else headers.get("access_token", "")
    text = headers.get("client_id", "") + token + headers.get("t", "") + headers.get("nonce", "")
    text += "\n".join((method, hashlib.sha256(body).hexdigest(), _signed(headers), _sorted(target)))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest().upper()


def _signed(headers: Mapping[str, str]) -> str:
    """Return the signed headers, one per line, with names spelt as the client did."""
    names = [name for name in headers.get("signature-headers", "").split(":") if name]
    return "".join(f"{name}:{headers.get(name.lower(), '')}\n" for name in names)


def _sorted(target: str) -> str:
    """Return path and query, decoded and sorted by name."""
    parts = urlsplit(target)
    query = "&".join(f"{name}={value}" for name, value in sorted(parse_qsl(parts.query, keep_blank_values=True)))
    return f"{parts.path}?{query}" if query else parts.path
