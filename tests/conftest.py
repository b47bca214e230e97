"""What the tests share: a broker, a client who looks at what travels there, and which tests are quick."""

import gc
import os
import subprocess
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import islice
from pathlib import Path
from shutil import disk_usage
from threading import Lock

import pytest
from coverage import Coverage
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, expect, sync_playwright
from sqlalchemy.exc import DBAPIError

from shared.history import alembic_runner, migration
from shared.history.database_errors import SchemaError, diagnose
from shared.history.engine import Place
from tests.support.broker import Broker
from tests.support.chromium import CHROMIUM
from tests.support.compiled_statements import share_compiled_statements
from tests.support.fork_server import ForkServer, stop_fork_server
from tests.support.rewriting import rewrite_once
from tests.support.slow_tests import Stopwatch, listed, test_of
from tests.support.small_broker import SmallBroker, running_small_broker
from tests.support.stack import Stack, running_stack
from tests.support.viewer import Viewer
from tests.support.waiting import PATIENCE_S

USUAL_EXAMPLES = 50
EXAMPLES = int(os.environ.get("EXAMPLES", USUAL_EXAMPLES))

settings.register_profile(
    "ours",
    max_examples=EXAMPLES,
    # no change is refused because of an example never tried before: more examples, and make fuzz, look for those
    derandomize=EXAMPLES <= USUAL_EXAMPLES,
    # no test asserts a time, and several workers share two cores
    deadline=None,
    # examples may share a fixture: a folder, an empty database
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("ours")

expect.set_options(timeout=1000 * PATIENCE_S)

MEMORY = Path("/dev/shm")
ROOM = 4 << 30
if MEMORY.is_dir() and disk_usage(MEMORY).free > ROOM and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
    # a commit of SQLite waits for the disk, on a busy one longer than a test computes
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

share_compiled_statements()
gc.disable()  # nothing that is loaded and collected is thrown away

PROCESS_FIXTURES = {"broker", "stack_and_viewer", "browser", "server", "small_disk"}
migrating = Lock()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make slow-tests` write the list of slow tests."""
    parser.addoption("--list-slow", action="store_true", help="write tests/slow_tests.txt")


def pytest_configure(config: pytest.Config) -> None:
    """Measure the tests where asked to."""
    if config.getoption("list_slow"):
        config.pluginmanager.register(Stopwatch(config))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Do once what every worker would do before it can collect."""
    rewrite_once(config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Function]) -> None:
    """Mark the end-to-end tests, those whose fixtures start processes, and the slow; others are marked in place."""
    slow = listed()
    for item in items:
        if test_of(item) in slow:
            item.add_marker("slow")
        if PROCESS_FIXTURES & set(item.fixturenames) or "e2e" in item.path.parts:
            item.add_marker("processes")
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    if workers > 1:
        items[:] = [item for part in parts(items, workers) for item in part]


def parts(items: Sequence[pytest.Function], workers: int) -> list[list[pytest.Function]]:
    """Share tests out as xdist does, each worker the next equal part, with those first that wait for processes.

    At the end of a run they would leave the other workers idle for minutes. Tests of a file stay together, for they
    share what they have started.
    """
    files: dict[Path, list[pytest.Function]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    slow = [file for file, tests in files.items() if any(test.get_closest_marker("processes") for test in tests)]
    slow.sort(key=lambda file: "e2e" not in file.parts)
    shared = [[item for file in slow[number::workers] for item in files.pop(file)] for number in range(workers)]
    rest = iter([item for tests in files.values() for item in tests])
    size = len(items) / workers
    for number, part in enumerate(shared):
        part.extend(islice(rest, max(0, round(size * (number + 1)) - round(size * number) - len(part))))
    shared[-1].extend(rest)
    return shared


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over ten thousand tests and their libraries from now on."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let a test without the mark start no process, so that `make quick` stays quick.

    New databases get their tables within the tests' process; another interpreter would spend a second on each.
    """
    marked = item.get_closest_marker("processes")
    with pytest.MonkeyPatch.context() as patch:
        if not marked:
            patch.setattr(subprocess.Popen, "__init__", refuse)
            patch.setattr(ForkServer, "start", refuse)
        if not marked or item.path.parent.name != "history":
            patch.setattr(migration, "create", migrate_here)
        with nullcontext() if is_measured(item) else unmeasured():
            return (yield)


def is_measured(item: pytest.Item) -> bool:
    """Whether a test counts for coverage: many examples cost too much, and reach what they reach by chance."""
    return not getattr(getattr(item, "obj", None), "is_hypothesis_test", False)


@contextmanager
def unmeasured() -> Iterator[None]:
    """Pause the measurement of coverage."""
    coverage = Coverage.current()
    if coverage is None:
        yield
        return
    coverage.stop()
    yield
    coverage.start()


def refuse(_: object, command: object, *_arguments: object, **_options: object) -> None:
    """Refuse to start a process."""
    raise AssertionError(f"this test starts {command!r}: mark it with pytest.mark.processes, or do without")


def migrate_here(place: Place, revision: str) -> None:
    """Do what shared.history.alembic_runner does in a process of its own."""
    try:
        with migrating:
            alembic_runner.upgrade(place, revision)
    except DBAPIError as error:
        raise SchemaError(diagnose(error)) from None


def pytest_unconfigure() -> None:
    """End the server that the tests' processes are forked from."""
    stop_fork_server()


@pytest.fixture
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A running Mosquitto of its own for one test."""
    broker = Broker(tmp_path_factory.mktemp("broker") / "state")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def small_broker() -> Iterator[SmallBroker]:
    """A broker of our own within the tests' process."""
    with running_small_broker() as broker:
        yield broker


@pytest.fixture
def viewer(broker: Broker) -> Iterator[Viewer]:
    """A client with the read-only account, who keeps everything that was published."""
    with Viewer(broker) as viewer:
        yield viewer


@pytest.fixture
def stack_and_viewer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Viewer]]:
    """A broker, a viewer, and processes that wait to be started."""
    with running_stack(tmp_path_factory.mktemp("stack")) as pair:
        yield pair


@pytest.fixture
def stack(stack_and_viewer: tuple[Stack, Viewer]) -> Stack:
    """The processes."""
    return stack_and_viewer[0]


@pytest.fixture
def watcher(stack_and_viewer: tuple[Stack, Viewer]) -> Viewer:
    """The viewer at the broker of `stack`."""
    return stack_and_viewer[1]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; one a module, for asyncio tests cannot run beside its event loop."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**CHROMIUM)
        yield browser
        browser.close()
