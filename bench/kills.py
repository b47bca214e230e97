"""What is lost and what is twice where the recorder or the broker is killed, stopped, or far behind."""

import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.support.stack import Stack, running_stack
from tests.support.stream import LAST, Blow, Stream, recorded, strike
from tests.support.waiting import eventually

CYCLES = 20
BURST = 20_000
FAST = 1e9
AWAY_S = 30.0
BROKER_KILLS = 3
VICTIMS = (("recorder",), ("broker",), ("recorder", "broker"))
PATIENCE_S = 600.0


def main() -> None:
    """Print the table of docs/operations.md: acknowledged by the broker, stored, lost, doubled."""
    print("| case | acknowledged | stored | lost | doubled |\n|---|---|---|---|---|", flush=True)
    cycles()
    for where, work, rate, most in (
        ("recorder killed in a burst", killed_in_a_burst, FAST, BURST),
        ("recorder killed reading a backlog", killed_with_a_backlog, FAST, BURST),
        (f"broker killed {BROKER_KILLS} times in a burst", broker_killed_in_a_burst, FAST, BURST),
        (f"broker killed {BROKER_KILLS} times, 1 to 3 s apart, at 50/s", broker_killed_again_and_again, 50, 1e9),
        ("the broker's state zeroed while it was down, at 50/s", state_zeroed, 50, 300),
        ("planned stop and start at 50/s", planned_stop, 50, 1500),
        ("recorder killed once at 50/s", killed_once, 50, 300),
        (f"recorder away {AWAY_S:.0f} s, then the broker killed", both_away, 50, 1e9),
    ):
        with streaming(rate, most) as (stack, stream):
            work(stack, stream)
            tell(where, stack, stream)


@contextmanager
def streaming(per_second: float, most: float = 1e9) -> Iterator[tuple[Stack, Stream]]:
    """Run a broker, a recorder and a stream; the broker has saved once, as it does by itself after a minute."""
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as (stack, watcher):
        stack.recorder.start(BATCH_SECONDS="1")
        watcher.wait_for("service/recorder/status", state="online")
        with Stream(stack.broker, per_second, most) as stream:
            stack.broker.save()
            yield stack, stream


def cycles() -> None:
    """Kill somebody at random, again and again."""
    chance = random.Random(2026)
    with streaming(50) as (stack, stream):
        blows = []
        for number in range(CYCLES):
            blows.append(strike(stack, VICTIMS[number % 3] if number else VICTIMS[2], chance))
            eventually(lambda: newest(stack) > blows[-1].back, "recording goes on", PATIENCE_S)
        lost, twice = settle(stack, stream)
    row(f"{CYCLES} kills at random moments at 50/s", len(stream.sent), len(lost), twice)
    for victims in VICTIMS:
        mine = [blow for blow in blows if blow.victims == victims]
        count = [len(near(lost, blow, blows)) for blow in mine]
        where = f"of these, {len(mine)} kills of {' and '.join(victims)}"
        print(f"| {where}; worst {max(count)} | | | {sum(count)} | |")


def more_recorded(stack: Stack, least: int) -> bool:
    """Return whether more than so many readings are recorded."""
    return len(recorded(stack)) > least


def newest(stack: Stack) -> int:
    """Return the moment of the last reading that is recorded."""
    return max(recorded(stack), default=0)


def near(lost: list[int], blow: Blow, blows: list[Blow]) -> list[int]:
    """Return what was lost nearer to this blow than to any other."""
    return [at for at in lost if min(blows, key=lambda other: abs(other.at - at)) is blow]


def killed_in_a_burst(stack: Stack, stream: Stream) -> None:
    """Kill it when a part is recorded."""
    eventually(lambda: len(recorded(stack)) > BURST / 10, "a part is recorded", PATIENCE_S)
    stack.recorder.kill()
    stack.recorder.start()
    eventually(lambda: len(stream.sent) >= BURST, "everything is sent", PATIENCE_S)


def killed_with_a_backlog(stack: Stack, stream: Stream) -> None:
    """Let everything wait at the broker, and kill the recorder while it reads."""
    stack.recorder.kill()
    eventually(lambda: len(stream.sent) >= BURST, "everything is sent", PATIENCE_S)
    before = len(recorded(stack))
    stack.recorder.start()
    eventually(lambda: len(recorded(stack)) > before, "some is recorded", PATIENCE_S)
    stack.recorder.kill()
    stack.recorder.start()


def broker_killed_in_a_burst(stack: Stack, stream: Stream) -> None:
    """Kill the broker while it hands on what it has acknowledged."""
    for kill in range(BROKER_KILLS):
        least = int(BURST * kill / BROKER_KILLS / 2)
        eventually(partial(more_recorded, stack, least), "some is recorded", PATIENCE_S)
        stack.broker.kill()
        stack.broker.start()
    eventually(lambda: len(stream.sent) >= BURST, "everything is sent", PATIENCE_S)


def broker_killed_again_and_again(stack: Stack, stream: Stream) -> None:
    """Kill the broker before anybody has been connected for long."""
    chance = random.Random(16)
    for _ in range(BROKER_KILLS):
        time.sleep(chance.uniform(1, 3))
        stack.broker.kill()
        stack.broker.start()
    sent = len(stream.sent)
    eventually(lambda: len(stream.sent) > sent + 500, "the stream goes on", PATIENCE_S)


def state_zeroed(stack: Stack, stream: Stream) -> None:
    """Damage what the broker has saved, with a recorder that is up."""
    eventually(lambda: len(stream.sent) > 100, "some are sent", PATIENCE_S)
    stack.broker.save()
    stack.broker.kill()
    state = stack.broker.state_file
    state.write_bytes(bytes(state.stat().st_size))
    stack.broker.start()
    eventually(lambda: len(stream.sent) >= 300, "all are sent", PATIENCE_S)


def planned_stop(stack: Stack, stream: Stream) -> None:
    """Stop it as a supervisor does, and start it later."""
    eventually(lambda: len(stream.sent) > 500, "some are sent", PATIENCE_S)
    stack.recorder.end()
    time.sleep(5)
    stack.recorder.start()
    eventually(lambda: len(stream.sent) >= 1500, "all are sent", PATIENCE_S)


def killed_once(stack: Stack, stream: Stream) -> None:
    """Kill it and start it later."""
    eventually(lambda: len(stream.sent) > 100, "some are sent", PATIENCE_S)
    stack.recorder.kill()
    time.sleep(2)
    stack.recorder.start()
    eventually(lambda: len(stream.sent) >= 300, "all are sent", PATIENCE_S)


def both_away(stack: Stack, _stream: Stream) -> None:
    """Kill the broker with a backlog that it has saved only half of."""
    stack.recorder.kill()
    time.sleep(AWAY_S / 2)
    stack.broker.save()
    time.sleep(AWAY_S / 2)
    stack.broker.kill()
    stack.broker.start()
    stack.recorder.start()
    time.sleep(5)


def tell(where: str, stack: Stack, stream: Stream) -> None:
    """Print a row of the table."""
    lost, twice = settle(stack, stream)
    row(where, len(stream.sent), len(lost), twice)


def row(where: str, acknowledged: int, lost: int, doubled: int) -> None:
    """Print a case. A stream ends when the broker has acknowledged everything."""
    print(f"| {where} | {acknowledged} | {acknowledged - lost} | {lost} | {doubled} |", flush=True)


def settle(stack: Stack, stream: Stream) -> tuple[list[int], int]:
    """Wait until the recorder has everything; return the moments that are lost and how many readings are there twice.

    What comes last says that: a recorder that sorts out thousands of readings that came again adds no row for long.
    """
    stream.finish()
    last = f"SELECT 1 FROM inverter_state WHERE device = '{LAST}'"
    eventually(lambda: stack.rows(last), "the recorder has come to the end", PATIENCE_S)
    kept = set(recorded(stack))
    count = "SELECT count(*), count(DISTINCT load_power_w) FROM inverter_state WHERE device = 'main'"
    ((rows, readings),) = stack.rows(count)
    return [at for at in stream.sent if at not in kept], rows - readings


if __name__ == "__main__":
    main()
