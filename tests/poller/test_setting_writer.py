"""One change of a setting, over the wire: what is published and journalled, and what the device holds in the end."""

import asyncio
import json

import pytest

from services.poller.setting_check import MOST_A_MINUTE
from shared.messages import InverterControl
from tests.poller.setting_home import UNIT, home
from tests.poller.simulated_inverter import KINDS
from tests.support.flying_time import fly

FLYING = [kind for kind in KINDS if kind != "serial"]


def at_home(work, **how):
    async def run():
        async with home(**how) as one:
            await work(one)

    fly(run())


@pytest.mark.parametrize("kind", FLYING)
def test_a_change_is_made_read_back_and_published(kind):
    async def work(one):
        before = one.settings.settings["output_priority"]
        assert (before.value, before.writable, before.changed_by) == ("sub", True, None)
        assert before.choices == ("uti", "sol", "sbu", "sub")
        one.ask("output_priority", "sbu", by="telegram:1")
        assert one.settings.changing == "output_priority"
        assert await one.idle()
        assert one.word("output_priority") == 2
        ((name, change),) = one.changes
        assert (name, change.before, change.value, change.by, change.outcome) == (
            *("output_priority", "sub", "sbu", "telegram:1", "confirmed"),
        )
        after = one.settings.settings["output_priority"]
        assert (after.value, after.changed_by, one.settings.changing) == ("sbu", "telegram:1", None)
        assert one.file.peek().pending is None

    at_home(work, kind=kind)


def test_what_is_not_obeyed():
    async def work(one):
        one.ask("output_priority", "sbu", ago_s=2, retained=True)
        one.ask("output_priority", "sbu", ago_s=61)
        one.ask("output_priority", "sbu", ago_s=-61)
        assert {code for _, code in one.outcomes} == {"control.command_retained", "control.command_too_old"}
        one.ask("buzzer_mode", "mute", ago_s=1)
        one.ask("output_priority", "sbu")  # two people at once
        assert one.outcomes[-1] == ("not_written", "control.busy")
        at = one.clock.now()
        assert await one.idle()
        one.ask("output_priority", "sbu", ago_s=(one.clock.now() - at).total_seconds())  # refused once is refused
        assert one.outcomes[-1] == ("not_written", "control.command_repeated")
        one.ask("remote_switch", "off")
        assert await one.idle()
        one.ask("max_mains_charging_current_a", "20,5")
        assert await one.idle()
        assert one.outcomes[-2:] == [("not_written", "control.never"), ("not_written", "control.out_of_range")]
        assert one.store.written == [(303, 0)]

    at_home(work)


def test_a_command_that_the_broker_delivers_twice_is_obeyed_once():
    async def work(one):
        sent = one.clock.now()
        one.ask("buzzer_mode", "mute")
        assert await one.idle()
        one.store.set(303, 2)
        await one.look()
        one.ask("buzzer_mode", "mute", ago_s=(one.clock.now() - sent).total_seconds())
        assert await one.idle()
        assert one.outcomes[-1][1] == "control.command_repeated"
        assert one.word("buzzer_mode") == 2
        await one.stop()
        one.start()  # the journal remembers it, too
        await one.look()
        one.ask("buzzer_mode", "mute", ago_s=(one.clock.now() - sent).total_seconds())
        assert one.outcomes[-1][1] == "control.command_repeated"

    at_home(work)


def test_off_by_default_nothing_is_written_and_it_says_so():
    async def work(one):
        one.ask("output_priority", "sbu")
        assert one.outcomes == [("not_written", "control.off")]
        state = one.settings.settings["output_priority"]
        assert (state.value, state.writable, state.reason.code) == ("sub", False, "control.off")
        assert one.settings.control is InverterControl.OFF
        assert not one.file._path.exists()
        assert one.store.written == []

    at_home(work, control=InverterControl.OFF)


def test_a_unit_that_nobody_has_proven_is_read_only_with_its_reason():
    async def work(one):
        states = one.settings.settings
        assert {state.reason.code for state in states.values()} == {"control.not_proven", "control.no_clock"}
        assert not any(state.writable for state in states.values())
        one.ask("output_priority", "sbu")
        assert await one.idle()
        assert one.outcomes == [("not_written", "control.not_proven")]

    at_home(work, words=UNIT | {171: 0x3501})


@pytest.mark.parametrize(
    ("fault", "outcome", "code", "holds"),
    [
        ({"kind": "ignored_write"}, "not_taken_over", "control.not_taken_over", 3),
        ({"kind": "late_write", "latency_s": 4}, "confirmed", None, 2),
        ({"kind": "silent", "first": 301, "last": 301}, "confirmed", None, 2),
        ({"kind": "exception", "code": 1}, "refused", "control.read_only", 3),
        ({"kind": "exception", "code": 3}, "refused", "control.value_refused", 3),
        ({"kind": "exception", "code": 7}, "refused", "control.mode_refused", 3),
        ({"kind": "exception", "code": 4}, "refused", "control.refused", 3),
        ({"kind": "exception", "code": 5}, "not_taken_over", "control.no_answer", 3),
        ({"kind": "exception", "code": 11}, "not_taken_over", "control.no_answer", 3),
    ],
    ids=["ignored", "late", "answer-lost", "read-only", "range", "mode", "other", "still-at-it", "gateway-gave-up"],
)
def test_what_the_inverter_makes_of_it(fault, outcome, code, holds):
    async def work(one):
        real = one.client.write

        async def write(address, word):
            await one.link.fail(**fault)
            try:
                await real(address, word)
            finally:
                await one.link.fail("none")

        one.client.write = write
        one.ask("output_priority", "sbu")
        assert await one.idle()
        assert one.outcomes == [(outcome, code)]
        assert one.word("output_priority") == holds
        assert len(one.store.written) <= 1

    at_home(work)


def test_a_write_that_the_gateway_gave_up_on_and_the_inverter_carries_out_is_ours():
    """Taken for a refusal, it would be a hand's, and nobody would ever put it back."""

    async def work(one):
        real, late = one.client.write, []

        async def write(address, word):
            await one.link.fail("exception", code=11)
            try:
                await real(address, word)
            finally:
                await one.link.fail("none")
                late.append(asyncio.get_running_loop().call_later(4, one.store.set, address, word))

        one.client.write = write
        one.ask("output_priority", "sbu")
        assert await one.idle()
        assert one.outcomes == [("confirmed", None)]

    at_home(work)


def test_another_inverter_behind_the_same_dongle_is_not_written_to():
    unit = dict(UNIT)

    async def work(one):
        unit[190] += 1
        one.ask("output_priority", "sbu")
        assert await one.idle()
        assert one.outcomes == [("not_written", "control.other_inverter")]
        assert one.store.written == []

    at_home(work, words=unit)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "silent"},
        {"kind": "zeros"},
        {"kind": "zero_identity"},
        {"kind": "exception", "code": 2, "first": 186, "last": 197},
    ],
    ids=["silent", "no-cable", "no-identity", "half-an-identity"],
)
def test_no_contact_no_change(fault):
    async def work(one):
        await one.link.fail(**fault)
        one.ask("output_priority", "sbu")
        assert await one.idle()
        assert one.outcomes == [("not_written", "control.no_contact")]

    at_home(work)


def test_a_command_that_had_to_wait_too_long_is_not_obeyed():
    async def work(one):
        async with one.writer.reading:
            one.ask("output_priority", "sbu")
            await asyncio.sleep(61)
        assert await one.idle()
        assert one.outcomes == [("not_written", "control.command_too_old")]
        assert one.store.written == []

    at_home(work)


def test_who_turns_at_the_panel_is_seen():
    async def work(one):
        one.store.set(331, 3)
        await one.look()
        state = one.settings.settings["charging_priority"]
        assert (state.value, state.changed_by) == ("pv_only", "device")

    at_home(work)


def test_there_are_not_many_changes_in_a_row():
    async def work(one):
        for value in ("mute", "fault", "warning_fault", "mute"):
            one.ask("buzzer_mode", value)
            assert await one.idle()
        assert one.outcomes[-1] == ("not_written", "control.too_many_a_minute")
        assert len(one.store.written) == MOST_A_MINUTE
        await asyncio.sleep(60)
        one.ask("buzzer_mode", "mute")
        assert await one.idle()
        assert one.outcomes[-1] == ("confirmed", None)

    at_home(work)


def test_a_kill_between_writing_and_reading_back_is_settled_after_the_restart():
    async def work(one):
        real = one.client.write

        async def write(address, word):
            await real(address, word)
            one.points.left = 0

        one.client.write = write
        one.ask("output_priority", "sbu", by="page")
        assert not await one.idle()
        assert one.file.peek().pending.setting == "output_priority"
        one.start()
        one.ask("output_priority", "sub")
        assert one.outcomes == [("not_written", "control.busy")]
        assert await one.idle()
        assert one.outcomes[-1] == ("confirmed", None)
        await one.look()
        assert one.settings.settings["output_priority"].changed_by == "page"
        assert len(one.store.written) == 1

    at_home(work)


def test_a_kill_and_then_another_inverter_is_an_unknown_outcome():
    unit = dict(UNIT)

    async def work(one):
        one.points.left = 15
        one.ask("output_priority", "sbu")
        assert not await one.idle()
        assert one.file.peek().pending
        unit[190] += 1
        one.start()
        assert await one.idle()
        assert one.outcomes == [("unknown", "control.outcome_unknown")]

    at_home(work, words=unit)


def test_an_identity_that_cannot_be_read_is_not_another_inverter():
    async def work(one):
        one.points.left = 15
        one.ask("output_priority", "sbu")
        assert not await one.idle()
        await one.link.fail("exception", code=2, first=186, last=197)
        one.start()
        await asyncio.sleep(300)
        assert one.outcomes == []
        assert not one.writer.is_idle
        await one.link.fail("none")
        assert await one.idle()
        assert [outcome for outcome, _ in one.outcomes] in (["confirmed"], ["not_taken_over"])

    at_home(work)


def test_a_damaged_journal_is_set_aside_and_said():
    async def work(one):
        await one.stop()
        one.file._path.write_text(json.dumps({"writes": "half"}))
        one.start()
        assert [reason.code for reason in one.health.status(one.clock.now()).reasons] == ["control.journal_damaged"]

    at_home(work)
