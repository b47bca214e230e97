"""The catalogue of texts: no key is missing, misspelt or unused, and both languages have the same values and forms."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from string import Formatter

from shared.texts.catalogue import ROOMS, TEXTS
from tests.support.broker import ROOT

CALLED = {"localizer", "say", "count", "text", "show", "ask", "ask_secret", "yes", "choose", "number"}
"""Functions and methods whose first text argument is a key; the wizard's prompt adds its prefix."""
CATALOGUES = [
    file for file in (ROOT / "shared/texts").glob("*.py") if "dict[str, tuple[str, str]] = {" in file.read_text()
]
PREFIXES = ("", "configure.", "bot.")


@cache
def nodes() -> Mapping[str, Sequence[ast.AST]]:
    """Return the strings and calls of every source."""
    files = [file for folder in ("services", "configure", "shared") for file in (ROOT / folder).rglob("*.py")]
    return {
        str(file.relative_to(ROOT)): [
            node
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant | ast.JoinedStr | ast.Call)
        ]
        for file in sorted(files)
        if file not in CATALOGUES
    }


def pattern(node: ast.JoinedStr) -> str:
    """Return an f-string as a regular expression: what is put in may be anything without a blank."""
    parts = (re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\S*" for part in node.values)
    return "".join(parts)


@cache
def written() -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """Return every string of the sources and templates, and every f-string that has a word of its own as a pattern."""
    strings: set[str] = set()
    patterns: set[str] = set()
    for node in chain.from_iterable(nodes().values()):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            strings.add(node.value)
        elif isinstance(node, ast.JoinedStr) and any(
            isinstance(part, ast.Constant) and re.search(r"[a-z]{2}", str(part.value)) for part in node.values
        ):
            patterns.add(pattern(node))
    for ending in ("html", "js"):
        for file in (ROOT / "services").rglob(f"*.{ending}"):
            strings.update(re.findall(r"[\w.]+", file.read_text(encoding="utf-8")))
    return frozenset(strings), tuple(map(re.compile, sorted(patterns)))


def calls() -> Iterator[tuple[str, ast.expr]]:
    """Yield the key of every call that takes one."""
    for file, found in nodes().items():
        for node in found:
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in ("say", "count") and isinstance(node.func, ast.Name) and len(node.args) > 1:
                yield f"{file}:{node.lineno}", node.args[1]
            elif name in CALLED and (name == "localizer" or _is_on_a_localizer(node.func)):
                yield f"{file}:{node.lineno}", node.args[0]


def _is_on_a_localizer(function: ast.expr) -> bool:
    owner = function.value if isinstance(function, ast.Attribute) else None
    return isinstance(owner, ast.Name) and owner.id in ("localizer", "prompt")


def test_every_key_that_is_asked_for_is_there() -> None:
    missing, seen = [], 0
    for place, key in calls():
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            seen += 1
            if not any(prefix + key.value in TEXTS for prefix in PREFIXES):
                missing.append(f"{place} {key.value}")
        elif isinstance(key, ast.JoinedStr):
            seen += 1
            form = re.compile("|".join(re.escape(prefix) + pattern(key) for prefix in PREFIXES))
            if not any(form.fullmatch(name) for name in TEXTS):
                missing.append(f"{place} {pattern(key)}")
    assert seen > 300
    assert missing == []


def test_every_key_is_used() -> None:
    strings, patterns = written()
    bare = {key: [key.removeprefix(prefix) for prefix in PREFIXES if key.startswith(prefix)] for key in TEXTS}
    unused = [
        key
        for key, names in bare.items()
        if not strings.intersection(names) and not any(form.fullmatch(name) for form in patterns for name in names)
    ]
    assert unused == []


def test_a_misspelt_key_is_found() -> None:
    strings, patterns = written()
    assert "now.grid_onn" not in strings
    assert not any(form.fullmatch("nowhere.at_all") for form in patterns)


def test_both_languages_have_the_same_values() -> None:
    assert [key for key, (ukrainian, english) in TEXTS.items() if fields(ukrainian) != fields(english)] == []


def test_plural_forms_are_complete() -> None:
    plurals = {key: texts for key, texts in TEXTS.items() if "|" in "".join(texts)}
    assert [key for key, (uk, en) in plurals.items() if (len(uk.split("|")), len(en.split("|"))) != (3, 2)] == []
    forms = {key: [fields(form) for text in texts for form in text.split("|")] for key, texts in plurals.items()}
    assert [key for key, (first, *others) in forms.items() if any(one != first for one in others)] == []
    assert plurals


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_no_room_overrides_a_text_of_another() -> None:
    assert len(TEXTS) == sum(map(len, ROOMS))
