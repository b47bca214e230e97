"""The hand-written pages: links resolve, quoted sentences, commands and settings exist."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from string import Formatter

import pytest

from shared.conditions import CONDITIONS
from shared.known_settings import SUCCESSORS, known_settings
from shared.texts.catalogue import TEXTS
from tests.support.broker import ROOT

PAGES = sorted(
    page
    for folder in (".", "docs", "bench", "deploy/homeassistant/addon")
    for page in (ROOT / folder).glob("*.md")
    if page.name != "topics.md"
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
QUOTED = re.compile(r"“([^”]+)”")
GAP = "…"
TOOLS = ("configure", "supervisor", "services/*/tools", "services/*/tools.py", "shared/known_settings.py")
"""Where command-line tools print sentences of their own, which no condition stands behind."""
SCRIPTS = ("mosquitto", "deploy", "tools")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, by the rule of the usual forges."""
    headings = HEADING.findall(FENCE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_tables_are_whole_and_no_gap_waits_for_one(page: Path) -> None:
    lines = FENCE.sub("", page.read_text(encoding="utf-8")).splitlines()
    ruled = [number for number, line in enumerate(lines) if re.fullmatch(r"\|[-|]+\|", line)]
    stray = [lines[number - 1] for number in ruled if not lines[number - 1].startswith("|")]
    rows = [line for line in lines if line.startswith("|") and not line.endswith("|")]
    gaps = [line for line in lines if re.fullmatch(r"[A-Z_]+", line)]
    assert stray + rows + gaps == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_resolve(page: Path) -> None:
    broken = []
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        file, _, anchor = link.partition("#")
        there = (page.parent / file).resolve() if file else page
        if "://" in link:
            continue
        if not there.exists() or (anchor and there.suffix == ".md" and anchor not in anchors(there)):
            broken.append(link)
    assert broken == []


@cache
def declared_sentences() -> frozenset[str]:
    """Return the English text of every condition and of every text of the interface, with gaps for parameters."""
    english = [condition.en for condition in CONDITIONS.values()] + [text for _, text in TEXTS.values()]
    return frozenset(squeezed(without_parameters(text)) for text in english)


@cache
def tool_sentences() -> frozenset[str]:
    """Return every text in the sources of the command-line tools, with gaps for what is filled in."""
    files = [file for pattern in TOOLS for place in ROOT.glob(pattern) for file in python_files(place)]
    texts = [text for file in files for text in python_texts(file)]
    texts += [text for folder in SCRIPTS for file in (ROOT / folder).glob("*.sh") for text in shell_texts(file)]
    return frozenset(squeezed(re.sub(r"%[.\d]*[sdf]|\{\w*(:[^{}]*)?\}", GAP, text)) for text in texts)


def without_parameters(template: str) -> str:
    """Return a text with gaps for its parameters, and the plural where it has several forms."""
    parts = []
    for literal, name, spec, _ in Formatter().parse(template):
        parts.append(literal)
        if name is not None:
            parts.append(spec.split("|")[-1] if spec and "|" in spec else GAP)
    return "".join(parts)


def python_files(place: Path) -> list[Path]:
    return sorted(place.rglob("*.py")) if place.is_dir() else [place]


def python_texts(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else GAP for part in node.values)


def shell_texts(file: Path) -> Iterator[str]:
    for text in re.findall(r'(?:say|mend|fail) "((?:[^"\\]|\\.)*)"', file.read_text(encoding="utf-8")):
        yield re.sub(r"\$\([^)]*\)|\$\{[^}]*\}|\$\w+", GAP, text)


def squeezed(text: str) -> str:
    """Return a text on one line, with neighbouring gaps merged."""
    return re.sub(rf"{GAP}+", GAP, " ".join(text.split()))


def is_declared(quoted: str) -> bool:
    """Return whether a quotation is the text of a condition or of the interface.

    A gap at its beginning or end may also stand for words that the page leaves out.
    """
    words = quoted.strip(f"{GAP} ")
    return any(
        quoted == text
        or (quoted.startswith(GAP) and quoted.endswith(GAP) and words in text)
        or (quoted.startswith(GAP) and text.endswith(words))
        or (quoted.endswith(GAP) and text.startswith(words))
        for text in declared_sentences()
    )


def is_printed_by_a_tool(quoted: str) -> bool:
    return any(quoted.strip(f"{GAP} ") in text for text in tool_sentences())


QUOTES = QUOTED.findall((ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("quoted", sorted(set(QUOTES) - {"unknown"}))
def test_quoted_sentences_exist(quoted: str) -> None:
    assert is_declared(quoted) or is_printed_by_a_tool(quoted)


@pytest.mark.parametrize(
    "quoted",
    [
        pytest.param("The inverter is on holiday", id="invented"),
        pytest.param("The certificate of the broker at", id="cut-without-a-gap"),
        pytest.param("The settings file …, which ENV_FILE names, is gone.", id="other-words"),
    ],
)
def test_other_sentences_are_not_found(quoted: str) -> None:
    assert not is_declared(quoted)
    assert not is_printed_by_a_tool(quoted)


def test_the_page_quotes_the_program() -> None:
    assert len(QUOTES) > 60


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_commands_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z -]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    known = {target for line in targets for target in line.split()}
    assert set(re.findall(r"(?:^|`)(?:sudo )?make ([a-z][a-z-]*)", text, re.MULTILINE)) <= known
    modules = {name.rstrip(".") for name in re.findall(r"python -m ([a-z_][a-z_.]*)", text)} - {"venv"}
    assert {name for name in modules if not find_spec(name)} == set()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_settings_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    given = set(re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=[^`]*)?`", text))
    others = {
        "ENV_FILE",
        "COMPOSE_PROFILES",
        "COMPOSE_PROJECT_NAME",
        "BLEAK_DBUS_AUTH_UID",
        "OUTLOOK_HOMES",
        "OUTLOOK_RESERVE",
        *SUCCESSORS,
    }
    assert {name for name in given if not name.startswith(("ISOLAR_", "JK0", "JK_DZ"))} <= {*known_settings(), *others}


def code(page: str) -> list[str]:
    """Return the commands of a page, without their comments."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [re.sub(r"\s+#.*", "", line) for block in blocks for line in block.splitlines()]


def test_both_readmes_have_the_same_commands_and_headings() -> None:
    assert code("README.uk.md") == code("README.md")
    ukrainian, english = (len(HEADING.findall((ROOT / page).read_text())) for page in ("README.uk.md", "README.md"))
    assert ukrainian == english


def test_the_readme_links_to_every_page() -> None:
    linked = {link.partition("#")[0] for link in LINK.findall((ROOT / "README.md").read_text(encoding="utf-8"))}
    pages = {named(page) for page in (ROOT / "docs").glob("*.md")} | {"CONTRIBUTING.md", "README.uk.md"}
    assert pages - linked == set()


TOPIC = re.compile(r"`((?:grid|inverter|battery|outage|plug|outlook|service|bot|energy|live)/[\w</>-]+)`")
NO_TOPICS = {"energy/save_prefs", "energy/validate"}
"""Commands of Home Assistant."""
PLACES = ("services", "shared", "simulators", "tests", "bench", "docs", "deploy", "mosquitto", "supervisor", "tools")
PATH = re.compile(rf"`((?:{'|'.join(PLACES)})/[\w./-]+)`")


def known_topics() -> re.Pattern[str]:
    """Match every topic of the generated page; <name> stands for any level."""
    names = TOPIC.findall((ROOT / "docs/topics.md").read_text(encoding="utf-8"))
    return re.compile("|".join(re.sub(r"<\w+>", "[^/]+", name) for name in names))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_topics_and_files_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert {topic for topic in TOPIC.findall(text) if not known_topics().fullmatch(topic)} <= NO_TOPICS
    assert {path for path in PATH.findall(text) if not any(ROOT.glob(f"{path}*"))} == set()
