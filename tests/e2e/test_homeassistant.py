"""The service for Home Assistant as a process, at a real broker: what a Home Assistant would see of the house."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.support.stack import Stack
from tests.support.viewer import Viewer
from tests.support.waiting import PATIENCE_S, eventually

STATUS = "service/homeassistant/status"
INVERTER, GRID = "homeassistant/device/easun_inverter_main/config", "homeassistant/device/easun_grid/config"
ENERGY = "energy/state"


def say(poller: Viewer, topic: str, *, retain: bool = True, **fields: Any) -> None:
    at = datetime.now(UTC).isoformat()
    payload = json.dumps({"at": at, "v": 2} | fields)
    poller.client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(PATIENCE_S)


def readings(poller: Viewer, grid: str = "on", transition: str = "a") -> None:
    """Publish what the poller publishes with each reading."""
    now = datetime.now(UTC).isoformat()
    say(poller, "inverter/main/state", mode="mains", pv_power_w=36_000_000, load_power_w=400)
    say(poller, "grid/state", state=grid, since=now, transition_id=transition)


def retained(stack: Stack) -> set[str]:
    """Return what somebody who comes now finds of Home Assistant's."""
    with Viewer(stack.broker, client_id="newcomer") as newcomer:
        newcomer.last(STATUS)  # retained messages come in one go
        return {topic for topic, _, is_retained in list(newcomer.messages) if is_retained and topic.endswith("/config")}


def was_retained(stack: Stack, topic: str) -> dict[str, Any]:
    """Return what somebody who comes now finds there."""
    with Viewer(stack.broker, client_id="newcomer") as newcomer:
        return newcomer.last(topic)


def test_a_home_assistant_sees_what_is_there_and_what_is_live(stack: Stack, watcher: Viewer) -> None:
    with Viewer(stack.broker, "poller") as poller, Viewer(stack.broker, "hass") as hass:

        def repeated(is_so: Callable[[], Any], **grid: str) -> Any:
            """Go on reading until something is so."""

            def probe() -> Any:
                readings(poller, **grid)
                return is_so()

            return eventually(probe)

        say(poller, "inverter/main/info", model="SMG", layout="classic", interval_s=5)
        readings(poller)
        stack.homeassistant.start()
        inverter = watcher.last(INVERTER)
        assert inverter["components"]["pv_power_w"]["state_topic"] == "inverter/main/state"
        watcher.wait_for("live/easun_inverter_main", state="online")
        assert not any(kept for topic, _, kept in hass.messages if topic.startswith("live/"))

        before = len(watcher.on(INVERTER))
        hass.client.publish("homeassistant/status", "online", qos=1)
        eventually(lambda: len(watcher.on(INVERTER)) > before, "announced again to a Home Assistant that is born")
        assert watcher.on(INVERTER)[-1] == inverter

        readings(poller)
        stack.broker.save()
        repeated(lambda: watcher.on("grid/event"), grid="off", transition="b")
        stack.broker.kill()  # the host loses its power, and the broker what came since it has saved
        stack.homeassistant.kill()
        stack.broker.start()
        assert was_retained(stack, "grid/state")["state"] == "on"
        before = len(watcher.on("live/easun_grid"))
        stack.homeassistant.start()
        eventually(lambda: len(watcher.on("live/easun_grid")) > before)
        assert watcher.on("live/easun_grid")[before]["state"] == "offline", "what the broker brings back is not of now"
        repeated(lambda: watcher.on("live/easun_grid")[-1]["state"] == "online", grid="off", transition="b")
        assert [one["change"] for one in watcher.on("grid/event")] == ["went"]
        now = datetime.now(UTC).isoformat()
        say(poller, "inverter/main/availability", state="offline", since=now, reason=None)
        watcher.wait_for("live/easun_inverter_main", state="offline")
        say(poller, "inverter/main/availability", state="online", since=now, reason=None)

        repeated(lambda: watcher.on(ENERGY))
        stack.homeassistant.end()
        counted = json.loads((stack.directory / "home_energy.json").read_text())["kwh"]["pv_kwh"]
        assert counted > 0
        stack.homeassistant.start()
        told = len(watcher.on(ENERGY))
        repeated(lambda: len(watcher.on(ENERGY)) > told)
        assert watcher.on(ENERGY)[-1]["pv_kwh"] >= round(counted, 3)
        poller.client.publish("inverter/main/state", b"", qos=1, retain=True).wait_for_publish(PATIENCE_S)
        eventually(lambda: INVERTER not in retained(stack), "what has gone is removed")
        say(poller, "inverter/other/state", mode="mains", pv_power_w=1)
        watcher.last("homeassistant/device/easun_inverter_other/config")
        stack.homeassistant.kill()

        stack.homeassistant.start(HOMEASSISTANT_DISCOVERY="false")
        watcher.wait_for(STATUS, state="disabled")
        eventually(lambda: not retained(stack), "nothing is left at Home Assistant")
        stack.homeassistant.end()
