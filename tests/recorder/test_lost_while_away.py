"""A retained reading that has not waited for us is the proof; whatever else may be the reason, nothing is reported."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.recorder.ingest import commit_batch
from services.recorder.lost_while_away import NOTE, LostWhileAway
from services.recorder.retention import set_note
from services.recorder.store import Store, open_store
from shared.bus import Delivery
from shared.conditions import Reason, render
from shared.messages import Availability, BatteryState, ClockStamp, Contact, InverterState, Message
from shared.texts.language import Language
from shared.topics import BATTERY_AVAILABILITY, BATTERY_STATE, INVERTER_AVAILABILITY, INVERTER_STATE

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
MAIN, PACK = INVERTER_STATE.named("main"), BATTERY_STATE.named("pack")
LONG_BEFORE = -100_000.0


def at(minute: float) -> datetime:
    return NOW + timedelta(minutes=minute)


def message(topic: str, content: Message, *, retained: bool) -> Delivery:
    return Delivery(topic, content.model_dump_json().encode(), retained=retained, ack=lambda: None)


def reading(minute: float, topic: str = MAIN, *, retained: bool = False) -> Delivery:
    kind = InverterState if topic.startswith("inverter") else BatteryState
    return message(topic, kind(at=at(minute)), retained=retained)


def contact(
    since: float = LONG_BEFORE, topic: str = MAIN, state: Contact = Contact.ONLINE, *, retained: bool = True
) -> Delivery:
    of = INVERTER_AVAILABILITY if topic == MAIN else BATTERY_AVAILABILITY
    content = Availability(at=at(0), state=state, since=at(since))
    return message(of.named(topic.split("/")[1]), content, retained=retained)


def after(store: Store, *batches: Sequence[Delivery]) -> Reason | None:
    """Return what is reported after these batches at noon of the next day."""
    losses = LostWhileAway(store)
    for batch in batches:
        commit_batch(batch, store, NOW + timedelta(days=1), losses=losses)
    return losses.reason(NOW + timedelta(days=1))


def span(reason: Reason | None) -> tuple[float, float] | None:
    """Return from which to which minute readings are lost."""
    if reason is None:
        return None
    since, until = (datetime.fromisoformat(str(reason.params[name])) for name in ("since", "until"))
    return (since - NOW).total_seconds() / 60, (until - NOW).total_seconds() / 60


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        pytest.param([reading(1), reading(300, retained=True), contact()], (1, 300), id="the-queue-was-full"),
        pytest.param(
            [reading(1), reading(300, retained=True), contact(200)], (200, 300), id="off-while-it-became-full"
        ),
        pytest.param([reading(1), reading(300, retained=True), contact(299)], None, id="off-until-just-before-the-end"),
        pytest.param(
            [reading(1), reading(300, retained=True), contact(state=Contact.OFFLINE)], None, id="unknown-as-it-is-off"
        ),
        pytest.param([reading(1), reading(300, retained=True)], None, id="unknown-without-its-availability"),
        pytest.param(
            [reading(1), reading(300, retained=True), contact(retained=False)], None, id="an-availability-that-waited"
        ),
        pytest.param([reading(1), reading(300), reading(300, retained=True), contact()], None, id="all-has-waited"),
        pytest.param([reading(1), reading(300), contact()], None, id="a-hole-and-nothing-retained-behind-it"),
        pytest.param([reading(1), reading(3, retained=True), contact()], None, id="a-broker-that-was-killed"),
        pytest.param([reading(300, retained=True), contact()], None, id="a-new-device"),
        pytest.param([reading(300), reading(1, retained=True), contact()], None, id="an-older-one-is-retained"),
        pytest.param(
            [
                *(reading(1), reading(2, PACK)),
                *(reading(300, retained=True), reading(301, PACK, retained=True)),
                *(contact(), contact(topic=PACK)),
            ],
            (1, 301),
            id="two-devices-are-one-loss",
        ),
    ],
)
def test_what_is_lost(store: Store, batch: Sequence[Delivery], expected: tuple[float, float] | None) -> None:
    assert span(after(store, batch)) == expected
    assert span(after(store)) == expected, "the same after a restart"


def test_the_proof_may_come_in_several_batches_and_again_after_a_broken_connection(store: Store) -> None:
    retained = reading(300, retained=True)
    assert span(after(store, [reading(1)], [retained], [retained], [contact()])) == (1, 300)


def test_a_broker_that_has_forgotten_a_recorder(store: Store) -> None:
    after(store, [reading(1)])
    assert span(after(store, [reading(1_400, retained=True), contact()])) == (1, 1_400)


def test_a_time_by_a_clock_that_is_not_set_proves_nothing(store: Store) -> None:
    undated = InverterState(at=datetime(1975, 1, 1, tzinfo=UTC), clock=ClockStamp(boot="b", uptime_s=9.0))
    assert after(store, [reading(1), message(MAIN, undated, retained=True), contact()]) is None


def test_a_later_loss_takes_the_place_of_an_earlier_one(store: Store) -> None:
    first = [reading(1), reading(300, retained=True), contact()]
    assert span(after(store, first, [reading(400), reading(900, retained=True), contact()])) == (400, 900)


def test_it_is_reported_for_a_week_and_while_the_time_is_unknown(store: Store) -> None:
    after(store, [reading(1), reading(300, retained=True), contact()])
    losses = LostWhileAway(store)
    assert losses.reason(at(300) + timedelta(days=6.9))
    assert losses.reason(at(300) + timedelta(days=7.1)) is None
    assert losses.reason(datetime(1975, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("left", ["", "{}", '{"since": 1e400}', "[" * 100_000, '{"since": "x", "until": null}'])
def test_a_note_that_nobody_can_read_is_none(store: Store, left: str) -> None:
    store.run(lambda connection: set_note(connection, NOTE, left))
    assert after(store) is None


def test_a_sentence_for_a_person(path: Path) -> None:
    store = open_store(path)
    reason = after(store, [reading(1), reading(300, retained=True), contact()])
    store.close()
    assert reason
    assert render(reason, Language.EN) == (
        "Readings from 23.11 18:01 to 23.11 23:00 (5 h) are lost: the recorder was away, and the broker did not keep "
        "them for it."
    )
    assert render(reason, Language.UK) == (
        "Показники від 23.11 18:01 до 23.11 23:00 (5 год) втрачено: служба recorder не працювала, а брокер їх для неї "
        "не зберіг."
    )
