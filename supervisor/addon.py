"""python -m supervisor.addon: the entry point of the Home Assistant add-on; becomes `python -m supervisor up`.

Home Assistant's Supervisor writes the options to /data/options.json and knows the broker. An option is the setting of
the same name in lower case; `more` is a list of others.
"""

import json
import logging
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.conditions.system import os_reason
from shared.env_file import can_be_written
from shared.errors import UsageError
from shared.service import EXIT_CONFIG

log = logging.getLogger("addon")

NAME = re.compile(r"[A-Z_][A-Z0-9_]*")

DATA = Path("/data")
OPTIONS = DATA / "options.json"
USER_ID = 1883
"""The user `easun` of the image: only this entry point is root, for /data belongs to root."""
BROKER = "http://supervisor/services/mqtt"
PATIENCE_S = 10.0
HERE = ("127.0.0.1", "::1", "localhost")
FIXED = {"DASHBOARD_HOST": "0.0.0.0", "DB_PATH": str(DATA / "easun.db"), "HOME": str(DATA)}  # noqa: S104 - the LAN


def main() -> None:
    """Become the services of this home, by its options."""
    logging.basicConfig(level="INFO", format="%(asctime)s addon: %(levelname)s: %(message)s", datefmt="%F %T")
    try:
        settings = settings_of(_options())
        if settings.get("MQTT_HOST", "localhost") in HERE:  # not in this container: the Supervisor knows its address
            settings |= _broker()
    except UsageError as error:
        log.error("%s", error)
        sys.exit(EXIT_CONFIG)
    settings |= FIXED
    _drop_rights(settings.get("MODBUS_SERIAL_PORT", ""), settings.get("JK_LINE_PORT", ""))
    os.execve(sys.executable, [sys.executable, "-m", "supervisor", "up"], {**os.environ, **settings})  # noqa: S606


def settings_of(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings that options stand for; an empty one is none. Raises UsageError."""
    given = {name: value for name, value in options.items() if name != "more"}
    more = options.get("more") or []
    for one in more if isinstance(more, list) else (more,):
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise UsageError("Each entry of `more` needs a name and a value, such as POLL_INTERVAL and 5.")
        given[one["name"].strip().lower()] = one.get("value")
    settings = {name.upper(): _text(value) for name, value in given.items() if value not in (None, "")}
    for name, value in settings.items():
        if not NAME.fullmatch(name) or not can_be_written(value):
            raise UsageError(f"The option {name.lower()!a} cannot be a setting: its name or its value has other signs.")
    return settings


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def options_in(text: bytes) -> dict[str, Any]:
    """Return the options in the file of that name. Raises UsageError."""
    try:
        options = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{OPTIONS} cannot be read ({error}): is this run by Home Assistant's Supervisor?") from None
    if not isinstance(options, dict):
        raise UsageError(f"{OPTIONS} holds no options.")
    return options


def _options() -> dict[str, Any]:
    try:
        return options_in(OPTIONS.read_bytes())
    except OSError as error:
        raise UsageError(
            f"{OPTIONS} cannot be read ({os_reason(error)}): is this run by Home Assistant's Supervisor?"
        ) from None


def _broker() -> dict[str, str]:
    """Ask the Supervisor which broker its Mosquitto add-on offers. Raises UsageError."""
    token = os.environ.get("SUPERVISOR_TOKEN", "")
    asked = urllib.request.Request(BROKER, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:  # noqa: S310
            return broker_of(json.load(answer))
    except (OSError, ValueError) as error:
        why = os_reason(error) if isinstance(error, OSError) else error
        raise UsageError(f"No MQTT broker is known ({why}): install the Mosquitto broker, or set mqtt_host.") from None


def broker_of(answer: Any) -> dict[str, str]:
    """Return the settings of the broker in the Supervisor's answer. Raises UsageError."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict) or not data.get("host"):
        raise UsageError("No MQTT broker is known: install the Mosquitto broker, or set mqtt_host.")
    names = {"host": "MQTT_HOST", "port": "MQTT_PORT", "username": "MQTT_USERNAME", "password": "MQTT_PASSWORD"}
    known = {setting: str(data[name]) for name, setting in names.items() if data.get(name)}
    return known | ({"MQTT_TLS": "true"} if data.get("ssl") else {})


def _drop_rights(*ports: str) -> None:
    """Give our files to the user of the image, and become that user, who may use the serial ports."""
    if os.getuid() != 0:
        return
    for place in (DATA, *DATA.rglob("*")):
        if place.name != "options.json":
            os.chown(place, USER_ID, USER_ID, follow_symlinks=False)
    os.setgroups([Path(port).stat().st_gid for port in ports if port and Path(port).exists()])
    os.setgid(USER_ID)
    os.setuid(USER_ID)


if __name__ == "__main__":
    main()
