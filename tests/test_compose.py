"""What docker-compose.yml grants and hands on; Docker is needed by the last tests only."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.settings_catalogue import OF_LIBRARIES, PROGRAMS, SERVICES
from shared.settings import SECRET
from shared.settings_metadata import NOT_IN_COMPOSE
from tests.support.broker import ROOT
from tests.support.env_readers import has_compose
from tests.support.waiting import PROGRAM_S

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
ALL: dict[str, dict[str, Any]] = COMPOSE["services"]
OVERLAYS = sorted(file.name for file in ROOT.glob("docker-compose.*.yml"))


def sources(service: str) -> dict[str, str]:
    """Return what is mounted where."""
    return {volume.split(":")[0]: volume.split(":", 1)[1] for volume in ALL[service].get("volumes", [])}


def memory_mb(service: str) -> int:
    return int(ALL[service]["mem_limit"].removesuffix("m"))


@pytest.mark.parametrize("service", ALL)
def test_every_container_is_hardened_and_bounded(service: str) -> None:
    one = ALL[service]
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in one
    assert 0 < memory_mb(service) <= 256
    assert one["cpus"] <= 1
    assert one["pids_limit"] <= 128
    assert one["logging"]["options"] == {"max-size": "5m", "max-file": "3"}


@pytest.mark.parametrize("service", sorted(set(ALL) - {"configure"}))
def test_only_the_questions_are_root(service: str) -> None:
    one = ALL[service]
    assert one["user"] == "1883:1883"
    assert "cap_add" not in one
    assert [source for source in sources(service) if source.startswith((".", "/"))] in ([], ["/run/dbus"])


def test_only_the_search_is_on_the_hosts_network() -> None:
    assert [name for name, one in ALL.items() if "network_mode" in one] == ["configure-host"]


def test_the_questions_may_write_a_file_of_somebody_elses_directory_and_no_more() -> None:
    one = ALL["configure"]
    assert sorted(one["cap_add"]) == ["CHOWN", "DAC_OVERRIDE", "FOWNER"]
    assert sources("configure") == {".": "/host:z", "host-tools": "/host-tools"}
    assert one["profiles"] == ["tools"]


def test_the_search_starts_with_the_questions_and_knows_nothing_but_their_answers() -> None:
    one = ALL["configure-host"]
    assert ALL["configure"]["depends_on"] == ["configure-host"]
    assert one["image"] == ALL["configure"]["image"]
    assert one["profiles"] == ["tools"]
    assert one["restart"] == "no"
    assert "environment" not in one


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_by_itself_and_comes_back(service: str) -> None:
    one = ALL[service]
    assert "profiles" not in one
    assert one["restart"] == "unless-stopped"
    assert one["depends_on"] == {"mosquitto": {"condition": "service_healthy"}}
    assert one["healthcheck"]["test"]


@pytest.mark.parametrize("service", PROGRAMS)
def test_a_container_is_handed_exactly_what_its_program_reads(service: str) -> None:
    handed = set(ALL[service]["environment"]) - set(OF_LIBRARIES.get(service, {})) - {"SECRETS_DIR"}
    fields = {name.upper(): field for kind in PROGRAMS[service] for name, field in kind.model_fields.items()}
    assert handed <= set(fields)
    if service in SERVICES:  # simulators get fixed values only
        assert set(fields) - handed == {name for name, field in fields.items() if NOT_IN_COMPOSE in field.metadata}


@pytest.mark.parametrize("service", ALL)
def test_what_is_handed_on_keeps_its_name_and_has_no_secret_in_it(service: str) -> None:
    for name, value in ALL[service].get("environment", {}).items():
        if given := re.fullmatch(r"\$\{(\w+):-\}", str(value)):
            assert given[1] == name
        else:
            assert "$" not in str(value)
            assert not SECRET.search(name) or name in ("SECRETS_DIR", "MQTT_SECRETS_DIR"), name


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_can_read_its_own_password_at_the_broker_only(service: str) -> None:
    secret = f"secret-{service}"
    assert sources(service)[secret] == "/secrets:ro"
    assert sources("mosquitto")[secret] == f"/mosquitto/shares/{service}"
    holders = {name for name in ALL if secret in sources(name)}
    past = {"poller": {"history"}, "bms": {"history-bms"}, "schedule": {"history-schedule"}}.get(service, set())
    assert holders == {service, "mosquitto"} | past  # the demo's past says what was read
    assert [name for name in ALL if "mosquitto" in sources(name)] == ["mosquitto"]
    accounts = re.search(r"for account in ([a-z ]+);", (ROOT / "Dockerfile").read_text())
    assert accounts
    assert service in accounts[1].split(), "no owner for its volume"


def test_every_volume_is_named() -> None:
    used = {source for name in ALL for source in sources(name) if source[0] not in "./"}
    assert used == set(COMPOSE["volumes"])


def test_what_always_runs_fits_into_a_raspberry_pi() -> None:
    """Not all of it at its bound at the same time: the sum of what it takes is in docs/operations.md."""
    assert sum(memory_mb(service) for service in SERVICES) <= 1664


def test_the_demo_has_volumes_of_its_own_and_only_simulators_are_its_profile() -> None:
    demo = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / "demo.env").read_text(), re.MULTILINE))
    assert demo["COMPOSE_PROJECT_NAME"] != COMPOSE["name"]
    simulated = [name for name, one in ALL.items() if "demo" in one.get("profiles", [])]
    assert all("simulators" in ALL[name]["command"] for name in simulated)
    fields = {name.upper() for kinds in SERVICES.values() for kind in kinds for name in kind.model_fields}
    assert set(demo) - fields == {"COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES", "EASUN_VARIANT"}


needs_compose = pytest.mark.skipif(not has_compose(), reason="there is no docker compose here (no engine is needed)")


def config(tmp_path: Path, env: str, *files: str) -> subprocess.CompletedProcess[str]:
    """Return what Compose makes of its files and an .env."""
    env_file = tmp_path / ".env"
    env_file.write_bytes(env.encode())
    named = [word for file in ("docker-compose.yml", *files) for word in ("-f", str(ROOT / file))]
    command = ["docker", "compose", "--env-file", str(env_file), *named, "config"]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=PROGRAM_S)


@pytest.mark.processes
@needs_compose
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_compose_takes_every_overlay(tmp_path: Path, overlay: str) -> None:
    done = config(tmp_path, "MODBUS_SERIAL_PORT=/dev/null\nJK_LINE_PORT=/dev/null\nMQTT_TLS_NAMES=pi.local\n", overlay)
    assert done.returncode == 0, done.stderr
    merged = yaml.safe_load(done.stdout)["services"]
    on_host = [name for name, one in merged.items() if one.get("network_mode") == "host"]
    assert on_host == (["poller"] if overlay == "docker-compose.dongle.yml" else [])


@pytest.mark.processes
@needs_compose
@pytest.mark.parametrize("bind", ["", "MQTT_BIND=0.0.0.0\n", "MQTT_BIND=127.0.0.1\n", "MQTT_BIND=192.168.1.10\n"])
def test_the_dongles_poller_looks_for_the_broker_where_it_listens(tmp_path: Path, bind: str) -> None:
    done = config(tmp_path, f"{bind}MQTT_PORT=1884\n", "docker-compose.dongle.yml")
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    (published,) = services["mosquitto"]["ports"]
    asked = services["poller"]["environment"]
    assert asked["MQTT_PORT"] == published["published"]
    assert published["host_ip"] in ("0.0.0.0", asked["MQTT_HOST"])


@pytest.mark.processes
@needs_compose
def test_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    done = config(tmp_path, "MODBUS_HOST=192.168.1.20\r\nQUEUE_NUMBER='5.2'\r\nDASHBOARD_PASSWORD=\"a b\"\r\n")
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    assert services["poller"]["environment"]["MODBUS_HOST"] == "192.168.1.20"
    assert services["schedule"]["environment"]["QUEUE_NUMBER"] == "5.2"
    assert services["dashboard"]["environment"]["DASHBOARD_PASSWORD"] == "a b"


@pytest.mark.processes
@needs_compose
def test_a_missing_name_for_tls_is_asked_for(tmp_path: Path) -> None:
    done = config(tmp_path, "", "docker-compose.tls.yml")
    assert done.returncode != 0
    assert "MQTT_TLS_NAMES" in done.stderr
