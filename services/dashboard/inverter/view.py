"""The view of *Inverter*: charging ahead, profiles and settings of each inverter. Pure."""

from collections.abc import Iterator
from datetime import timedelta

from dash import html

from services.dashboard.inverter.charge_ahead import charge_ahead_card
from services.dashboard.inverter.profiles import profiles_card
from services.dashboard.inverter.settings_card import settings_card
from services.dashboard.markup import empty, tree
from services.dashboard.pages import View
from shared.broker_state import BrokerState
from shared.messages import ChargeAheadPhase, InverterControl
from shared.setting_requests import is_read
from shared.texts.inverter_sentences import inverters
from shared.texts.localizer import Localizer
from shared.texts.service_sentences import no_settings


def view(snapshot: BrokerState, localizer: Localizer, _fresh_for: timedelta) -> View:
    """Return the cards of each inverter whose settings are known."""
    names = inverters(snapshot)
    cards = [card for name in names for card in _cards(snapshot, name, localizer, alone=len(names) == 1)]
    nothing = empty(localizer("inverter.none_title"), no_settings(localizer, snapshot), "inverter")
    return View(parts={"inverters": tree(cards or [nothing])})


def _cards(snapshot: BrokerState, name: str, localizer: Localizer, *, alone: bool) -> Iterator[html.Section]:
    known, ahead = snapshot.inverter_profiles.get(name), snapshot.charge_ahead.get(name)
    settings = snapshot.inverter_settings[name]
    closed = settings.control is InverterControl.OFF or not is_read(snapshot, name, localizer.now)
    if ahead and ahead.phase is not ChargeAheadPhase.OFF:
        yield charge_ahead_card(name, ahead, localizer, closed=closed)
    if known and (known.profiles or known.reason):
        yield profiles_card(name, known, localizer, closed=closed)
    yield settings_card(snapshot, name, localizer, alone=alone)
