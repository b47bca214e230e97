"""The systemd units, made from one table: `make docs` writes deploy/systemd/, and `make check` says what is stale."""

from dataclasses import dataclass

MADE = "# made by deploy/units.py; `make docs` makes it anew. Changes of your own: systemctl edit"
CURRENT = "/opt/easun-bridge/current"
ENV_FILE = "/etc/easun-bridge/.env"
STATE = "/var/lib/easun-bridge"
BROKER_STATE = "/var/lib/easun-mosquitto"
BROKER = "easun-mosquitto.service"


@dataclass(frozen=True)
class Unit:
    """A service of ours: what it does, how much memory it may have, and what only it needs."""

    name: str
    about: str
    memory: str
    after: str = ""
    lines: str = "PrivateDevices=yes"


SERIAL = """\
# a serial port may be plugged in at any time, under a driver that is not loaded yet; the group says which ones are ours
DevicePolicy=closed
DeviceAllow=char-* rw
SupplementaryGroups=dialout"""

UNITS = (
    Unit("poller", "the inverter", "128M", lines=SERIAL),
    Unit("bms", "the batteries", "160M", after="bluetooth.service", lines=SERIAL),
    Unit("schedule", "the planned outages", "128M"),
    Unit("recorder", "the history", "256M"),
    Unit("tuya", "the plugs", "160M"),
    Unit("outlook", "whether the battery lasts", "192M"),
    Unit("bot", "Telegram", "256M"),
    Unit("dashboard", "the page", "320M"),
    Unit("homeassistant", "Home Assistant", "128M"),
)

TARGET = f"""{MADE}
[Unit]
Description=easun-bridge
After={BROKER}

[Install]
WantedBy=multi-user.target
"""

SANDBOX = """\
# Nothing can be written but the state and the logs, nothing of the system be seen or changed, no right be gained.
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
# a user namespace of its own keeps one service out of the memory of the next, although both are the same user
PrivateUsers=yes
ProtectProc=invisible
ProcSubset=pid
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
UMask=0027"""

RESTART = """\
# Never given up: nobody may come by for weeks. What only you can mend (78) waits for you instead.
Restart=always
RestartSec=10s
RestartPreventExitStatus=78"""


ALLOCATOR = {"MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD_": "131072"}
"""So that glibc gives back what a large answer took: by default each thread keeps a heap of its own."""


def units() -> dict[str, str]:
    """Return every file of deploy/systemd that is made, by its path."""
    files = {f"easun-{unit.name}.service": _service(unit) for unit in UNITS}
    files |= {BROKER: _broker(), "easun.target": TARGET}
    return {f"deploy/systemd/{name}": text for name, text in files.items()}


def _service(unit: Unit) -> str:
    return f"""{MADE}
[Unit]
Description=easun-bridge: {unit.about}
Documentation=file:{CURRENT}/docs/operations.md
PartOf=easun.target
After={" ".join(filter(None, ("network.target", BROKER, unit.after)))}
StartLimitIntervalSec=0

[Service]
Type=notify
WatchdogSec=3min
ExecStart={CURRENT}/.venv/bin/python -m services.{unit.name}
WorkingDirectory={STATE}
Environment=PYTHONPATH={CURRENT} PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1 MPLCONFIGDIR=/tmp
Environment=ENV_FILE={ENV_FILE} MQTT_SECRETS_DIR=%d
Environment={" ".join(f"{name}={value}" for name, value in ALLOCATOR.items())}
User=easun
Group=easun
StateDirectory=easun-bridge
StateDirectoryMode=0750
LogsDirectory=easun-bridge
LogsDirectoryMode=0750
# its own password at the broker and nobody else's; the empty one is for a broker that is not ours (MQTT_PASSWORD)
LoadCredential={unit.name}:{BROKER_STATE}/secrets/{unit.name}
SetCredential={unit.name}:\\n
{RESTART}
TimeoutStopSec=30s
MemoryMax={unit.memory}

{SANDBOX}
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
{unit.lines}

[Install]
WantedBy=easun.target
"""


def _broker() -> str:
    places = f"MQTT_STATE_DIR={BROKER_STATE} MQTT_SECRETS_DIR={BROKER_STATE}/secrets"
    start = f"/usr/bin/env {places} {CURRENT}/mosquitto/start.sh"
    return f"""{MADE}
[Unit]
Description=easun-bridge: the broker
Documentation=file:{CURRENT}/docs/operations.md
PartOf=easun.target
After=network.target
StartLimitIntervalSec=0

[Service]
EnvironmentFile=-{ENV_FILE}
# where MQTT_HOST names another machine's broker there is none here
ExecCondition=/bin/sh -c 'case "$MQTT_HOST" in ""|localhost|127.0.0.1|::1) ;; *) exit 1 ;; esac'
# the passwords are there before anybody who needs one is started; what is wrong is said by the second one
ExecStartPre=-{start} prepare
ExecStart={start}
ExecReload=/bin/kill -HUP $MAINPID
User=easun-broker
Group=easun-broker
StateDirectory=easun-mosquitto
StateDirectoryMode=0700
{RESTART}
TimeoutStopSec=30s
MemoryMax=224M
# a client takes one file descriptor; the usual 1024 would turn away the homes of docs/fleet.md
LimitNOFILE=65536

{SANDBOX}
# the last one tells this machine's addresses, for the certificate
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
PrivateDevices=yes

[Install]
WantedBy=easun.target
"""
