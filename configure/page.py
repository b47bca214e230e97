"""Who can reach the page and the broker."""

import secrets

from configure.prompt import Prompt

EVERYWHERE = "0.0.0.0"  # noqa: S104 - where the user has answered that others may come
HERE = ("", "127.0.0.1", "localhost", "::1")


def ask(prompt: Prompt, known: dict[str, str]) -> dict[str, str]:
    """Return the settings of the page and of the broker's address; addresses that were set before are kept."""
    prompt.show("page")
    answers = {}
    if prompt.yes("page_open"):
        password = prompt.ask_secret("password", known.get("DASHBOARD_PASSWORD", "")) or secrets.token_urlsafe(9)
        if password != known.get("DASHBOARD_PASSWORD"):
            prompt.show("password_is", password=password)
        answers = {"DASHBOARD_PASSWORD": password, "DASHBOARD_HOST": _open(known.get("DASHBOARD_HOST", ""))}
    bind = known.get("MQTT_BIND", "")
    is_open = prompt.yes("broker_open", usual=bind not in HERE)
    return answers | {"MQTT_BIND": _open(bind) if is_open else "127.0.0.1"}


def _open(address: str) -> str:
    """Return the address that others can reach: the one before, unless that is this machine's own."""
    return EVERYWHERE if address in HERE else address
