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
def test_an_unknown_name_is_reported(line: str, said: str) -> None:
    for text in (f"POLL_INTERVAL=5\n{line}\n", f"# mine\r\n{line}\r\nPOLL_INTERVAL=5\r\n"):
        (sentence,) = remarks(text, KNOWN)
        assert said in sentence.text


def test_no_value_is_repeated() -> None:
    assert "hunter2" not in str(remarks("TELEGRAM_TOKEN=hunter2\n", KNOWN))


@pytest.mark.parametrize(
    "line",
    [
        *(f"{name}=1/" for name in KNOWN),
        *("#MODBUS_HSOT=1", "modbus_host=1", "COMPOSE_PROJECT_NAME=a", "TZ=Europe/Kyiv"),
        *("MQTT_TOPIC_PREFIX=", "MQTT_TOPIC_PREFIX=home/", "MQTT_TOPIC_PREFIX=/a/b/", "MQTT_TOPIC_PREFIX=easun_"),
        *("MQTT_PASSWORD_POLLER=a", "TARIFF_CURRENCY=a=b"),
        *("DASHBOARD_PASSWORD=a b “c” d", "DASHBOARD_PASSWORD=пароль", "INVERTER_NAME=дім"),
    ],
)
def test_what_is_well_is_passed_over(line: str) -> None:
    assert remarks(line, KNOWN) == []


def test_what_follows_the_predecessors_settings_is_a_setting_or_nothing() -> None:
    for name, advice in SUCCESSORS.items():
        assert name not in KNOWN
        assert advice.text.endswith("nothing takes its place") or any(known in advice.text for known in KNOWN)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param("to do", "Line 2 is not NAME=value and is ignored.", id="no-setting"),
        pytest.param('MODBUS_HOST="a', "of.env, line 2: the quote of MODBUS_HOST does not end", id="open-quote"),
        pytest.param("DASHBOARD_PASSWORD=hun$ter2", "Line 2: Docker or systemd reads DASHBOARD_PASSWORD", id="dollar"),
        pytest.param("DASHBOARD_PASSWORD=“hunter2”", "Line 2: DASHBOARD_PASSWORD stands in typographic", id="printed"),
        pytest.param(
            "MODBUS_HOST=\N{ZERO WIDTH SPACE}hun.lan", "Line 2: there is an invisible character", id="no-width"
        ),
        pytest.param("TARIFF_CURRENCY=hunter\N{NO-BREAK SPACE}2", "Line 2: there is an invisible", id="no-break"),
        pytest.param("TARIFF_CURRENCY=«hunter2»", "Line 2: TARIFF_CURRENCY stands in typographic", id="angular"),
        pytest.param("MQTT_TOPIC_PREFIX=hun", "Line 2: MQTT_TOPIC_PREFIX has no slash at its end", id="no-slash"),
        pytest.param("mqtt_topic_prefix=a/hun", "Line 2: MQTT_TOPIC_PREFIX has no slash", id="no-slash-in-two-words"),
        pytest.param("MQTT_PORT=1883 # mine", "Line 2: Docker or systemd reads MQTT_PORT", id="behind"),
    ],
)
def test_a_line_that_is_no_good_is_told_without_its_value(line: str, said: str) -> None:
    (reason,) = remarks(f"POLL_INTERVAL=5\n{line}\n", KNOWN, "of.env")
    assert said in reason.text
    assert "hun" not in str(reason.params)
