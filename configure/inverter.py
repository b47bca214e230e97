"""Which way leads to the inverter: looked for, chosen or typed in, and read once."""

import re
from collections.abc import Sequence

from configure.talk import Talk
from configure.tries import tried

TRANSPORTS = ("tcp", "rtu_over_tcp", "serial", "dongle")
WAY = ("MODBUS_TRANSPORT", "MODBUS_HOST", "MODBUS_PORT", "MODBUS_SERIAL_PORT")
COMPOSE = "docker-compose.yml"
OVERLAYS = {"dongle": "docker-compose.dongle.yml", "serial": "docker-compose.serial.yml"}
"""What Compose needs besides, for the wires that a container has not."""
FOUND = re.compile(r"(?P<what>.*)\. Set (?P<settings>MODBUS_TRANSPORT=.*)")


Way = dict[str, str]


def ask(talk: Talk, known: dict[str, str], places: Sequence[str]) -> Way:
    """Return the settings of the inverter; `places` are more words for `scan`."""
    talk.say("inverter")
    usual = not any(known.get(name) for name in WAY)
    found = _search(talk, known, places) if talk.yes("inverter_search", usual=usual) else []
    ways: list[tuple[str, Way | None]] = [(talk.words("as_it_is", known=_short(known)), {})] if not usual else []
    ways += [*found, (talk.words("inverter_by_hand"), None), (talk.words("inverter_none"), dict.fromkeys(WAY, ""))]
    chosen = ways[talk.choose("inverter_which", [what for what, _ in ways])][1]
    if chosen and not any(chosen.values()):
        return chosen
    way = _by_hand(talk, known) if chosen is None else chosen
    way = dict.fromkeys(WAY, "") | way if way else {}
    outcome = tried(known | way, ["services.poller", "read"])
    talk.say("worked" if outcome.worked else "failed", what=" · ".join(outcome.lines[:2]))
    if outcome.worked or talk.yes("keep_anyway", usual=bool(not way)):
        return way | compose_files(known | way)
    return ask(talk, known, places)


def compose_files(known: dict[str, str]) -> dict[str, str]:
    """Return the setting of Compose's files that the wire needs; what else is among them stays."""
    before = known.get("COMPOSE_FILE", "")
    files = [file for file in before.split(":") if file and file not in OVERLAYS.values()] or [COMPOSE]
    overlay = OVERLAYS.get(known.get("MODBUS_TRANSPORT", ""))
    wanted = ":".join([*files, overlay] if overlay else files)
    return {"COMPOSE_FILE": wanted} if before or wanted != COMPOSE else {}


def _short(known: dict[str, str]) -> str:
    return " ".join(known[name] for name in WAY if known.get(name))


def _search(talk: Talk, known: dict[str, str], places: Sequence[str]) -> list[tuple[str, dict[str, str]]]:
    nowhere = known | dict.fromkeys(WAY, "")
    outcome = tried(nowhere, ["services.poller", "scan", *places], lambda line: talk.tell(f"  {line}"))
    matches = filter(None, map(FOUND.fullmatch, outcome.lines))
    return [(match["what"], dict(pair.split("=", 1) for pair in match["settings"].split())) for match in matches]


def _by_hand(talk: Talk, known: dict[str, str]) -> dict[str, str]:
    usual = TRANSPORTS.index(known.get("MODBUS_TRANSPORT") or "tcp")
    transport = TRANSPORTS[talk.choose("transport", [talk.words(f"transport_{one}") for one in TRANSPORTS], usual)]
    if transport == "serial":
        port = talk.ask("serial_port", known.get("MODBUS_SERIAL_PORT", ""))
        return {"MODBUS_TRANSPORT": transport, "MODBUS_SERIAL_PORT": port}
    host = talk.ask("host", known.get("MODBUS_HOST", ""))
    port = talk.ask("port", known.get("MODBUS_PORT", ""))
    return {"MODBUS_TRANSPORT": transport, "MODBUS_HOST": host, "MODBUS_PORT": port}
