"""Addresses that more than one module has to know, pure."""

HEALTH = "/healthz"
LOGIN = "/login"
GUEST = "/guest"
"""Where a guest's link leads: the code stands behind `#`, which no browser sends and no proxy logs."""
GUESTS = "/guests"
EVENTS = "/events"
KIOSK, KIOSK_FIGURES = "/kiosk", "/kiosk.json"
KIOSK_SCRIPT, KIOSK_STYLES = "/kiosk.js", "/kiosk.css"
STYLES, SCRIPTS = "/page.css", "/page.js"
CALENDAR = "/outages.ics"
METRICS = "/metrics"
CSV = "/history.csv"
BUNDLE = "/diagnostics.zip"
GUEST_PAGES = ("now", "outages", "battery", "history")
"""The pages that a guest sees, by name."""
OPEN_TO_GUESTS = frozenset(
    {
        *("/", *(f"/{name}" for name in GUEST_PAGES[1:])),
        *(f"/{kind}/{name}" for kind in ("live", "recorded") for name in GUEST_PAGES),
        *(KIOSK, KIOSK_FIGURES, KIOSK_SCRIPT, KIOSK_STYLES, "/history.json"),
        *(SCRIPTS, "/_dash-layout", "/_dash-dependencies"),
    }
)
FILES_FOR_GUESTS = ("/_dash-component-suites/", "/assets/")


def open_to_guests(path: str) -> bool:
    """Return whether a guest may read an address. What is not listed is closed, so that a new route is, too."""
    return path in OPEN_TO_GUESTS or path.startswith(FILES_FOR_GUESTS)


DOWNLOADS = frozenset({CSV, BUNDLE})
"""Files that take long to make: a link of our own page carries its token (assets/shell.js)."""
