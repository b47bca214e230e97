"""Mistakes in a settings file: unknown names, the predecessor's names, lines that its readers read differently."""

import json
import re
import sys
import unicodedata
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path

from shared.conditions import Reason, settings
from shared.env_file import Line, lines

LIST = Path(__file__).with_suffix(".json")
"""The settings by name, each with the programs that restart when it changes; written by `make docs`."""
NOT_OURS = re.compile(r"COMPOSE_|DOCKER_|BUILDKIT_|MQTT_PASSWORD_|(ENV_FILE|TZ|LANG)$")
"""Settings that Docker and shells read from the same file, and the passwords of the broker's accounts."""
TYPOGRAPHIC = re.compile("[“”„«»‘’‚].*[“”«»‘’]", re.DOTALL)
"""A value in the typographic quotes that phones and word processors insert instead of straight ones."""

RUNS_TOGETHER = re.compile(r"[A-Za-z0-9]$")
"""The end of a prefix that runs together with the topic behind it: homegrid/state."""

SUCCESSORS = {
    "INVERTER_IP": settings.renamed(name="MODBUS_HOST"),
    "DB_TYPE": settings.DATABASES_HERE(),
    "JK_DEVICES_FILE": settings.renamed(name="DEVICES_FILE"),
    "JK_BMS_ADDRESS": settings.BATTERIES_ARE_FOUND(),
    "JK_BMS_POLL_INTERVAL": settings.renamed(name="JK_SCAN_INTERVAL"),
    "SCHEDULE_CHECK_INTERVAL_MINUTES": settings.SECONDS_HERE(),
    "SCHEDULE_SNAPSHOT_PATH": settings.PLAN_IS_KEPT(),
    "MAX_CONSECUTIVE_ERRORS": settings.TRIES_FOR_EVER(),
}
"""Settings of x-mentat/eamoon that have another name here, or none; all others mean the same."""
SUCCESSORS |= dict.fromkeys(
    ("MYSQL_HOST", "MYSQL_PORT", "MYSQL_USER", "MYSQL_PASSWORD", "MYSQL_DATABASE"), settings.NO_MYSQL()
)


def remarks(text: str, known: Collection[str], file: str = ".env") -> list[Reason]:
    """Return the mistakes in a settings file, without values: lines first, then names."""
    found = list(lines(text))
    names = dict.fromkeys(line.name.upper() for line in found if line.name)
    unknown = [name for name in names if name not in known and not NOT_OURS.match(name)]
    return [*filter(None, (_fault(line, file) for line in found)), *(_stranger(name, known) for name in unknown)]


def known_settings() -> dict[str, list[str]]:
    """Return the names of all settings, each with the programs that restart when it changes."""
    names: dict[str, list[str]] = json.loads(LIST.read_text(encoding="utf-8"))
    return names


def _fault(line: Line, file: str) -> Reason | None:
    if not line.name:
        return settings.no_assignment(line=line.number)
    if line.value is None:
        return settings.open_quote(file=file, line=line.number, name=line.name)
    if TYPOGRAPHIC.fullmatch(line.value):
        return settings.typographic_quotes(line=line.number, name=line.name)
    if any(unicodedata.category(one) in ("Cf", "Zs") and one != " " for one in line.value):
        return settings.invisible(line=line.number, name=line.name)
    if line.name.upper() == "MQTT_TOPIC_PREFIX" and RUNS_TOGETHER.search(line.value):
        return settings.prefix_without_slash(line=line.number)
    return None if line.is_alike else settings.read_differently(line=line.number, name=line.name)


def _stranger(name: str, known: Collection[str]) -> Reason:
    if name in SUCCESSORS:
        return settings.of_eamoon(name=name, advice=SUCCESSORS[name])
    if near := get_close_matches(name, known, n=1, cutoff=0.75):
        return settings.misspelt(name=name, meant=near[0])
    return settings.unknown_name(name=name)


if __name__ == "__main__":
    for remark in remarks(
        Path(sys.argv[1]).read_text(encoding="utf-8", errors="replace"), known_settings(), sys.argv[1]
    ):
        sys.stdout.write(f"{remark}\n")
