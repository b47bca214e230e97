"""How the inverter is connected: searched for, chosen or typed in, and read once."""

from collections.abc import Sequence
from ipaddress import ip_address

from configure.compose_files import compose_files
from configure.prompt import Prompt
from configure.tool_runner import parsed

TRANSPORTS = ("tcp", "rtu_over_tcp", "serial", "dongle")
WAY = ("MODBUS_TRANSPORT", "MODBUS_HOST", "MODBUS_PORT", "MODBUS_SERIAL_PORT")
OVERLAYS = {"dongle": "docker-compose.dongle.yml", "serial": "docker-compose.serial.yml"}
"""The further Compose file that a connection needs which a container does not have."""

Way = dict[str, str]


def ask(prompt: Prompt, known: dict[str, str], places: Sequence[str], *, in_compose: bool = False) -> Way:
    """Return the settings of the inverter; `places` are further arguments of `scan`.

    in_compose is whether the poller will run in a container, to which this machine's own addresses are its own.
    """
    prompt.show("inverter")
    usual = not any(known.get(name) for name in WAY)
    found = _search(prompt, known, places) if prompt.yes("inverter_search", usual=usual) else []
    if len(found) > 1:
        prompt.show("inverter_several", file=known.get("INVERTERS_FILE") or "data/inverters.yaml")
    ways: list[tuple[str, Way | None]] = [(prompt.text("as_it_is", known=_short(known)), {})] if not usual else []
    ways += [*found, (prompt.text("inverter_by_hand"), None), (prompt.text("inverter_none"), dict.fromkeys(WAY, ""))]
    chosen = ways[prompt.choose("inverter_which", [what for what, _ in ways])][1]
    if chosen and not any(chosen.values()):
        return chosen
    way = _by_hand(prompt, known) if chosen is None else chosen
    way = dict.fromkeys(WAY, "") | way if way else {}
    if in_compose and is_loopback((known | way).get("MODBUS_HOST", "")):
        prompt.show("failed", what=prompt.text("inverter_loopback"))
        return ask(prompt, known, places, in_compose=in_compose)
    if in_compose and (known | way).get("MODBUS_TRANSPORT") == "serial":
        prompt.show("tried_later", service="poller")
        return way | _compose_files(known | way)
    outcome = prompt.run(known | way, ["poller", "read"])
    prompt.show("worked" if outcome.worked else "failed", what=" · ".join(outcome.lines[:2]))
    if outcome.worked or prompt.yes("keep_anyway", usual=bool(not way)):
        return way | _compose_files(known | way)
    return ask(prompt, known, places, in_compose=in_compose)


def is_loopback(host: str) -> bool:
    """Return whether a host is the machine itself, which in a container is the container."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() in ("localhost", "ip6-localhost")


def _compose_files(known: dict[str, str]) -> dict[str, str]:
    overlay = OVERLAYS.get(known.get("MODBUS_TRANSPORT", ""), "")
    return compose_files(known.get("COMPOSE_FILE", ""), overlay, OVERLAYS.values())


def _short(known: dict[str, str]) -> str:
    return " ".join(known[name] for name in WAY if known.get(name))


def _search(prompt: Prompt, known: dict[str, str], places: Sequence[str]) -> list[tuple[str, Way]]:
    nowhere = known | dict.fromkeys(WAY, "")
    search = ["poller", "scan", "--json", *places]
    outcome = prompt.run(nowhere, search, lambda line: prompt.line(f"  {parsed(line)['text']}"))
    return [(found["text"], found["settings"]) for found in map(parsed, outcome.lines) if found.get("settings")]


def _by_hand(prompt: Prompt, known: dict[str, str]) -> dict[str, str]:
    usual = TRANSPORTS.index(known.get("MODBUS_TRANSPORT") or "tcp")
    transport = TRANSPORTS[prompt.choose("transport", [prompt.text(f"transport_{one}") for one in TRANSPORTS], usual)]
    if transport == "serial":
        port = prompt.ask("serial_port", known.get("MODBUS_SERIAL_PORT", ""))
        return {"MODBUS_TRANSPORT": transport, "MODBUS_SERIAL_PORT": port}
    host = prompt.ask("host", known.get("MODBUS_HOST", ""))
    port = prompt.ask("port", known.get("MODBUS_PORT", ""))
    return {"MODBUS_TRANSPORT": transport, "MODBUS_HOST": host, "MODBUS_PORT": port}
