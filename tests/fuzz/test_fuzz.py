"""A few inputs for every parser that reads from outside; `make fuzz` draws as many as one likes. And what it found."""

import logging
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz.disk import MENDED
from tests.fuzz.folder import kept_in
from tests.fuzz.report import added_up, text
from tests.fuzz.target import Target, watched
from tests.fuzz.targets import TARGETS

BY_NAME = {target.name: target for target in TARGETS}
DEEP = b"[" * 100_000
MERGED = b"a0: &a0 {id: x}\n" + b"".join(
    b"a%d: &a%d {<<: [%s]}\n" % (number, number, b",".join([b"*a%d" % (number - 1)] * 8)) for number in range(1, 12)
)
"""Half a kilobyte that is billions of keys."""
DOUBLED = b"\0A0=" + b"x" * 1000 + b"\n" + b"".join(b"A%d=${A%d}${A%d}\n" % (n + 1, n, n) for n in range(60))
GRADED = (
    b'{"graded":[{"standing":{"began":"2026-11-29T00:00:00Z","end":null,"charge":%g,"charge_at_end":{"p10":0,"p50":%g,'
    b'"p90":0},"correction":%g},"ended":"2026-11-29T03:00:00Z","charge":50,"lowest":50}]}'
)
FOUND = [
    *((f"the list of {name}", MERGED) for name in ("plugs", "inverters", "batteries", "profiles")),
    ("the list of plugs", b'plugs:\n- {id: x, name: "\\UFFFFFFFF"}\n'),
    *((name, DOUBLED) for name in (".env: lines", ".env: settings of every service")),
    (".env: lines", b"A=" + b" " * 200_000),
    (".env: lines", b"A=" + b"${" * 100_000),
    (".env: lines", b"A=" + b"${A:-" * 50_000),
    *(("page: addresses", data) for data in (b"?\x80", b"recorded/events?\xed", b"login?next=\xff")),
    *(("page: commands", data) for data in (DEEP, b'{"a":' * 100_000)),
    (
        "Tuya: answers of the cloud",
        b'{"success":true,"result":{"devices":[{"id":"a","local_key":"\\ud800","status":[{"code":"switch_1","value":true}]}]}}',
    ),
    ("e-mail: answers of a server", b"220 mail\r\n250-mail\r\n250 AUTH PLAIN\r\n334 q\r\n"),
    (
        "MQTT: grid/state",
        b'{"at":"2026-11-30T02:00:00Z","state":"on","since":"2026-11-30T02:00:00Z","clock":{"boot":"","uptime_s":1e308}}',
    ),
    *(
        (f"MQTT: {device}/{{name}}/info", b'{"at":"2026-11-30T02:00:00Z","address":"x","interval_s":9e16}')
        for device in ("battery", "inverter")
    ),
    ("MQTT: Home Assistant's discovery", DEEP),
    ("ntfy: answers", DEEP),
    ("ntfy: answers", b"x" * 200_000),
    ("disk: guests, sessions and key of the page", DEEP),
    ("disk: guests, sessions and key of the page", b'{"x":{"name":"x","made_s":1e300,"digest":"a"}}'),
    ("disk: guests, sessions and key of the page", b'{"x":{"name":"x","made_s":NaN,"digest":"a"}}'),
    ("disk: guests, sessions and key of the page", b'{"x":' + b"9" * 400 + b"}"),
    *(("disk: the report of a mended database", data) for data in (b"", bytes(100), b"[]", b"{}", DEEP)),
    *(
        (
            "disk: the report of a mended database",
            MENDED.replace(b'"%s": %d' % (name, count), b'"%s": %d' % (name, 10**400)),
        )
        for name, count in ((b"saved", 5), (b"from_backup", 0))
    ),
    ("disk: the journal of the inverter", b'{"writes":["2026-11-30T02:00:00"]}'),
    ("disk: the journal of the inverter", b'{"handled":[{"setting":"x","by":"x","at":"2026-11-30T02:00:00"}]}'),
    ("disk: forecasts that stood", b'{"running":{"began":"2026-11-30T00:00:00Z","end":null,"charge":1e400}}'),
    *(("disk: forecasts that stood", GRADED % changes) for changes in ((100, 60, 0), (100, 60, -1))),
    ("disk: the bot's outbox", b'{"waiting":{"5":[{"kind":{},"key":"x"}]}}'),
    ("disk: the bot's chats", b'{"limits":{"low_battery_percent":"NaN"}}'),
    ("disk: hours of the queues", b'{"days":{"2026-11-30":{"5.2":"x"}},"outages":["2026-11-30T00:00:00Z"]}'),
    ("disk: hours of the queues", b'{"days":{"2026-11-30":{"5.2":"9-5"}},"outages":["2026-11-30T00:00:00Z"]}'),
    ("disk: hours of the queues", b'{"days":{"2026-11-30":{"5.2":"0-9999999999"}},"outages":["2026-11-30T00:00:00Z"]}'),
    *(
        (
            "disk: hours of the queues",
            b'{"region":"x","days":{"2026-11-30":{"5.2":"0-2"},"%s":{}},"outages":["2026-11-30T00:00:00Z"]}' % day,
        )
        for day in (b"0001-01-01", b"9999-12-31")
    ),
    ("database: JSON in rows", b'{"days":{"0001-01-01":"planned"}}'),
    ("database: JSON in rows", b'{"days":{"2026-11-30":"of a newer version"}}'),
    ("disk: the bot's chats", b'{"limits":{"imbalance_mv":3.8}}'),
    ("disk: energy counters", b'{"kwh":{"pv_kwh":"NaN"}}'),
    ("disk: energy counters", b'{"kwh":{"pv_kwh":-2.5}}'),
    ("disk: energy counters", b'{"since":"2026-11-30T02:00:00"}'),
    ("disk: energy counters", b'{"since":"9999-12-31T23:59:59-14:00"}'),
    ("disk: options of the add-on", b'{"more":5}'),
]
"""What hung, grew without bound or ended in a traceback before it was mended, by the target."""


@pytest.fixture(scope="module", autouse=True)
def _nothing_stays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with kept_in(tmp_path_factory.mktemp("fuzz")):
        yield


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_whatever_comes_is_understood_or_refused(target: Target, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    assert target.try_one(target.seeds[0]), "what refuses a real input tries nothing with the others"

    @settings(max_examples=3, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.randoms(use_true_random=False))
    def any_input(random: Random) -> None:
        target.try_one(target.draw(random))

    any_input()


@pytest.mark.parametrize(("name", "data"), FOUND, ids=lambda part: part if isinstance(part, str) else "")
def test_what_was_found_stays_mended(name: str, data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    with watched():
        BY_NAME[name].try_one(data)


def test_no_name_is_there_twice() -> None:
    assert len(BY_NAME) == len(TARGETS)


@pytest.mark.processes  # git says which commit it is
def test_the_table_says_what_the_least_tried_target_has_had() -> None:
    drawn = {
        name: {"target": name, "inputs": 7, "slowest_s": 0.25, "failures": 0, "peak_mb": 150.0}
        for name in list(BY_NAME)[1:]
    }
    last = text(drawn, {}).splitlines()[-1]
    assert last == f"| **together** | {len(BY_NAME)} | {7 * (len(BY_NAME) - 1):,} | 0 | 0.2 s |  | 0 |"


def test_runs_of_a_target_are_added_up() -> None:
    runs = (
        '{"target":"x","inputs":7,"slowest_s":0.5,"failures":1}',
        '{"target":"x","inputs":3,"slowest_s":0.25,"failures":1}',
    )
    assert added_up(runs) == {"x": {"inputs": 10, "slowest_s": 0.5, "failures": 2}}
