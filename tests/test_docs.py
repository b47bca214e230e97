"""The pages for people: links lead somewhere, quoted sentences are said, commands and settings exist."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from shared.known_settings import SUCCESSORS, known_settings
from shared.texts.catalogue import TEXTS
from tests.support.broker import ROOT

PAGES = sorted(
    page for folder in (".", "docs", "bench") for page in (ROOT / folder).glob("*.md") if page.name != "topics.md"
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
QUOTED = re.compile(r"“([^”]+)”")
GAP = "…"
SOURCES = ("services", "shared", "supervisor", "configure")
SCRIPTS = ("mosquitto", "deploy", "tools")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """Return what a page's headings are called in links, by the rule of the usual forges."""
    headings = HEADING.findall(FENCE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
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
def said() -> str:
    """Return every text of the program, one a line, with a gap for whatever is put in."""
    texts = [text for folder in SOURCES for file in (ROOT / folder).rglob("*.py") for text in python_texts(file)]
    texts += [text for folder in SCRIPTS for file in (ROOT / folder).glob("*.sh") for text in shell_texts(file)]
    texts += [text for pair in TEXTS.values() for text in pair]
    return "\n".join(bare(text) for text in texts)


def python_texts(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else GAP for part in node.values)


def shell_texts(file: Path) -> Iterator[str]:
    for text in re.findall(r'(?:say|mend|fail) "((?:[^"\\]|\\.)*)"', file.read_text(encoding="utf-8")):
        yield re.sub(r"\$\([^)]*\)|\$\{[^}]*\}|\$\w+", GAP, text)


def bare(text: str) -> str:
    """Return a text on one line, whatever is put into it as one gap."""
    text = re.sub(r"%[.\d]*[sdf]|\{\w*(:[^{}]*)?\}", GAP, text)
    return re.sub(rf"{GAP}+", GAP, " ".join(text.split()))


QUOTES = QUOTED.findall((ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("quoted", sorted(set(QUOTES) - {"unknown"}))
def test_a_quoted_sentence_is_one_that_the_program_says(quoted: str) -> None:
    assert quoted.strip(f"{GAP} ") in said()


def test_what_nobody_says_is_not_found() -> None:
    assert len(QUOTES) > 60
    assert "The inverter is on holiday" not in said()


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
    others = {"ENV_FILE", "COMPOSE_PROFILES", "BLEAK_DBUS_AUTH_UID", *SUCCESSORS}
    assert {name for name in given if not name.startswith(("ISOLAR_", "JK0"))} <= {*known_settings(), *others}


def code(page: str) -> list[str]:
    """Return the commands of a page, without the remarks behind them."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [re.sub(r"\s+#.*", "", line) for block in blocks for line in block.splitlines()]


def test_both_languages_of_the_front_page_say_the_same_commands() -> None:
    assert code("README.uk.md") == code("README.md")
    ukrainian, english = (len(HEADING.findall((ROOT / page).read_text())) for page in ("README.uk.md", "README.md"))
    assert ukrainian == english


def test_every_page_is_reached_from_the_front_page() -> None:
    linked = {link.partition("#")[0] for link in LINK.findall((ROOT / "README.md").read_text(encoding="utf-8"))}
    pages = {named(page) for page in (ROOT / "docs").glob("*.md")} | {"CONTRIBUTING.md", "README.uk.md"}
    assert pages - linked == set()
