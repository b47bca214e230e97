"""Who can reach the page and the broker."""

import secrets

from configure.prompt import Prompt


def ask(prompt: Prompt, known: dict[str, str]) -> dict[str, str]:
    """Return the settings of the page and of the broker's address."""
    prompt.show("page")
    answers = {}
    if prompt.yes("page_open"):
        password = prompt.ask_secret("password", known.get("DASHBOARD_PASSWORD", "")) or secrets.token_urlsafe(9)
        if password != known.get("DASHBOARD_PASSWORD"):
            prompt.show("password_is", password=password)
        answers = {"DASHBOARD_PASSWORD": password, "DASHBOARD_HOST": "0.0.0.0"}  # noqa: S104 - that was the question
    is_open = prompt.yes("broker_open", usual=known.get("MQTT_BIND") == "0.0.0.0")  # noqa: S104
    return answers | {"MQTT_BIND": "0.0.0.0" if is_open else "127.0.0.1"}  # noqa: S104
