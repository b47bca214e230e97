"""The security and caching headers of every response, pure."""

import base64
import hashlib
from collections.abc import Sequence

from services.dashboard.paths import KIOSK_SCRIPT, KIOSK_STYLES, SCRIPTS, STYLES

COLOR_SCHEME_SCRIPT = """
      (() => {
        const kept = localStorage.getItem('look');
        const dark = kept === 'dark' || (kept !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
        document.documentElement.dataset.scheme = dark ? 'dark' : 'light';
      })();
    """
"""Chooses light or dark before the first paint, or the page would flash white in a dark room."""

GUEST_SCRIPT = """
      (() => {
        const code = decodeURIComponent(location.hash.slice(1));
        if (!code) return;
        history.replaceState(null, '', location.pathname);
        document.getElementById('password').value = code;
        document.querySelector('form').submit();
      })();
    """
"""Logs a guest in with the code of the link, which is not left in the browser's history."""

A_YEAR = "public, max-age=31536000, immutable"


def content_security_policy(hashes: Sequence[str]) -> str:
    """Return the policy: nothing but this server, and no inline script other than those named by their hash.

    Inline styles are allowed because plotly uses them, and our own bars and bands.
    """
    scripts = " ".join(["'self'", *hashes, _hash(COLOR_SCHEME_SCRIPT), _hash(GUEST_SCRIPT)])
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "manifest-src 'self'",
            "frame-ancestors 'none'",
        ]
    )


def headers(policy: str, path: str, *, fingerprinted: bool, https: bool) -> dict[str, str]:
    """Return the headers of a response. An asset with a fingerprint in its address may be cached forever.

    The referrer policy is same-origin: without any referrer browsers would hide the origin of our own forms.
    """
    always = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
    if https:
        always["Strict-Transport-Security"] = "max-age=31536000"
    if fingerprinted and path in (STYLES, SCRIPTS, KIOSK_SCRIPT, KIOSK_STYLES):
        return always | {"Cache-Control": A_YEAR}
    if path.startswith("/assets/"):
        return always
    return always if path.startswith("/_dash-component-suites/") else always | {"Cache-Control": "no-store"}


def _hash(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"
