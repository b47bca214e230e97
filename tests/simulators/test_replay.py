import json

import pytest

from shared.errors import UsageError
from simulators.registers import answer
from simulators.replay import load_dump

GRID_LOST = {
    "id": "lost",
    "layout": "classic",
    "protocol_number": 1,
    "registers_raw_u16": {"201": 3, "202": 0, "215": 540, "229": 100},
}
BATTERY = {"id": "battery", "protocol_number": 3, "registers_raw_u16": {"0x0118": "0x42", "279": 65026, "184": 4}}


def written(tmp_path, content):
    file = tmp_path / "dumps.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(file)


def test_by_id(tmp_path):
    words = load_dump(written(tmp_path, {"format": "x", "dumps": [GRID_LOST, BATTERY]}) + "#battery")
    assert answer(words, 279, 2) == [65026, 66]
    assert words[184] == 4


def test_the_first_where_none_is_named_and_its_protocol_number_where_184_is_missing(tmp_path):
    words = load_dump(written(tmp_path, {"dumps": [GRID_LOST, BATTERY]}))
    assert (words[184], words[215]) == (1, 540)
    assert answer(words, 216, 2) == [0, 0]


def test_one_dump_by_itself(tmp_path):
    assert load_dump(written(tmp_path, GRID_LOST))[229] == 100


@pytest.mark.parametrize("unknown", [{}, {"protocol_number": None}])
def test_without_a_protocol_number(tmp_path, unknown):
    words = load_dump(written(tmp_path, {"dumps": [{"registers_raw_u16": {"201": 2}} | unknown]}))
    assert answer(words, 184, 1) == [0]


def test_a_bare_mapping(tmp_path):
    assert load_dump(written(tmp_path, {"201": 2, "0xCA": 2304})) == {201: 2, 202: 2304}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param("{", "cannot be read", id="no-json"),
        pytest.param("7", "is not a JSON file of dumps", id="no-object"),
        pytest.param({"dumps": []}, "is not a JSON file of dumps", id="no-dumps"),
        pytest.param({}, "holds no registers", id="nothing"),
        pytest.param({"dumps": [{"id": "x", "registers_raw_u16": 5}]}, "holds no registers", id="no-mapping"),
        pytest.param({"201": 70000}, 'holds "70000"', id="no-word"),
        pytest.param({"201": -1}, 'holds "-1"', id="negative"),
        pytest.param({"201": None}, 'holds "None"', id="null"),
        pytest.param({"two": 2}, 'holds "two"', id="no-address"),
    ],
)
def test_a_bad_file_gives_one_sentence(tmp_path, content, sentence):
    with pytest.raises(UsageError, match=sentence) as failure:
        load_dump(written(tmp_path, content))
    assert "\n" not in str(failure.value)


def test_an_unknown_id_names_the_known_ones(tmp_path):
    with pytest.raises(UsageError, match='no dump "x", only: lost, battery'):
        load_dump(written(tmp_path, {"dumps": [GRID_LOST, BATTERY]}) + "#x")


def test_no_file():
    with pytest.raises(UsageError, match="cannot be read"):
        load_dump("/nowhere/at/all.json")
