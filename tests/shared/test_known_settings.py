"""A slip in the name of a setting is told where people start things, once, and with the name that was meant."""

import pytest

from shared.known_settings import SUCCESSORS, known_settings, remarks

KNOWN = known_settings()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param(
            "MODBUS_HSOT=1.2.3.4", "MODBUS_HSOT is no setting and is ignored: is MODBUS_HOST meant?", id="slip"
        ),
        pytest.param("TELEGRAM_TOKEN=1:a", "is TELEGRAM_BOT_TOKEN meant?", id="half-a-name"),
        pytest.param("  export POLL_INTERVALL = 5", "is POLL_INTERVAL meant?", id="export"),
        pytest.param("modbus_hots=1.2.3.4", "is MODBUS_HOST meant?", id="small-letters"),
        pytest.param("XYZZY=1", "XYZZY is no setting and is ignored.", id="nothing-near"),
        pytest.param("INVERTER_IP=1.2.3.4", "MODBUS_HOST is its name here", id="predecessor"),
    ],
)
def test_a_name_that_is_none_is_told(line: str, said: str) -> None:
    for text in (f"POLL_INTERVAL=5\n{line}\n", f"# mine\r\n{line}\r\nPOLL_INTERVAL=5\r\n"):
        (sentence,) = remarks(text, KNOWN)
        assert said in sentence


def test_no_value_is_repeated() -> None:
    assert "hunter2" not in str(remarks("TELEGRAM_TOKEN=hunter2\n", KNOWN))


@pytest.mark.parametrize(
    "line",
    [
        *(f"{name}=1" for name in KNOWN),
        *("#MODBUS_HSOT=1", "modbus_host=1", "no setting at all", "COMPOSE_PROJECT_NAME=a", "TZ=Europe/Kyiv"),
        *("MQTT_PASSWORD_POLLER=a", "TARIFF_CURRENCY=a=b"),
    ],
)
def test_what_is_well_is_passed_over(line: str) -> None:
    assert remarks(line, KNOWN) == []


def test_what_follows_the_predecessors_settings_is_a_setting_or_nothing() -> None:
    for name, sentence in SUCCESSORS.items():
        assert name not in KNOWN
        assert sentence.endswith("nothing takes its place") or any(known in sentence for known in KNOWN)
