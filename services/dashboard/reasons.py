"""How reasons stand on a page: in the reader's language, in one line or a line each, coloured by severity, pure."""

from collections.abc import Iterable, Sequence
from typing import Any

from dash import html

from services.dashboard.markup import attributes
from shared.conditions import Reason, Severity, severity
from shared.texts.localizer import Localizer


def reasons_in_line(reasons: Sequence[Reason] | None, localizer: Localizer) -> str:
    """Return reasons as one text; a word if there are none, the dash if that is unknown."""
    if reasons is None:
        return localizer("unknown")
    return ", ".join(map(localizer.reason, reasons)) or localizer("page.none")


def worst_severity(reasons: Sequence[Reason] | None) -> Severity | None:
    """Return the highest severity of some reasons, None if there are none."""
    return max(map(severity, reasons), key=list(Severity).index) if reasons else None


def reason_lines(reasons: Iterable[Reason | None], localizer: Localizer, tag: Any = html.P) -> list[Any]:
    """Return an element for each reason, marked by its severity."""
    return [
        tag(localizer.reason(one), className="reason", **attributes(data_severity=severity(one).value))
        for one in reasons
        if one
    ]
