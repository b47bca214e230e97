"""Addresses that more than one module has to know, pure."""

HEALTH = "/healthz"
LOGIN = "/login"
STYLES, SCRIPTS = "/page.css", "/page.js"
CALENDAR = "/outages.ics"
METRICS = "/metrics"
CSV = "/history.csv"
BUNDLE = "/diagnostics.zip"
DOWNLOADS = frozenset({CSV, BUNDLE})
"""Files that take long to make: a link of our own page carries its token (assets/shell.js)."""
