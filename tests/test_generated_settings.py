"""What is generated from the settings classes works, and everything that is read elsewhere is declared."""

import re
from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from docs import settings_catalogue
from docs.generate_settings import compose_file, env_example, ignored_by_compose, markdown
from docs.settings_catalogue import PROGRAMS, WITHOUT_CLASS, Variable, environment, variables
from shared.settings import SECRET, Settings
from shared.settings_metadata import Section
from tests.support.broker import ROOT

KINDS = sorted({kind for kinds in PROGRAMS.values() for kind in kinds}, key=lambda kind: kind.__name__)
LINE = re.compile(r"^#?([A-Z][A-Z0-9_]+)=(.*)$", re.MULTILINE)
EXAMPLE_TEXT = (ROOT / ".env.example").read_text(encoding="utf-8")
EXAMPLE = dict(LINE.findall(EXAMPLE_TEXT))
READERS = (
    ("mosquitto/*.sh", r"\$\{([A-Z][A-Z0-9_]+)"),
    ("docker-compose*.yml", r"\$\{([A-Z][A-Z0-9_]+)"),
    ("deploy/install.sh", r"(?<!# )(?:setting|note_taken) ([A-Z][A-Z0-9_]+)"),
    ("deploy/systemd/*.service", r"\$([A-Z][A-Z0-9_]+)"),
    ("supervisor/*.py", r"""(?:env\.get\(|_port\(env, )"([A-Z][A-Z0-9_]+)"""),
    *((f"{folder}/**/*.py", r"""environ(?:\.get\(|\[)["']([A-Z][A-Z0-9_]+)""") for folder in ("shared", "simulators")),
)
"""Where variables are read without a settings class, and what that looks like."""
NOT_SETTINGS = {"ENV_FILE", "NOTIFY_SOCKET", "MAINPID"}
"""The place of the settings file, and what systemd provides."""


def read_elsewhere() -> set[str]:
    files = [(file, pattern) for where, pattern in READERS for file in ROOT.glob(where)]
    return {name for file, pattern in files for name in re.findall(pattern, file.read_text())}


def test_what_is_read_without_a_settings_class_is_declared() -> None:
    assert read_elsewhere() - NOT_SETTINGS <= set(EXAMPLE)


def test_what_is_declared_without_a_settings_class_is_read() -> None:
    accounts = {name for name in EXAMPLE if name.startswith("MQTT_PASSWORD_")}  # start.sh builds these names
    by_docker = {"COMPOSE_FILE"}
    assert {one.name for one in WITHOUT_CLASS} - accounts - by_docker <= read_elsewhere()


@pytest.mark.parametrize(("where", "pattern"), READERS)
def test_every_reader_is_found(where: str, pattern: str) -> None:
    assert any(re.search(pattern, file.read_text()) for file in ROOT.glob(where))


def test_settings_are_read_nowhere_else() -> None:
    folders = ("services", "supervisor", "configure", "deploy", "docs")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    reading = {str(file.relative_to(ROOT)) for file in files if re.search(r"getenv|os\.environ", file.read_text())}
    handing_on = {
        "configure/tool_runner.py",
        "services/poller/tools/__main__.py",
        "supervisor/__main__.py",
        "supervisor/addon.py",
    }
    assert reading == handing_on


@pytest.mark.parametrize(
    ("section", "file"), [(Section.MOSQUITTO, "mosquitto/start.sh"), (Section.COMPOSE, "docker-compose.yml")]
)
def test_defaults_of_scripts_are_those_that_are_declared(section: Section, file: str) -> None:
    used = dict(re.findall(r"\$\{(\w+):-([^}$]+)\}", (ROOT / file).read_text()))
    declared = {one.name: one.default for one in WITHOUT_CLASS if one.section is section}
    common = used.keys() & {name for name, default in declared.items() if default}
    assert common
    assert {name: used[name] for name in common} == {name: declared[name] for name in common}


def test_every_settings_class_is_listed() -> None:
    def below(kind: type[Settings]) -> set[type[Settings]]:
        return {kind}.union(*(below(child) for child in kind.__subclasses__()))

    ours = {kind for kind in below(Settings) - {Settings} if not kind.__module__.startswith("tests.")}
    listed = {base for kind in KINDS for base in kind.__mro__}
    assert ours <= listed


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_is_usable_as_it_stands(kind: type[Settings]) -> None:
    assert kind(_env_file=ROOT / ".env.example") == kind(_env_file=None)


@pytest.mark.parametrize("kind", KINDS)
def test_defaults_in_the_example_are_the_defaults(kind: type[Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    plain = kind(_env_file=None)
    for name in kind.model_fields:
        if EXAMPLE[name.upper()]:
            monkeypatch.setenv(name.upper(), EXAMPLE[name.upper()])
    assert kind(_env_file=None) == plain


@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_has_no_default_and_is_never_repeated(kind: type[Settings]) -> None:
    secret = {name.upper() for name, field in kind.model_fields.items() if field.annotation is SecretStr}
    assert {EXAMPLE[name] for name in secret} <= {""}
    assert all(SECRET.search(name) for name in secret)


# --- the generator's rules ---


class Base(Settings):
    section = Section.PLUGS

    lamp_name: str = Field(default="desk", description="The lamp's name; see docs/plugs.md.")


class Lamp(Base):
    section = Section.BATTERIES

    lamp_w: float = Field(default=5.0, description="Watts, unlike LAMP_NAME.")
    lamp_token: SecretStr = Field(default=SecretStr(""), description="A <token>.")


class Shade(Base):
    lamp_name: str = Field(default="desk", description="The same name in another class.")


class Silent(Settings):
    section = Section.PLUGS

    lamp_colour: str = "red"


def declared(monkeypatch: pytest.MonkeyPatch, **programs: type[Settings]) -> list[Variable]:
    monkeypatch.setattr(settings_catalogue, "PROGRAMS", {name: (kind,) for name, kind in programs.items()})
    monkeypatch.setattr(settings_catalogue, "WITHOUT_CLASS", ())
    monkeypatch.setattr(settings_catalogue, "ALSO_READ_BY_BROKER", ())
    return variables()


def test_an_inherited_field_is_listed_once_in_the_section_of_its_class(monkeypatch: pytest.MonkeyPatch) -> None:
    known = declared(monkeypatch, bms=Lamp, tuya=Base)
    assert [(one.name, one.section, one.readers) for one in known] == [
        ("LAMP_W", Section.BATTERIES, ("bms",)),
        ("LAMP_TOKEN", Section.BATTERIES, ("bms",)),
        ("LAMP_NAME", Section.PLUGS, ("bms", "tuya")),
    ]


def test_a_setting_needs_a_description(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"LAMP_COLOUR needs a description: .* in Silent"):
        declared(monkeypatch, bms=Silent)


def test_a_setting_is_declared_in_one_class_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="LAMP_NAME is declared twice: in Shade and Base"):
        declared(monkeypatch, bms=Lamp, tuya=Shade)


def test_the_example_has_comment_and_default(monkeypatch: pytest.MonkeyPatch) -> None:
    text = env_example(declared(monkeypatch, bms=Lamp), ignored={"LAMP_W"})
    assert "\n# --- The batteries (bms) ---\n\n# Watts, unlike LAMP_NAME. (No effect in Compose.)\n#LAMP_W=5\n" in text
    assert max(len(line) for line in text.splitlines()) <= 120


def test_the_reference_links_pages_and_marks_names(monkeypatch: pytest.MonkeyPatch) -> None:
    text = markdown(declared(monkeypatch, bms=Lamp), ignored=set())
    assert "| `LAMP_NAME` | `desk` | bms | The lamp's name; see [docs/plugs.md](plugs.md). |" in text
    assert "| `LAMP_W` | `5` | bms | Watts, unlike `LAMP_NAME`. |" in text
    assert "| `LAMP_TOKEN` | – | bms | A &lt;token>. |" in text


def test_only_essential_settings_are_not_commented_out() -> None:
    plain = {name for name, _ in re.findall(r"^([A-Z]\w+)=(.*)$", EXAMPLE_TEXT, re.MULTILINE)}
    assert plain == {"MODBUS_HOST", "DASHBOARD_PASSWORD", "TELEGRAM_BOT_TOKEN", "TELEGRAM_CHAT_ID"}


COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


def test_a_hand_edited_environment_is_written_anew_and_the_rest_is_kept() -> None:
    edited = COMPOSE.replace("      BATCH_SIZE: ${BATCH_SIZE:-}\n", "      FOREIGN: 1\n")
    assert edited != COMPOSE
    assert compose_file(edited, variables()) == COMPOSE
    remark = COMPOSE.replace("    mem_limit: 256m\n", "    mem_limit: 256m  # ours\n")
    assert compose_file(remark, variables()) == remark


@pytest.mark.parametrize(
    ("old", "message"),
    [
        ("\n  bms:\n", "no service bms"),
        ("x-broker: &broker", "x-broker: &broker"),
        ("    command: [python, -m, services.bms]\n    environment:", '"environment:" is missing .* bms:'),
    ],
)
def test_a_missing_place_in_compose_is_named(old: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compose_file(COMPOSE.replace(old, "\n  other:\n"), variables())


def test_the_broker_is_not_handed_the_places_of_the_services() -> None:
    handed = environment("mosquitto", variables())
    assert "MQTT_SECRETS_DIR" not in handed
    assert "MQTT_HOST" not in handed
    assert handed["MQTT_TOPIC_PREFIX"] == "${MQTT_TOPIC_PREFIX:-}"


def test_what_compose_uses_itself_has_an_effect_there() -> None:
    texts = [file.read_text() for file in sorted(Path(ROOT).glob("docker-compose*.yml"))]
    ignored = ignored_by_compose("\n".join(texts), variables())
    assert {"DB_PATH", "MQTT_HOST", "DEVICES_FILE", "MQTT_TLS"} <= ignored
    assert not {"MQTT_PORT", "DASHBOARD_PORT", "MQTT_BIND", "MQTT_TLS_NAMES", "QUEUE_NUMBER"} & ignored


def test_nobody_is_shown_a_regular_expression() -> None:
    """`form` of shared/validation.py answers with an example."""
    fields = [(name, field) for kind in KINDS for name, field in kind.model_fields.items()]
    shown = {name for name, field in fields if any(getattr(part, "pattern", None) for part in field.metadata)}
    assert {name for name in shown if not name.startswith("house_")} == set()
