"""What a service reports about itself, in a sentence for page and bot, pure."""

from shared.broker_state import BrokerState
from shared.texts.localizer import Localizer


def why(localizer: Localizer, state: BrokerState, service: str) -> str:
    """Return why a service does not do all that it could; empty where it reports nothing."""
    status = state.services.get(service)
    return " ".join(map(localizer.reason, status.reasons)) if status else ""


def no_settings(localizer: Localizer, state: BrokerState) -> str:
    """Return why no settings of an inverter are shown, and when they will be."""
    return f"{why(localizer, state, 'poller')} {localizer('inverter.none')}".lstrip()
