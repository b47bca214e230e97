"""What can be done to a home, and how it is undone. Each takes the home; what has parameters returns what does."""

import json
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from shared.topics import TOPICS
from tests.e2e.faults import network
from tests.e2e.faults.home import SETTLE_S, Home
from tests.support.damaged import PAGE, owners, zeroed
from tests.support.disks import fill_up
from tests.support.stack import Process
from tests.support.viewer import Viewer
from tests.support.waiting import PATIENCE_S, eventually

Strike = Callable[[Home], object]

RUBBISH = (b"", b"{half", b"[]", b"null", b"\xff\xfe\0", b'{"at": "yesterday"}', b"9" * 5000, b"[" * 5000)
FLOOD, BIG, BIG_BYTES = 2000, 30, 990_000


def nothing(_: Home) -> None:
    """Do nothing."""


def both(*strikes: Strike) -> Strike:
    """Do one after the other."""

    def all_of_them(home: Home) -> None:
        for strike in strikes:
            strike(home)

    return all_of_them


# processes


def killed(*names: str) -> Strike:
    """End parts without a word, at once."""
    return lambda home: home.kill(*names)


def started(*names: str) -> Strike:
    """Start them again."""
    return lambda home: home.start_parts(*names)


def stopped(name: str) -> Strike:
    """Stop a part where it is, as a debugger or a machine out of memory does."""
    return lambda home: home.signal(name, signal.SIGSTOP)


def continued(name: str) -> Strike:
    """Let it go on."""
    return lambda home: home.signal(name, signal.SIGCONT)


def restarted(name: str) -> Strike:
    """Stop a part as it should be, and start it again."""

    def restart(home: Home) -> None:
        part = home.part(name)
        if isinstance(part, Process):
            assert part.end() == 0, f"{name} does not stop as it should"
        else:
            part.stop()
        part.start()

    return restart


def killed_again(name: str, times: int, pause_s: float) -> Strike:
    """Kill a part so often, before it has come to itself."""

    def again(home: Home) -> None:
        for _ in range(times):
            home.kill(name)
            home.start_parts(name)
            time.sleep(pause_s)

    return again


def power_cut(seed: int, pause_s: float = 0.0) -> Strike:
    """Cut the host's power, and let everything start in an order that the seed draws."""
    return lambda home: home.power_cut(random.Random(seed), pause_s)


# the broker's store


def store(spoil: Callable[[bytes], bytes]) -> Strike:
    """Spoil what the broker has saved, while it is down."""

    def strike(home: Home) -> None:
        broker = home.stack.broker
        broker.save()
        broker.kill()
        data = broker.state_file.read_bytes()
        broker.state_file.write_bytes(spoil(data))
        broker.start()

    return strike


def cut(data: bytes) -> bytes:
    """Return half of it."""
    return data[: len(data) // 2]


def zeros(data: bytes) -> bytes:
    """Return as many zeros."""
    return bytes(len(data))


# disk and database


def full(home: Home) -> None:
    """Fill the disk."""
    fill_up(home.disk)


def room(home: Home) -> None:
    """Make room on it."""
    (home.disk / "filler").unlink(missing_ok=True)


def read_only(home: Home) -> None:
    """Start the recorder on a disk that has become read-only."""
    home.stack.recorder.kill()
    _remount(home, "ro")
    home.stack.recorder.start()


def writable(home: Home) -> None:
    """Make it writable again."""
    _remount(home, "rw")


def _remount(home: Home, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(home.disk)], check=True)


def locked(home: Home) -> None:
    """Lock the database, as a backup program may."""
    lock = sqlite3.connect(home.stack.db_path, isolation_level=None, timeout=PATIENCE_S, check_same_thread=False)
    lock.execute("BEGIN IMMEDIATE")
    home.held.append(lock)


def unlocked(home: Home) -> None:
    """Unlock it."""
    lock = home.held.pop()
    lock.execute("ROLLBACK")
    lock.close()


def deleted(home: Home) -> None:
    """Delete the database with all that belongs to it, while it is recorded in."""
    for end in ("", "-wal", "-shm"):
        home.stack.db_path.with_name(home.stack.db_path.name + end).unlink(missing_ok=True)


def wal_gone(home: Home) -> None:
    """Remove the write-ahead log."""
    home.stack.db_path.with_name(home.stack.db_path.name + "-wal").unlink(missing_ok=True)


def spoilt_database(how: Callable[[bytearray, dict[int, str]], None]) -> Strike:
    """Spoil the database while nobody has it open, as a card does in a power cut."""

    def strike(home: Home) -> None:
        home.may_be_degraded = True  # the recorder tells of it for a week
        home.stack.recorder.end()
        known = owners(home.stack.db_path)
        data = bytearray(home.stack.db_path.read_bytes())
        how(data, known)
        home.stack.db_path.write_bytes(data)
        home.stack.recorder.start()

    return strike


def bad_page(data: bytearray, known: dict[int, str]) -> None:
    """Zero a page with readings."""
    zeroed(data, [page for page, name in known.items() if name == "inverter_state"][-1:])


def bad_header(data: bytearray, _: dict[int, str]) -> None:
    """Zero the first page."""
    data[:PAGE] = bytes(PAGE)


def all_zeros(data: bytearray, _: dict[int, str]) -> None:
    """Zero everything."""
    data[:] = bytes(len(data))


# the clock


def booted(ahead_s: float, *, after_recording: bool = False) -> Strike:
    """Let the host boot with a clock that is wrong by so much; after_recording: once nothing waits for the recorder.

    The broker drops what waits for a client once its clock says that the client has been away for a week.
    """

    def strike(home: Home) -> None:
        assert home.clock
        for name in home.services:
            if name != "recorder":
                home.part(name).kill()
        if after_recording:
            eventually(lambda: home.published() <= set(home.stored()), "nothing waits for the recorder", SETTLE_S)
        home.part("recorder").kill()
        home.clock.boot(ahead_s)
        home.start_parts(*home.services)

    return strike


def leapt(ahead_s: float) -> Strike:
    """Let a clock that was set leap."""

    def leap(home: Home) -> None:
        assert home.clock
        home.clock.show(ahead_s, synchronised=True)

    return leap


def clock_set(home: Home) -> None:
    """Set the clock from the network."""
    assert home.clock
    home.clock.synchronise()


# the network


def inverter(kind: str, **more: Any) -> Strike:
    """Let the wire to the inverter fail."""
    return lambda home: home.stack.command("fault", kind=kind, **more)


def garbled(probability: float) -> Strike:
    """Let some replies of the inverter be damaged."""

    def strike(home: Home) -> None:
        home.garbled_at.append(time.time())
        home.stack.command("fault", kind="corrupt", probability=probability)

    return strike


def plugs(fault: str) -> Strike:
    """Let all plugs fail on the home network, and be away from the cloud."""

    def strike(home: Home) -> None:
        home.stack.tell_plugs("plug", fault=fault, online=fault == "none")

    return strike


def internet(telegram: str, web: str, tuya: str) -> Strike:
    """Let Telegram, the sites of the schedule and Tuya's cloud answer oddly, or not at all."""

    def strike(home: Home) -> None:
        home.stack.tell_telegram("fault", fault=telegram)
        home.stack.plan("fault", kind=web)
        home.stack.tell_plugs("cloud", fault=tuya)

    return strike


INTERNET_BACK = internet("none", "none", "none")


def nobody_listens(home: Home) -> None:
    """Let nobody listen where the internet was."""
    home.kill("telegram", "outages")


def somebody_listens(home: Home) -> None:
    """Let them listen again. Telegram has lost nothing that it was given, but what it was asked since."""
    home.stack.start_outages()  # told what to do at another port than before
    home.stack.start_telegram()


def vanishing(*places: str) -> Strike:
    """Let all packets to and from places vanish: connections stay open, and nothing comes through them."""
    return lambda home: network.drop(port for place in places for port in home.ports(place))


def arriving(_: Home) -> None:
    """Let packets arrive again."""
    network.drop_nothing()


def names(delay_s: float | None) -> Strike:
    """Let names be resolved after so long; None: never."""

    def strike(home: Home) -> None:
        assert home.name_server
        home.name_server.delay_s = delay_s

    return strike


# a hostile client


def flood(home: Home) -> None:
    """Send thousands of payloads that are none, and some of a megabyte, from an account that may command plugs."""
    home.may_be_degraded = True
    with Viewer(home.stack.broker, "hass") as hostile:
        for number in range(FLOOD):
            hostile.client.publish(f"plug/nothing{number}/set", RUBBISH[number % len(RUBBISH)], qos=1)
        for _ in range(BIG):
            hostile.client.publish("plug/nothing/set", b"x" * BIG_BYTES, qos=1)
        time.sleep(1)
    strangers(home)


def strangers(home: Home) -> None:
    """Knock without an account, with a wrong password, and with no MQTT at all."""
    for number in range(30):
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"stranger{number}", protocol=mqtt.MQTTv5)
        if number % 2:
            client.username_pw_set(("poller", "admin")[number % 4 // 2], "guess")
        with suppress(OSError):
            client.connect("127.0.0.1", home.stack.broker.port)
            client.publish("grid/state", b'{"state": "off"}', retain=True)
            client.loop(0.01)
            client.disconnect()


def rubbish(*, retain: bool) -> Strike:
    """Let every account publish rubbish on everything that it may write."""

    def strike(home: Home) -> None:
        home.may_be_degraded = True
        for account in sorted({writer for topic in TOPICS for writer in topic.writers if writer != "%u"}):
            with Viewer(home.stack.broker, account, client_id=f"hostile-{account}") as hostile:
                for topic in (one for one in TOPICS if account in one.writers):
                    for payload in RUBBISH[1:]:
                        name = topic.named("x/y" if "{setting}" in topic.template else "x")
                        sent = hostile.client.publish(name, payload, qos=1, retain=retain)
                    sent.wait_for_publish(PATIENCE_S)
                for payload in RUBBISH[1:]:
                    hostile.client.publish(f"service/{account}/status", payload, qos=1, retain=retain)

    return strike


def retained_commands(home: Home) -> None:
    """Leave commands at the broker, for a service that was away: to switch every plug, and to change a setting."""
    home.kill("tuya", "poller")
    on = not home.power_is_on
    with Viewer(home.stack.broker, "dashboard", client_id="hostile-dashboard") as hostile:
        at = datetime.now(UTC).isoformat()
        publish = partial(hostile.client.publish, qos=1, retain=True)
        for plug in home.plugs():
            publish(f"plug/{plug['id']}/set", json.dumps({"at": at, "v": 2, "on": on, "by": "page"}))
        command = {"at": at, "v": 2, "value": "mute", "by": "page"}
        publish("inverter/main/setting/buzzer_mode/set", json.dumps(command)).wait_for_publish(PATIENCE_S)
    home.start_parts("tuya", "poller")


def retained_commands_gone(home: Home) -> None:
    """Clear them."""
    with Viewer(home.stack.broker, "dashboard", client_id="hostile-dashboard") as hostile:
        for plug in home.plugs():
            hostile.client.publish(f"plug/{plug['id']}/set", b"", qos=1, retain=True)
        last = hostile.client.publish("inverter/main/setting/buzzer_mode/set", b"", qos=1, retain=True)
        last.wait_for_publish(PATIENCE_S)
