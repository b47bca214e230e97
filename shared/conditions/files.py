"""Files of ours, and values in them that cannot be used."""

from shared.conditions.condition import Reason, condition, simple

EMPTY = simple("file.empty", uk="він порожній", en="it is empty")


@condition("file.unreadable", uk="{name} {file} не читається: {cause}.", en="{name} {file} cannot be read: {cause}.")
def unreadable(*, name: str, file: str, cause: Reason) -> None:
    """A file that a setting names cannot be read."""


@condition(
    "file.unwritable", uk="{name} {file} не записується: {cause}.", en="{name} {file} cannot be written: {cause}."
)
def unwritable(*, name: str, file: str, cause: Reason) -> None:
    """A file that a setting names cannot be written."""


@condition("value.at", uk="{place}: {fault}", en="{place}: {fault}")
def at(*, place: str, fault: Reason) -> None:
    """What is wrong at a place within something larger."""


@condition("file.damaged", uk="{name} {file} пошкоджено.", en="{name} {file} is damaged.")
def damaged(*, name: str, file: str) -> None:
    """A state file does not hold what it should."""


@condition(
    "file.damaged_and_stuck",
    uk="{name} {file} пошкоджено і не перейменовується: {cause}.",
    en="{name} {file} is damaged and cannot be renamed: {cause}.",
)
def damaged_and_stuck(*, name: str, file: str, cause: Reason) -> None:
    """A damaged state file cannot even be set aside."""


NOT_YAML = simple("list.not_yaml", uk="це не YAML", en="it is not valid YAML")
TAB = simple(
    "list.tab", uk="відступи роблять пробілами, а не табуляцією", en="indentation is made of spaces, not of tabs"
)
NEEDS_QUOTES = simple(
    "list.needs_quotes",
    uk="текст зі знаками на кшталт * & ! @ % треба взяти в лапки",
    en="a text with signs such as * & ! @ % in it needs quotes",
)
DUPLICATE_KEY = simple("list.duplicate_key", uk="той самий ключ написано двічі", en="the same key is there twice")
TWO_DOCUMENTS = simple(
    "list.two_documents",
    uk="у файлі має бути лише один документ YAML",
    en="the file must be a single YAML document",
)
BAD_CHARACTER = simple(
    "list.bad_character", uk="символ, якого в тексті бути не може", en="a character that no text may hold"
)
TOO_LONG = simple(
    "list.too_long",
    uk="він завеликий: щонайбільше 100 000 знаків",
    en="it is too long: at most 100,000 characters",
)
TOO_DEEP = simple("list.too_deep", uk="забагато вкладених рівнів", en="it is nested too deeply")
CANNOT_CHANGE = simple(
    "list.cannot_change",
    uk="цей запис може змінити лише людина: на нього посилається інше місце файлу",
    en="only a person can change this entry: another place in the file refers to it",
)
NO_SUCH_ENTRY = simple("list.no_such_entry", uk="такого запису немає", en="there is no such entry")


@condition(
    "list.wrong",
    uk="{name} {file}: {fault}. Файл залишено без змін.",
    en="{name} {file}: {fault}. The file is left as it is.",
)
def in_list(*, name: str, file: str, fault: Reason) -> None:
    """A list that people edit cannot be used, or not be changed as asked."""


@condition("list.line", uk="рядок {line}: {fault}", en="line {line}: {fault}")
def in_line(*, line: int, fault: Reason) -> None:
    """Where in a list file something is wrong."""


@condition("list.entry", uk="рядок {line}, запис {number}: {fault}", en="line {line}, entry {number}: {fault}")
def in_entry(*, line: int, number: int, fault: Reason) -> None:
    """Which entry of a list file is wrong as a whole."""


@condition(
    "list.field",
    uk="рядок {line}, запис {number}, {field}: {fault}",
    en="line {line}, entry {number}, {field}: {fault}",
)
def in_field(*, line: int, number: int, field: str, fault: Reason) -> None:
    """Which setting of an entry of a list file is wrong."""


@condition(
    "list.not_a_list", uk="під `{key}:` має бути список", en="there must be a list under `{key}:`, and nothing else"
)
def not_a_list(*, key: str) -> None:
    """A list file holds something else."""


@condition(
    "list.unknown_key",
    uk="ключ «{given}» невідомий; на цьому рівні може бути лише `{key}:`",
    en='"{given}" is not known; only `{key}:` may stand at this level',
)
def unknown_key(*, given: str, key: str) -> None:
    """A list file has a key beside its list, or its list has a misspelt name."""


@condition("list.same", uk="інший запис має те саме значення {field}", en="another entry has the same {field}")
def same(*, field: str) -> None:
    """Two entries of a list file cannot be told apart."""


@condition(
    "list.cannot_add",
    uk="нові записи нікуди додати: запишіть кожен пункт окремим рядком, що починається з `- `, під `{key}:`",
    en="there is no place for new entries: put each one on a line of its own that begins with `- `, under `{key}:`",
)
def cannot_add(*, key: str) -> None:
    """A list file has a form that only a person can add to."""
