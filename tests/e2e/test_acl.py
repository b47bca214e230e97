"""From outside, with each account and with none: what may be written and what may be read, on every topic there is.

docs/broker.md holds what was found; a run that finds something else writes it there anew and fails.
"""

import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from docs.generate_topics import HASS, SERVICES, VIEWER
from shared.topics import DISCOVERY_TOPICS, PLUG_SET, SERVICE_STATUS, TOPICS
from tests.support.broker import ROOT, Broker
from tests.support.waiting import PATIENCE_S, eventually

DOCUMENT = ROOT / "docs/broker.md"
BEGIN, END = "<!-- measured by tests/e2e/test_acl.py -->", "<!-- end -->"
ACCOUNTS = (*SERVICES, HASS, VIEWER)
STRANGERS = {
    "nobody": (None, None),
    "a wrong password": ("viewer", "hunter2"),
    "an unknown account": ("guest", "guest"),
}
ANGLES = str.maketrans("{}", "<>")
SAMPLES = {
    topic.template.translate(ANGLES): topic.named("sample/part" if "{setting}" in topic.template else "sample")
    for topic in TOPICS
    if topic != SERVICE_STATUS
}
SAMPLES |= {one.named("homeassistant", "<name>"): one.named("homeassistant", "sample") for one in DISCOVERY_TOPICS}
OWN, FOREIGN = "service/<own name>/status", "service/<another>/status"
RETAINED = "plug/<name>/set, retained"
EXTRA = {RETAINED: PLUG_SET.named("retained"), "anything else": "somewhere/else", "$SYS/#": "$SYS/broker/uptime"}
ROWS = (*SAMPLES, OWN, FOREIGN, *EXTRA)
NOT_AUTHORIZED = 135
LAST = "somewhere/last"
"""Whoever has this has had everything that was published before it."""


class Client:
    """A stranger at the broker, with or without an account."""

    def __init__(self, broker: Broker, user: str | None, password: str | None) -> None:
        self.refused: bool | None = None
        self.heard: list[str] = []
        self._answers: dict[int, ReasonCode] = {}
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        if user:
            self._client.username_pw_set(user, password)
        self._client.on_connect = self._on_connect
        self._client.on_message = lambda _client, _userdata, message: self.heard.append(message.topic)
        self._client.on_publish = self._on_publish
        self._subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        eventually(lambda: self.refused is not None, "the broker has answered")

    def _on_connect(
        self, _client: object, _userdata: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        self.refused = reason.is_failure

    def _on_publish(
        self, _client: object, _userdata: object, number: int, reason: ReasonCode, _properties: object
    ) -> None:
        self._answers[number] = reason

    def listen(self, *filters: str) -> None:
        self._subscribed.clear()
        self._client.subscribe([(filter_, 1) for filter_ in filters])
        assert self._subscribed.wait(PATIENCE_S)

    def write(self, topic: str, *, retain: bool = False) -> int:
        """Publish, and return the number of the message."""
        return self._client.publish(topic, b"{}", qos=1, retain=retain).mid

    def was_taken(self, number: int) -> bool:
        """Return whether the broker took a message; waits for its answer."""
        return eventually(lambda: self._answers.get(number)).value != NOT_AUTHORIZED

    def may_write(self, topic: str) -> bool:
        """Publish, and return whether the broker took it."""
        return self.was_taken(self.write(topic))

    def has_heard(self, topic: str) -> bool:
        return topic in self.heard

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def concrete(row: str, account: str) -> str:
    """The topic that a row stands for, seen from an account."""
    other = "recorder" if account != "recorder" else "poller"
    return {OWN: f"service/{account}/status", FOREIGN: f"service/{other}/status"}.get(row) or (SAMPLES | EXTRA)[row]


def _tester(broker: Broker) -> Client:
    """Give the broker one more account, which may do everything, so that there is something to read on every topic."""
    passwords = broker.state_dir / "passwd"
    subprocess.run(["mosquitto_passwd", "-b", passwords, "tester", "tester"], check=True, capture_output=True)
    with (broker.state_dir / "acl").open("a") as acl:
        acl.write("\nuser tester\ntopic readwrite #\ntopic readwrite $SYS/#\n")
    os.kill(broker.pid, signal.SIGHUP)
    return eventually(lambda: _accepted(Client(broker, "tester", "tester")), "the broker knows the tester")


def _accepted(client: Client) -> Client | None:
    if client.refused:
        client.close()
        return None
    return client


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Broker, Client, dict[str, Client]]]:
    """A broker, the tester, and a client for each account."""
    broker = Broker(tmp_path_factory.mktemp("acl") / "state")
    broker.start()
    with ExitStack() as stack:
        stack.callback(broker.stop)
        clients = {}
        for account in ACCOUNTS:
            clients[account] = Client(broker, account, (broker.secrets_dir / account).read_text().strip())
            stack.callback(clients[account].close)
        tester = _tester(broker)
        stack.callback(tester.close)
        tester.listen("#")
        yield broker, tester, clients


@pytest.fixture(scope="module")
def writes(home: tuple[Broker, Client, dict[str, Client]]) -> dict[tuple[str, str], bool]:
    """For each row and account: whether the broker took what it wrote, and handed it on."""
    _, tester, clients = home
    numbers = {
        (row, name): client.write(concrete(row, name), retain=row == RETAINED)
        for row in ROWS
        for name, client in clients.items()
    }
    taken = {(row, name): clients[name].was_taken(number) for (row, name), number in numbers.items()}
    assert tester.may_write(LAST)
    eventually(lambda: LAST in tester.heard)
    expected = Counter(concrete(row, name) for (row, name), may in taken.items() if may)
    assert Counter(tester.heard) - Counter([LAST]) == expected
    return taken


@pytest.fixture(scope="module")
def reads(
    home: tuple[Broker, Client, dict[str, Client]], writes: dict[tuple[str, str], bool]
) -> dict[tuple[str, str], bool]:
    """For each row and account: whether it hears what somebody else writes there, however it asks for it."""
    _, tester, clients = home
    for client in clients.values():
        client.listen("#", "$SYS/#", "+/+/+", "$share/group/#")
    topics = {concrete(row, name) for row in ROWS for name in clients if not row.startswith("$")}
    assert all(tester.was_taken(number) for number in [tester.write(topic) for topic in sorted(topics)])
    assert tester.may_write(LAST)
    for name, client in clients.items():
        eventually(partial(client.has_heard, LAST), f"{name} has had all")
    return {(row, name): concrete(row, name) in client.heard for row in ROWS for name, client in clients.items()}


def test_each_account_may_what_the_list_of_topics_says(
    writes: dict[tuple[str, str], bool], reads: dict[tuple[str, str], bool]
) -> None:
    by_template = {topic.template.translate(ANGLES): topic.writers for topic in TOPICS}
    by_template |= {one.named("homeassistant", "<name>"): one.writers for one in DISCOVERY_TOPICS}
    wanted = {OWN: SERVICES, FOREIGN: (), RETAINED: PLUG_SET.writers, "anything else": (), "$SYS/#": ()}
    assert {key for key, may in writes.items() if may} == {
        (row, name) for row in ROWS for name in (by_template | wanted)[row]
    }
    assert {key for key, may in reads.items() if not may} == {("$SYS/#", name) for name in (*SERVICES, HASS)}


@pytest.mark.parametrize("stranger", STRANGERS)
def test_strangers_are_not_let_in(stranger: str, home: tuple[Broker, Client, dict[str, Client]]) -> None:
    client = Client(home[0], *STRANGERS[stranger])
    assert client.refused
    client.close()


def test_the_document_says_what_was_found(
    writes: dict[tuple[str, str], bool], reads: dict[tuple[str, str], bool]
) -> None:
    text = DOCUMENT.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    true = f"{before}{BEGIN}\n{table(writes, reads)}{END}{after}"
    if text != true:
        DOCUMENT.write_text(true)
        pytest.fail(f"{DOCUMENT.name} said something else. It has been written anew: look at the difference.")


def table(writes: dict[tuple[str, str], bool], reads: dict[tuple[str, str], bool]) -> str:
    """W: the broker took what the account wrote there and handed it on; R: the account heard what another one wrote."""
    heads = (*ACCOUNTS, "anybody else")
    lines = ["| | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for row in ROWS:
        cells = [("R" if reads[row, name] else "") + ("W" if writes[row, name] else "") or "–" for name in ACCOUNTS]
        lines.append(
            f"| {row if row == 'anything else' else f'`{row}`'} | " + " | ".join([*cells, "not let in"]) + " |"
        )
    return "\n".join(lines) + "\n"
