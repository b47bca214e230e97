"""Home Assistant itself, without a window. Runs in its own Python: bench/homeassistant.py says how to make one.

python bench/homeassistant_core.py validate FILE   discovery payloads (JSON, by object id) against its own schemas
python bench/homeassistant_core.py run DIR PORT PASSWORD [PREFIX]
                                                   connects as hass, reads commands from stdin, a line each: `states`,
                                                   `triggers`, `turn_on ID`, `turn_off ID`; answers with lines of JSON
"""

import asyncio
import importlib
import json
import logging
import sys
from pathlib import Path
from typing import Any

ROOT_KEYS = {"device", "origin", "components", "availability", "availability_mode"}


def faults(payloads: dict[str, dict[str, Any]]) -> list[str]:
    """Return what Home Assistant's schemas say against discovery payloads."""
    return asyncio.run(_faults(payloads))


async def _faults(payloads: dict[str, dict[str, Any]]) -> list[str]:
    import voluptuous as vol
    from homeassistant import core
    from homeassistant.components.mqtt import discovery
    from homeassistant.helpers import frame

    frame.async_setup(core.HomeAssistant(""))  # templates want to know whose they are
    found = []
    for name, payload in payloads.items():
        try:
            discovery.DEVICE_DISCOVERY_SCHEMA(payload)
        except vol.Invalid as error:
            found.append(f"{name}: {error}")
            continue
        common = {key: value for key, value in payload.items() if key != "components"}
        for key, component in payload["components"].items():
            if set(component) == {"platform"}:
                continue
            try:
                known = _schema(component["platform"])(common | component)
            except vol.Invalid as error:
                found.append(f"{name} {key}: {error}")
                continue
            # what was introduced in a later version is dropped here without a word
            dropped = set(component) - set(known) - {"default_entity_id", "platform"}
            found += [f"{name} {key}: dropped {one}" for one in sorted(dropped)]
    return found


def _schema(platform: str) -> Any:
    if platform == "device_automation":
        return importlib.import_module("homeassistant.components.mqtt.device_trigger").TRIGGER_DISCOVERY_SCHEMA
    return importlib.import_module(f"homeassistant.components.mqtt.{platform}").DISCOVERY_SCHEMA


async def run(directory: str, port: int, password: str, prefix: str) -> None:
    """Start Home Assistant with nothing but MQTT, and answer commands until stdin ends."""
    from homeassistant import bootstrap, config_entries, core, loader
    from homeassistant.const import __version__
    from homeassistant.setup import async_setup_component

    hass = core.HomeAssistant(directory)
    hass.config.skip_pip = True
    loader.async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await bootstrap.async_load_base_functionality(hass)
    await async_setup_component(hass, "homeassistant", {})
    for without_a_window in ("http", "file_upload"):
        hass.config.components.add(without_a_window)
    entry = _entry(config_entries.ConfigEntry, port, password, prefix)
    triggered: list[str] = []
    if known := hass.config_entries.async_get_entry(entry.entry_id):  # it has been started before
        entry = known
        await hass.config_entries.async_setup(entry.entry_id)
    else:
        await hass.config_entries.async_add(entry)
    await hass.async_start()
    print(json.dumps({"version": __version__, "state": str(entry.state)}), flush=True)
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    listening: set[str] = set()
    while line := (await reader.readline()).decode().split():
        await _listen_to_triggers(hass, listening, triggered)
        print(json.dumps(await _answer(hass, triggered, *line), ensure_ascii=False, default=str), flush=True)
    await hass.async_stop()


def _entry(kind: Any, port: int, password: str, prefix: str) -> Any:
    return kind(
        data={
            "broker": "127.0.0.1",
            "port": port,
            "username": "hass",
            "password": password,
            "discovery": True,
            "discovery_prefix": prefix,
        },
        discovery_keys={},
        domain="mqtt",
        entry_id="mqtt",
        minor_version=2,
        options={},
        source="user",
        subentries_data=None,
        title="MQTT",
        unique_id=None,
        version=1,
    )


async def _listen_to_triggers(hass: Any, listening: set[str], triggered: list[str]) -> None:
    """Make an automation of every device trigger there is, as a user would by clicks."""
    from homeassistant.components.device_automation import DeviceAutomationType, async_get_device_automations
    from homeassistant.helpers import device_registry, trigger

    for device in list(device_registry.async_get(hass).devices):
        if device in listening:
            continue
        listening.add(device)
        found = await async_get_device_automations(hass, DeviceAutomationType.TRIGGER, [device])
        for one in found.get(device, []):
            if one["domain"] == "mqtt":

                async def act(_variables: Any, _context: Any = None, kind: str = one["type"]) -> None:
                    triggered.append(kind)

                config = await trigger.async_validate_trigger_config(hass, [_without_metadata(one)])
                await trigger.async_initialize_triggers(hass, config, act, "bench", "bench", logging.getLogger().info)


def _without_metadata(one: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in one.items() if key != "metadata"}


async def _answer(hass: Any, triggered: list[str], command: str, entity: str = "") -> Any:
    if command == "triggers":
        return triggered
    if command in ("turn_on", "turn_off"):
        await hass.services.async_call("switch", command, {"entity_id": entity}, blocking=True)
        return True
    return {one.entity_id: {"state": one.state, "attributes": dict(one.attributes)} for one in hass.states.async_all()}


if __name__ == "__main__":
    if sys.argv[1] == "validate":
        wrong = faults(json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))
        print("\n".join(wrong) or "valid")
        sys.exit(bool(wrong))
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    asyncio.run(run(sys.argv[2], int(sys.argv[3]), sys.argv[4], (sys.argv[5:] or ["homeassistant"])[0]))
