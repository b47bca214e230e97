"""The profiles of an inverter: how each differs from now, and a button that applies it. Pure."""

from dash import html

from services.dashboard.inverter.asking import address, button, outcome, row
from services.dashboard.reasons import reason_lines
from shared.messages import InverterProfiles, ProfileState
from shared.texts.inverter_sentences import differences, profile_words
from shared.texts.localizer import Localizer


def profiles_card(inverter: str, known: InverterProfiles, localizer: Localizer, *, closed: bool) -> html.Section:
    """Return the card; closed: nothing can be changed now."""
    rows = [_row(inverter, known, one, localizer, closed=closed) for one in known.profiles]
    inside = [*reason_lines([known.reason], localizer), html.Ul(rows, className="settings")]
    return html.Section([html.H2(localizer("inverter.profiles")), *inside], className="card")


def _row(inverter: str, known: InverterProfiles, one: ProfileState, localizer: Localizer, *, closed: bool) -> html.Li:
    is_applying = known.applying is not None
    kind = "pending" if known.applying and known.applying.profile == one.name else ""
    kind = kind or (known.last.outcome.value if known.last else "")
    now = [localizer("inverter.profile_in_force")] if not one.differences else differences(localizer, one)
    may = not (closed or one.reason or not one.differences)
    parts = [
        html.H3(one.name),
        *(html.P(line, className="difference") for line in now),
        *(reason_lines([one.reason], localizer) if one.differences else []),
        *outcome(profile_words(localizer, known, one.name), kind),
    ]
    if may:
        apply = button(
            localizer("inverter.apply"), f"apply-{inverter}-{one.name}", {"profile": one.name}, closed=is_applying
        )
        parts.append(html.Div([apply], className="ways-out one"))
    result = known.last.at.isoformat() if known.last and known.last.profile == one.name else ""
    return row(parts, address(inverter, "profile"), result, localizer, f"#{one.name}")
