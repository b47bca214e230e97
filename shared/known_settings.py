"""Names in a settings file that no setting has: slips of the pen, and the predecessor's names."""

import json
import re
import sys
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path

LIST = Path(__file__).with_suffix(".json")
"""The names of all settings; `make docs` writes it from the settings classes."""
SET = re.compile(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=", re.MULTILINE)
NOT_OURS = re.compile(r"COMPOSE_|DOCKER_|BUILDKIT_|MQTT_PASSWORD_|(ENV_FILE|TZ|LANG)$")
"""What Docker and shells read from the same file, and the passwords of the broker's accounts."""

SUCCESSORS = {
    "INVERTER_IP": "MODBUS_HOST is its name here",
    "DB_TYPE": "DATABASE_URL names a PostgreSQL server, and without one DB_PATH a file of SQLite",
    "MYSQL_HOST": "there is no MySQL here; DATABASE_URL names a PostgreSQL server",
    "JK_DEVICES_FILE": "DEVICES_FILE is its name here, and the batteries are found by themselves",
    "JK_BMS_ADDRESS": "batteries are found by themselves and listed in DEVICES_FILE",
    "JK_BMS_POLL_INTERVAL": "JK_SCAN_INTERVAL is its name here",
    "SCHEDULE_CHECK_INTERVAL_MINUTES": "SCHEDULE_INTERVAL is its name here, in seconds",
    "SCHEDULE_SNAPSHOT_PATH": "the broker and the database keep the plan, so nothing takes its place",
    "MAX_CONSECUTIVE_ERRORS": "every service tries again for ever, so nothing takes its place",
}
"""Settings of x-mentat/eamoon that have another name here, or none; all its others mean the same here."""
SUCCESSORS |= dict.fromkeys(("MYSQL_PORT", "MYSQL_USER", "MYSQL_PASSWORD", "MYSQL_DATABASE"), SUCCESSORS["MYSQL_HOST"])


def remarks(text: str, known: Collection[str]) -> list[str]:
    """Return a sentence for every name in a settings file that is none of the known ones; values are never repeated."""
    names = dict.fromkeys(name.upper() for name in SET.findall(text.replace("\r", "\n")))
    return [_sentence(name, known) for name in names if name not in known and not NOT_OURS.match(name)]


def known_settings() -> list[str]:
    """Return the names of all settings."""
    names: list[str] = json.loads(LIST.read_text(encoding="utf-8"))
    return names


def _sentence(name: str, known: Collection[str]) -> str:
    if name in SUCCESSORS:
        return f"{name} is a setting of eamoon and is ignored: {SUCCESSORS[name]}."
    if near := get_close_matches(name, known, n=1, cutoff=0.75):
        return f"{name} is no setting and is ignored: is {near[0]} meant?"
    return f"{name} is no setting and is ignored."


if __name__ == "__main__":
    for remark in remarks(Path(sys.argv[1]).read_text(encoding="utf-8", errors="replace"), known_settings()):
        sys.stdout.write(f"{remark}\n")
