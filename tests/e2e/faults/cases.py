"""The matrix: every fault, what mends it, and what it may cost. What is not named here it may not cost."""

import time
from dataclasses import dataclass, replace

from tests.e2e.faults import strikes as s
from tests.e2e.faults.home import SERVICES
from tests.e2e.faults.strikes import Strike

DAY_S = 86_400.0
TO_2120_S = 94 * 365.25 * DAY_S
TO_1970_S = DAY_S - time.time()
CORE = ("recorder", "poller", "tuya", "bot", "dashboard")
"""What must work in every case; all services run where one of the others is concerned."""
WHATEVER = ".*"
SAID, FAKED = "said", "faked"
"""Whose clock is wrong: that of our services, by a file, or that of all processes, by libfaketime."""
NOT_SAVED = "what the broker had not saved yet, and nobody could send again"
LOOKS, DYING, ZEROS = 4, 8, 60


@dataclass(frozen=True)
class Case:
    """One fault. Power goes right after it has struck, and it is mended `hold_s` later; then power comes back.

    unpublished are readings that the inverter has given out and nobody has published: the poller looks up to twice
    again at a grid that has changed; others died with it, or were cut off half read.
    lost is why readings may be lost that were published; without a reason none may. may_tell
    matches alerts that are right beside those of the outage. from_strike: what was recorded before is in a file that
    is gone. disk is what lies on a small disk of its own. clock: on a machine whose clock can be wrong, and how.
    blinds: nobody can know how the power is, so until it is mended it must be unknown, and never an outage.
    drops: needs a network in which packets can vanish. names: the services know the inverter, Telegram and Tuya's cloud
    by names, which that network resolves. poll_s: the time between two readings. away is the service that
    is away meanwhile. forgets: the broker loses what it has kept for those that are away.
    """

    group: str
    name: str
    strike: Strike
    mend: Strike = s.nothing
    hold_s: float = 4.0
    unpublished: int = LOOKS
    lost: str = ""
    may_tell: str = ""
    from_strike: bool = False
    disk: str = ""
    clock: str = ""
    blinds: bool = False
    drops: bool = False
    names: bool = False
    poll_s: float = 0.5
    away: str = ""
    forgets: bool = False
    in_make_test: bool = False
    services: tuple[str, ...] = CORE


def _of_process(name: str) -> tuple[Case, ...]:
    group = "broker" if name == "broker" else "service"
    services = CORE if name in (*CORE, "broker") else SERVICES
    dying = DYING if name == "poller" else LOOKS
    return (
        Case(
            group,
            f"{name} killed (-9), started after 4 s",
            s.killed(name),
            s.started(name),
            unpublished=dying,
            away=name,
            services=services,
        ),
        Case(
            group,
            f"{name} stopped (SIGSTOP) for 8 s",
            s.stopped(name),
            s.continued(name),
            8.0,
            unpublished=dying,
            away=name,
            services=services,
        ),
        Case(group, f"{name} restarted", s.restarted(name), unpublished=dying, away=name, services=services),
    )


PROCESSES = tuple(case for name in ("broker", *SERVICES) for case in _of_process(name))

BROKER = (
    Case("broker", "gone for 30 s", s.killed("broker"), s.started("broker"), 30.0),
    Case("broker", "killed twice within 2 s", s.killed_again("broker", 2, 1.0), in_make_test=True),
    Case("broker", "its stored state cut to half", s.store(s.cut), forgets=True),
    Case("broker", "its stored state zeroed", s.store(s.zeros), forgets=True),
    Case(
        "broker",
        "its stored state zeroed while the recorder is away",
        s.both(s.killed("recorder"), s.store(s.zeros)),
        s.started("recorder"),
        forgets=True,
    ),
    Case(
        "broker", "broker and recorder killed together", s.killed("broker", "recorder"), s.started("broker", "recorder")
    ),
    Case(
        "broker",
        "broker and poller killed together",
        s.killed("broker", "poller"),
        s.started("broker", "poller"),
        unpublished=DYING,
        forgets=True,
    ),
)

STORAGE = (
    Case("disk", "the database's disk is full", s.full, s.room, 8.0, disk="database"),
    Case("disk", "the only disk is full", s.full, s.room, 8.0, disk="everything"),
    Case("disk", "the only disk is full when everything boots", s.both(s.full, s.power_cut(6)), s.room, 8.0,
         unpublished=DYING, lost=NOT_SAVED, disk="everything"),
    Case("disk", "the database's disk is read-only", s.read_only, s.writable, 8.0, disk="database"),
    Case("disk", "a page of readings is damaged", s.spoilt_database(s.bad_page), from_strike=True),
    Case("disk", "the first page is damaged", s.spoilt_database(s.bad_header), from_strike=True),
    Case("database", "locked for 8 s", s.locked, s.unlocked, 8.0),
    Case("database", "deleted while recording", s.deleted, from_strike=True, in_make_test=True),
    Case("database", "zeroed", s.spoilt_database(s.all_zeros), from_strike=True),
    Case("database", "its -wal removed while recording", s.wal_gone),
)  # fmt: skip

CLOCK = (
    Case("clock", "40 minutes behind at boot", s.booted(-2400.0), s.clock_set, 8.0, unpublished=DYING, clock=SAID),
    Case("clock", "two days ahead at boot", s.booted(2 * DAY_S), s.clock_set, 8.0, unpublished=DYING, clock=SAID),
    Case("clock", "in 1970 at boot", s.booted(TO_1970_S, after_recording=True), s.clock_set, 8.0, unpublished=DYING,
         clock=SAID),
    Case("clock", "in 2120 at boot", s.booted(TO_2120_S, after_recording=True), s.clock_set, 8.0, unpublished=DYING,
         clock=SAID),
    Case("clock", "leaps two days ahead and is set back", s.leapt(2 * DAY_S), s.clock_set, 8.0, clock=SAID),
    Case("clock", "leaps to 2120 and is set back", s.leapt(TO_2120_S), s.clock_set, 8.0, clock=SAID),
)  # fmt: skip
OF_THE_SYSTEM = tuple(replace(case, group="system clock", clock=FAKED) for case in CLOCK)

NETWORK = (
    Case("network", "host – inverter: unplugged", s.inverter("unplug"), s.inverter("none"), 8.0, unpublished=DYING,
         blinds=True),
    Case("network", "host – inverter: no reply", s.inverter("silent"), s.inverter("none"), 8.0, unpublished=DYING,
         blinds=True),
    Case("network", "host – inverter: packets dropped", s.vanishing("inverter"), s.arriving, 20.0, unpublished=DYING,
         blinds=True, drops=True),
    Case("network", "host – inverter: half a reply, then silence", s.inverter("half"), s.inverter("none"), 8.0,
         unpublished=DYING, blinds=True),
    Case("network", "host – inverter: replies of another unit", s.inverter("other_unit"), s.inverter("none"), 8.0,
         unpublished=DYING, blinds=True),
    Case("network", "host – inverter: every reply late, with the next one", s.inverter("late"), s.inverter("none"), 8.0,
         unpublished=DYING, blinds=True),
    Case("network", "host – inverter: one reply in five damaged", s.garbled(0.2),
         s.inverter("none"), 8.0, unpublished=20),
    Case("network", "host – inverter: replies of zeros only", s.inverter("zeros"), s.inverter("none"), 8.0,
         unpublished=ZEROS),
    Case("network", "host – internet: connections refused", s.nobody_listens, s.somebody_listens, 8.0),
    Case("network", "host – internet: no replies", s.internet("hang", "silent", "silent"), s.INTERNET_BACK, 8.0),
    Case("network", "host – internet: packets dropped", s.vanishing("internet"), s.arriving, 20.0, drops=True,
         services=SERVICES),
    Case("network", "services – broker: packets dropped", s.vanishing("broker"), s.arriving, 30.0, drops=True),
    Case("network", "host – plugs: packets dropped", s.vanishing("plugs", "internet"), s.arriving, 20.0, drops=True,
         may_tell=WHATEVER),
    Case("network", "host – plugs: connections refused", s.plugs("gone"), s.plugs("none"), 8.0,
         may_tell=WHATEVER),
    Case("network", "host – plugs: no replies", s.plugs("silent"), s.plugs("none"), 8.0, may_tell=WHATEVER),
    Case("network", "host – plugs: connection cut after the command", s.plugs("cut"), s.plugs("none"), 8.0,
         may_tell=WHATEVER),
    Case(
        "network",
        "everything cut at once",
        s.both(s.inverter("unplug"), s.plugs("gone"), s.internet("hang", "silent", "silent")),
        s.both(s.inverter("none"), s.plugs("none"), s.INTERNET_BACK),
        8.0,
        unpublished=DYING,
        may_tell=WHATEVER,
        blinds=True,
    ),
    Case("network", "all packets dropped but the broker's", s.vanishing("inverter", "plugs", "internet"), s.arriving,
         30.0, unpublished=DYING, may_tell=WHATEVER, blinds=True, drops=True, services=SERVICES),
)  # fmt: skip

NAMES = (
    Case("names", "no answer", s.names(None), s.names(0.0), 20.0, names=True),
    Case("names", "no answer, and everything boots", s.both(s.names(None), s.power_cut(7)), s.names(0.0), 20.0,
         unpublished=DYING, lost=NOT_SAVED, blinds=True, names=True),
    Case("names", "answers after 4 s from now on, and everything boots", s.both(s.names(4.0), s.power_cut(8)),
         hold_s=20.0, unpublished=DYING, lost=NOT_SAVED, names=True),
)  # fmt: skip

HTTP = (
    Case("HTTP", "every cloud answers 200 with HTML", s.internet("html", "html200", "html"), s.INTERNET_BACK, 8.0),
    Case("HTTP", "every cloud sends truncated JSON", s.internet("half_json", "not_json", "half_json"),
         s.INTERNET_BACK, 8.0),
    Case("HTTP", "every cloud sends unexpected JSON", s.internet("odd_result", "wrong_shape", "else"),
         s.INTERNET_BACK, 8.0),
    Case("HTTP", "every cloud sends megabytes", s.internet("huge", "oversized", "huge"), s.INTERNET_BACK, 8.0),
    Case("HTTP", "every cloud is overloaded", s.internet("server_error", "503", "busy"), s.INTERNET_BACK, 8.0),
    Case("HTTP", "every cloud sends a byte now and then", s.internet("server_error", "drip", "trickle"),
         s.INTERNET_BACK, 8.0),
)  # fmt: skip

HOSTILE = (
    Case("hostile", "2,000 unreadable payloads, 30 of a megabyte, 30 unknown clients", s.flood),
    Case("hostile", "every account publishes garbage on every topic it may write", s.rubbish(retain=False)),
    Case("hostile", "retained garbage on all topics, then a cold start", s.both(s.rubbish(retain=True), s.power_cut(5)),
         unpublished=DYING, lost=NOT_SAVED),
    Case("hostile", "retained commands waiting for a service", s.retained_commands, s.retained_commands_gone,
         unpublished=DYING, may_tell="A retained command is not obeyed"),
)  # fmt: skip

POWER_CUTS = (
    *(
        Case("power cut", f"everything at once, started again in random order {seed}{after}",
             s.power_cut(seed, pause_s), unpublished=DYING, lost=NOT_SAVED, in_make_test=seed == 1)
        for seed, pause_s, after in ((1, 0.0, ""), (2, 0.0, ""), (3, 5.0, ", after 5 s"))
    ),
    Case("power cut", "everything, 4 s after the grid goes, not yet saved by the broker", s.nothing,
         s.power_cut(4), unpublished=DYING, lost=NOT_SAVED),
)  # fmt: skip

OF_ALL_SERVICES = tuple(replace(case, services=SERVICES) for case in (*NAMES, *HTTP, *POWER_CUTS))
CASES: tuple[Case, ...] = (*PROCESSES, *BROKER, *STORAGE, *CLOCK, *OF_THE_SYSTEM, *NETWORK, *HOSTILE, *OF_ALL_SERVICES)

HOUR_S, AS_AT_HOME_S = 3600.0, 5.0
LONG: tuple[Case, ...] = (
    Case("broker", "gone for an hour", s.killed("broker"), s.started("broker"), HOUR_S, poll_s=AS_AT_HOME_S,
         services=SERVICES),
    Case("network", "host – internet: connections refused, for an hour", s.nobody_listens, s.somebody_listens, HOUR_S,
         poll_s=AS_AT_HOME_S, services=SERVICES),
)  # fmt: skip
"""Tried only on request, as each takes more than an hour. Readings are as far apart as at home: the services keep what
waits for the broker up to a bound (MQTT_OUTBOX)."""
