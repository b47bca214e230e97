"""One file, three readers: what is written here, Compose, systemd and the settings read alike."""

import io
import string
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pytest
from dotenv import dotenv_values
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import create_model

from shared.env_file import can_be_written, lines, quoted, values, with_values
from shared.settings import Settings
from tests.support.env_readers import by_compose, by_systemd, has_compose, systemd_library

needs_compose = pytest.mark.skipif(not has_compose(), reason="there is no docker compose here (no engine is needed)")
PRINTABLE = "".join(map(chr, range(32, 127)))
NASTY = (
    *(PRINTABLE, PRINTABLE[::-1], string.punctuation, "end\\", "it's$5", "pa$w0rd", "pa$$w0rd", "$", "a$", "$1", "\\"),
    *("\\\\", "\\\\\\", "a\\\\b", "\\$", "\\n", "\\t\\x41\\101\\u0041", "\\'", '\\"', "C:\\new\\table", "${HOME}"),
    *("${HOME:-b}", "$(reboot)", "`reboot`", "'", "''", '"', '""', "'a'", '"a"', "it's", 'say "hi"', "#", "#a", "a #b"),
    *(
        "a#b",
        " lead",
        "trail ",
        " ",
        "\ttab\t",
        "a=b",
        "=",
        "",
        "!",
        "%h %%d",
        "~",
        "{a}",
        "a;b&c|d<e>f",
        "їжак пароль",
    ),
)
NAMES = [f"V{number}" for number in range(len(NASTY))]


ALL = dict(zip(NAMES, NASTY, strict=True))
FIELDS: dict[str, Any] = {name.lower(): (str, "") for name in NAMES}
Ours = create_model("Ours", __base__=Settings, __module__=__name__, **FIELDS)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The values as the wizard writes them."""
    env_file = tmp_path / ".env"
    env_file.write_text(with_values("".join(f"{name}=\n" for name in NAMES), ALL), encoding="utf-8")
    return env_file


def test_there_are_enough_of_them_and_they_can_be_written() -> None:
    assert len(set(NASTY)) == len(NASTY) >= 48
    assert all(map(can_be_written, NASTY))


def test_the_settings_read_what_was_written(file: Path) -> None:
    read = Ours(_env_file=file).model_dump()
    assert {name: read[name.lower()] for name in NAMES} == ALL


@pytest.mark.skipif(not systemd_library(), reason="systemd is not installed: make setup-dev installs it")
def test_systemd_reads_what_was_written(file: Path) -> None:
    assert by_systemd(file) == ALL


@pytest.mark.processes
@needs_compose
def test_compose_reads_what_was_written(file: Path) -> None:
    assert by_compose(file, NAMES) == ALL


@pytest.mark.parametrize(
    ("value", "fits"),
    [("a\nb", False), ("a\rb", False), ("a\0b", False), ("\x1b[A", False), ("\u2028", False), ("a\tb", True)],
)
def test_what_does_not_fit_into_a_line_is_told(value: str, fits: bool) -> None:
    assert can_be_written(value) is fits


@given(st.text().filter(can_be_written))
def test_any_value_comes_back(value: str) -> None:
    assert values(f"A={quoted(value)}") == {"A": value}
    assert [line.is_alike for line in lines(f"A={quoted(value)}")] == [True]


@given(st.text("AB=#'\"\\$ {}nx\t:-", max_size=12))
def test_a_line_of_a_person_is_read_as_dotenv_reads_it(rest: str) -> None:
    if (
        "\\$" in rest or "${" in rest
    ):  # as every other reader here; dotenv keeps the one and replaces the other everywhere
        return
    theirs = dotenv_values(stream=io.StringIO(f"A={rest}"))
    assert values(f"A={rest}") == theirs


BAD = {
    "windows": "A=1\r\nB='x y'\r\nC=\"a b\"\r\n",
    "byte-order-mark": "\ufeffA=1\nB='x y'\nC=\"a b\"\n",
    "tabs": "\tA\t=\t1\nB =\t'x y'\t\nC=\"a b\"\t\n",
    "export": "export A=1\nexport\tB='x y'\nexport C=\"a b\"\n",
    "blank-lines-and-remarks": "\n# A=2\nA=1\n\n  # mine\nB='x y'\nC=\"a b\"",
}
MEANT = {"A": "1", "B": "x y", "C": "a b"}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_however_a_file_is_written(text: str) -> None:
    assert values(text) == MEANT
    assert values(with_values(text, {"B": "2", "D": "4"})) == MEANT | {"B": "2", "D": "4"}


@pytest.mark.processes
@needs_compose
def test_compose_reads_those_alike_too(tmp_path: Path) -> None:
    for name in ("windows", "byte-order-mark", "tabs", "blank-lines-and-remarks"):
        (tmp_path / ".env").write_text(BAD[name], encoding="utf-8", newline="")
        assert by_compose(tmp_path / ".env", MEANT) == MEANT


@pytest.mark.parametrize(
    ("text", "number", "name"),
    [
        pytest.param('A=1\nB="never closed\nC=3\n', 2, "B", id="open-quote"),
        pytest.param("A='1' and more\n", 1, "A", id="behind-the-quote"),
        pytest.param("A=1\nto do\n", 2, "", id="no-setting"),
    ],
)
def test_a_line_that_nobody_can_read_is_named_and_the_others_are_read(text: str, number: int, name: str) -> None:
    (broken,) = [line for line in lines(text) if line.value is None]
    assert (broken.number, broken.name) == (number, name)
    others = {line.name: line.value for line in lines(text) if line is not broken}
    assert values(text) == {known: value for known, value in others.items() if value is not None}


@pytest.mark.parametrize(
    "row",
    [
        *('A="a b"', "A='a$b'", "A=it's", 'A=a"b', 'A="\\\\ \\" \\$"', "A=a#b", "A=5.2  # mine", "A=`x`", "A="),
        *("MQTT_PORT=1884", "MQTT_PASSWORD_VIEWER='a b'"),
    ],
)
def test_a_common_line_is_read_alike(row: str) -> None:
    assert [line.is_alike for line in lines(row)] == [True]


@pytest.mark.parametrize(
    "row",
    [
        *("A=a\\b", "A=pa$w0rd", 'A="pa$w0rd"', "A='a\\\\'", "A='it\\'s'", 'A="a\\nb"', 'A="\\`"'),
        *("MQTT_PORT=1884 # mine", "MQTT_PASSWORD_VIEWER='a b' # mine", "export MQTT_PORT=1884"),
    ],
)
def test_a_line_that_is_read_differently_is_told(row: str) -> None:
    assert [line.is_alike for line in lines(row)] == [False]


@pytest.mark.skipif(not systemd_library(), reason="systemd is not installed: make setup-dev installs it")
@given(st.text("ab#'\"\\$ \t{}", max_size=8))
def test_what_is_read_alike_systemd_reads_so(rest: str) -> None:
    (line,) = lines(f"MQTT_A={rest}")
    assume(line.value is not None and line.is_alike)
    with NamedTemporaryFile("w") as file:
        file.write(f"MQTT_A={rest}\n")
        file.flush()
        assert by_systemd(Path(file.name)) == {"MQTT_A": line.value}


EXAMPLE = """\
# The gateway.
MODBUS_HOST=
#MODBUS_PORT=502
QUEUE_NUMBER=5.2  # ours
"""


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param({"MODBUS_HOST": "10.0.0.7"}, EXAMPLE.replace("HOST=", "HOST=10.0.0.7"), id="in-its-line"),
        pytest.param({"MODBUS_PORT": "503"}, EXAMPLE.replace("#MODBUS_PORT=502", "MODBUS_PORT=503"), id="commented"),
        pytest.param({"NEW": "1"}, EXAMPLE + "NEW=1\n", id="at-the-end"),
        pytest.param({"NEW": ""}, EXAMPLE, id="nothing-to-say"),
        pytest.param({"QUEUE_NUMBER": ""}, EXAMPLE.replace("5.2  # ours", ""), id="emptied"),
        pytest.param({"NEW": "a b"}, EXAMPLE + 'NEW="a b"\n', id="quoted"),
    ],
)
def test_with_values(wanted: dict[str, str], expected: str) -> None:
    assert with_values(EXAMPLE, wanted) == expected


def test_a_value_of_several_lines_and_an_open_quote_are_replaced_whole() -> None:
    assert with_values('A="x\r\ny"\r\nB=2', {"A": "1"}) == "A=1\nB=2\n"
    assert with_values('A="x\nB=2\n', {"A": "1"}) == "A=1\nB=2\n"


@given(st.text())
def test_any_text_can_be_read_and_written(text: str) -> None:
    list(lines(text))
    assert values(with_values(text, {"A": "1"}))["A"] == "1"


@given(st.text("AB=#'\"\\$ {}\n", max_size=30))
def test_the_other_lines_stay(text: str) -> None:
    before, after = values(text), values(with_values(text, {"NEW": "1"}))
    assert after == before | {"NEW": "1"}
