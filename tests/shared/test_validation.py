"""What pydantic finds wrong, with its place."""

from datetime import date, time, timedelta
from enum import StrEnum
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, HttpUrl, SecretStr, ValidationError, field_validator

from shared.conditions import Reason, render, values
from shared.texts.language import Language
from shared.validation import Fault, InvalidValueError, faults, first_fault, form


class Color(StrEnum):
    RED = "red"
    GREEN = "green"


class Inner(BaseModel):
    name: str


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    port: int = Field(default=1, ge=1)
    gangs: list[str] = Field(default=[], max_length=2)
    name: str = Field(default="", max_length=3, pattern="^[a-z]*$")
    place: Annotated[str, form("[a-z]+/[a-z]+", "a/b")] = "a/b"
    share: float = Field(default=1, gt=0, lt=2.5)
    on: bool = True
    color: Color = Color.RED
    version: Literal["3.1", "3.2", "3.3"] = "3.1"
    count: Literal[1, 2] = 1
    at: AwareDatetime | None = None
    day: date | None = None
    hour: time | None = None
    pause: timedelta | None = None
    url: HttpUrl | None = None
    host: IPv4Address | None = None
    past: timedelta | None = Field(default=None, gt=timedelta(0))
    inner: Inner | None = None
    key: SecretStr = SecretStr("")

    @field_validator("gangs")
    @classmethod
    def _are_known(cls, gangs: list[str]) -> list[str]:
        if "x" in gangs:
            raise ValueError("gangs are switch codes")
        if "y" in gangs:
            raise InvalidValueError(values.NOT_AN_ADDRESS())
        return gangs


def found(given: Any) -> list[Fault]:
    with pytest.raises(ValidationError) as caught:
        Thing.model_validate(given)
    assert first_fault(caught.value) == faults(caught.value)[0]
    return faults(caught.value)


def test_the_place_the_kind_and_the_limits_are_there() -> None:
    fault, other = found({"port": 0, "gangs": [1]})
    assert (fault.path, fault.kind, fault.context) == ("port", "greater_than_equal", {"ge": 1})
    assert (other.path, other.kind, other.reason) == ("gangs.0", "string_type", values.NOT_TEXT())


def test_our_own_sentence_is_taken_as_it_is() -> None:
    (fault,) = found({"gangs": ["x"]})
    assert (fault.path, fault.kind, fault.reason.text) == ("gangs", "value_error", "gangs are switch codes")


def test_a_validator_of_ours_may_give_a_condition() -> None:
    assert found({"gangs": ["y"]})[0].reason == values.NOT_AN_ADDRESS()


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"port": 0}, values.at_least(limit=1)),
        ({"port": "x"}, values.NOT_WHOLE()),
        ({"port": 1.5}, values.NOT_WHOLE()),
        ({"port": None}, values.NOT_WHOLE()),
        ({"port": "9" * 5000}, values.TOO_LARGE()),
        ({"share": 0}, values.more_than(limit=0)),
        ({"share": 2.5}, values.less_than(limit=2.5)),
        ({"share": "x"}, values.NOT_A_NUMBER()),
        ({"on": "perhaps"}, values.NOT_BOOL()),
        ({"on": []}, values.NOT_BOOL()),
        ({"name": "abcd"}, values.too_long(most=3)),
        ({"name": "A"}, values.pattern(pattern="^[a-z]*$")),
        ({"place": "a b"}, values.form(example="a/b")),
        ({"place": "a/b\n"}, values.form(example="a/b")),
        ({"name": 5}, values.NOT_TEXT()),
        ({"key": 5}, values.NOT_TEXT()),
        ({"gangs": ["a", "b", "c"]}, values.too_many(most=2)),
        ({"gangs": "a"}, values.NOT_A_LIST()),
        ({"color": "blue"}, values.one_of(choices="red, green")),
        ({"version": "4"}, values.one_of(choices="3.1, 3.2, 3.3")),
        ({"count": 3}, values.one_of(choices="1, 2")),
        ({"at": "x"}, values.NOT_A_MOMENT()),
        ({"at": "2026-11-29T10:00:00"}, values.NO_TIME_ZONE()),
        ({"day": "x"}, values.NOT_A_DATE()),
        ({"hour": "x"}, values.NOT_A_TIME()),
        ({"pause": "x"}, values.NOT_A_DURATION()),
        ({"url": "x"}, values.NOT_AN_ADDRESS()),
        ({"host": "x"}, values.NOT_AN_IP_ADDRESS()),
        ({"past": timedelta(0)}, values.other(kind="greater_than")),
        ({"inner": {}}, values.MISSING()),
        ({"inner": 5}, values.NOT_A_MAPPING()),
        ({"nmae": 5}, values.NO_SUCH_SETTING()),
        (5, values.NOT_A_MAPPING()),
    ],
)
def test_the_usual_mistakes_are_conditions(given: Any, reason: Reason) -> None:
    assert found(given)[0].reason == reason
    assert "nput" not in render(reason, Language.UK)


def test_a_text_that_is_no_json_is_named() -> None:
    with pytest.raises(ValidationError) as caught:
        Thing.model_validate_json(b"{")
    assert first_fault(caught.value).reason == values.NOT_JSON()


def test_the_whole_has_no_path() -> None:
    assert found(5)[0].path == ""
    assert found(5)[0].at_its_place() == values.NOT_A_MAPPING()
    assert found({"inner": 5})[0].at_its_place().text == "inner: pairs such as `name: ...` are needed"


def test_what_was_given_is_there_for_those_who_may_show_it_and_not_in_a_log() -> None:
    (fault,) = found({"port": "secret"})
    assert fault.given == "secret"
    assert "secret" not in repr(fault)
