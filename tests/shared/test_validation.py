"""What pydantic finds wrong, with its place."""

from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError, field_validator

from shared.validation import Fault, faults, first_fault


class Thing(BaseModel):
    port: int = Field(default=1, ge=1)
    gangs: list[str] = []

    @field_validator("gangs")
    @classmethod
    def _are_known(cls, gangs: list[str]) -> list[str]:
        if "x" in gangs:
            raise ValueError("gangs are switch codes")
        return gangs


def found(given: Any) -> list[Fault]:
    with pytest.raises(ValidationError) as caught:
        Thing.model_validate(given)
    assert first_fault(caught.value) == faults(caught.value)[0]
    return faults(caught.value)


def test_the_place_the_kind_and_the_limits_are_there() -> None:
    fault, other = found({"port": 0, "gangs": [1]})
    assert (fault.path, fault.kind, fault.context) == ("port", "greater_than_equal", {"ge": 1})
    assert (other.path, other.kind, other.message) == ("gangs.0", "string_type", "Input should be a valid string")


def test_our_own_sentence_is_taken_as_it_is() -> None:
    (fault,) = found({"gangs": ["x"]})
    assert (fault.path, fault.kind, fault.message) == ("gangs", "value_error", "gangs are switch codes")


def test_the_whole_has_no_path() -> None:
    assert found(5)[0].path == ""


def test_what_was_given_is_there_for_those_who_may_show_it_and_not_in_a_log() -> None:
    (fault,) = found({"port": "secret"})
    assert fault.given == "secret"
    assert "secret" not in repr(fault)
