"""Values are set where they stand; every other line of .env stays as it is."""

import subprocess

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from configure.env_file import read, with_values

EXAMPLE = """\
# The gateway.
MODBUS_HOST=
#MODBUS_PORT=502
QUEUE_NUMBER=5.2  # ours
"""


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({"MODBUS_HOST": "10.0.0.7"}, EXAMPLE.replace("HOST=", "HOST=10.0.0.7"), id="in-its-line"),
        pytest.param({"MODBUS_PORT": "503"}, EXAMPLE.replace("#MODBUS_PORT=502", "MODBUS_PORT=503"), id="commented"),
        pytest.param({"NEW": "1"}, EXAMPLE + "NEW=1\n", id="at-the-end"),
        pytest.param({"NEW": ""}, EXAMPLE, id="nothing-to-say"),
        pytest.param({"QUEUE_NUMBER": ""}, EXAMPLE.replace("5.2  # ours", ""), id="emptied"),
        pytest.param({"NEW": "a b"}, EXAMPLE + "NEW='a b'\n", id="quoted"),
    ],
)
def test_with_values(values, expected):
    assert with_values(EXAMPLE, values) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(EXAMPLE, {"MODBUS_HOST": "", "QUEUE_NUMBER": "5.2"}, id="remark-behind"),
        pytest.param("A=1\r\nB='x y'\r\n", {"A": "1", "B": "x y"}, id="windows-line-ends"),
        pytest.param("A=1\nA=2\n", {"A": "2"}, id="the-last-wins"),
        pytest.param("not a setting\n=\n", {}, id="nothing"),
    ],
)
def test_read(text, expected):
    assert read(text) == expected


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"], exclude_characters="'\"\\"))


@given(st.dictionaries(st.sampled_from(["MODBUS_HOST", "MODBUS_PORT", "TELEGRAM_BOT_TOKEN", "X"]), WORDS))
def test_what_is_written_is_read_again(tmp_path_factory, values):
    file = tmp_path_factory.mktemp("env") / ".env"
    file.write_text(with_values(EXAMPLE, values), encoding="utf-8")
    mine, theirs = read(file.read_text(encoding="utf-8")), dotenv_values(file, interpolate=False)
    for name, value in values.items():
        assert mine.get(name, "") == value
        assert (theirs.get(name) or "").strip() == value.strip()


@given(st.text())
def test_any_text_can_be_read(text):
    read(text)
    assert read(with_values(text, {"A": "1"}))["A"] == "1"


@pytest.mark.processes
def test_the_shell_reads_it_too(tmp_path):
    """As `. .env` and systemd would: blanks, dollars and quotes in a password."""
    file = tmp_path / ".env"
    file.write_text(with_values("", {"A": 'pa ss$1"w`o`rd', "B": "it's $HOME"}))
    shown = subprocess.run(
        ["sh", "-c", f'. {file}; printf "%s|%s" "$A" "$B"'], capture_output=True, text=True, check=True
    ).stdout
    assert shown == "pa ss$1\"w`o`rd|it's $HOME"
