"""Why a tool of the recorder cannot do what was asked, or did not."""

from shared.conditions.condition import Reason, condition, simple

# files


@condition("tool.no_file", uk="Файлу {file} немає.", en="There is no file {file}.")
def no_file(*, file: str) -> None:
    """The file that was named is not there."""


@condition("tool.not_a_file", uk="{file} не є файлом.", en="{file} is not a file.")
def not_a_file(*, file: str) -> None:
    """A directory or a device was named instead of a file."""


@condition("tool.file_unreadable", uk="{file} не читається: {cause}.", en="{file} cannot be read: {cause}.")
def unreadable(*, file: str, cause: Reason) -> None:
    """The file that was named cannot be read."""


@condition("tool.empty", uk="{file} порожній.", en="{file} is empty.")
def empty(*, file: str) -> None:
    """The file that was named holds nothing."""


@condition("tool.not_sqlite", uk="{file} не є базою SQLite.", en="{file} is not a SQLite database.")
def not_sqlite(*, file: str) -> None:
    """The file that was named holds something else."""


@condition("tool.directory", uk="{file} є текою: назвіть файл.", en="{file} is a directory: name a file.")
def directory(*, file: str) -> None:
    """A directory was named for a file that is to be written."""


@condition(
    "tool.exists",
    uk="{file} уже є: виберіть іншу назву або замініть його з --force.",
    en="{file} exists already: choose another name, or --force to overwrite it.",
)
def exists(*, file: str) -> None:
    """A file that is to be written is there already."""


@condition("tool.no_directory", uk="Теки {directory} немає.", en="There is no directory {directory}.")
def no_directory(*, directory: str) -> None:
    """A file is to be written where there is no directory."""


@condition("tool.the_database", uk="{file} і є самою базою.", en="{file} is the database itself.")
def the_database(*, file: str) -> None:
    """The database was named as the file to write or to read."""


@condition("tool.failed", uk="`{command}` не вдалося: {cause}.", en="`{command}` failed: {cause}.")
def failed(*, command: str, cause: Reason) -> None:
    """The system or the database refused; cause is what they say."""


NOT_WRITABLE_BESIDE = simple(
    "tool.not_writable_beside",
    uk="поруч не можна писати, а базі цього треба навіть для читання",
    en="no permission to write next to it, which SQLite needs even for reading",
)
NO_REASON = simple("tool.no_reason", uk="причини не названо", en="no reason given")


@condition("tool.database_damaged", uk="базу пошкоджено ({fault})", en="the database is damaged ({fault})")
def database_damaged(*, fault: Reason) -> None:
    """The database was found to be damaged while a tool worked."""


# which database


@condition("tool.foreign", uk="{place} не є базою цієї програми.", en="{place} is not a database of this program.")
def foreign(*, place: str) -> None:
    """A database of another program."""


@condition(
    "tool.older",
    uk="{place} має схему {found} старішої версії: recorder оновить її до {known}, коли запуститься.",
    en="{place} has the schema {found} of an older version: the recorder upgrades it to {known} when it starts.",
)
def older(*, place: str, found: str, known: str) -> None:
    """A database that the recorder of this version has not opened yet."""


@condition(
    "tool.damaged",
    uk="{file} пошкоджено ({fault}): recorder відкладе його, писатиме в новий і перенесе те, що читається; або "
    "зупиніть його й відновіть копію.",
    en="{file} is damaged ({fault}): the recorder sets it aside, records into a new one and brings over what can be "
    "read; or stop it and restore a backup.",
)
def damaged(*, file: str, fault: str) -> None:
    """The check has found a damaged database."""


# export and unfold

NAME_A_TABLE = simple(
    "tool.name_a_table",
    uk="Назвіть таблицю: `python -m services.recorder export --list` показує їх.",
    en="Name a table: `python -m services.recorder export --list` lists them.",
)


@condition(
    "tool.no_table",
    uk="Таблиці «{given}» немає; є {known}.",
    en='There is no table "{given}"; the tables are {known}.',
)
def no_table(*, given: str, known: str) -> None:
    """A table that the database does not have."""


@condition(
    "tool.no_times",
    uk="Рядки таблиці {table} не мають часу: експортуйте її без --from і --to.",
    en="The rows of {table} have no time: export it without --from and --to.",
)
def no_times(*, table: str) -> None:
    """A period was given for a table without times."""


@condition(
    "tool.period_ends_first",
    uk="Період закінчується раніше, ніж починається: --from {first} --to {last}.",
    en="The period ends before it begins: --from {first} --to {last}.",
)
def period_ends_first(*, first: str, last: str) -> None:
    """The two ends of a period are in the wrong order."""


@condition(
    "tool.no_moment",
    uk="«{given}» не є днем чи часом: пишіть 2026-11-20, 2026-11-20T18:30 або 2026-11-20T16:30Z.",
    en='"{given}" is not a day or time: write 2026-11-20, 2026-11-20T18:30 or 2026-11-20T16:30Z.',
)
def no_moment(*, given: str) -> None:
    """An end of a period that cannot be understood."""


@condition(
    "tool.other_tables",
    uk="{file} має таблиці іншого роду ({table}): виберіть для цього окремий файл.",
    en="{file} has tables of another kind ({table}): choose a file of its own.",
)
def other_tables(*, file: str, table: str) -> None:
    """The file to unfold into is a database of something else."""


# backup and restore

SERVER_BACKUP = simple(
    "tool.server_backup",
    uk="База на сервері PostgreSQL: для цього є його `pg_dump`, який робить цілісну копію, поки recorder пише.",
    en="The database is a PostgreSQL server: use its own `pg_dump`, which copies it consistently while the recorder "
    "writes.",
)
SERVER_RESTORE = simple(
    "tool.server_restore",
    uk="База на сервері PostgreSQL: для цього є його `pg_restore` або `psql`.",
    en="The database is a PostgreSQL server: use its own `pg_restore` or `psql`.",
)


@condition(
    "tool.used_database",
    uk="Поруч із {file} є {log}, тож це база, якою користуються: виберіть іншу назву.",
    en="{file} has {log} beside it and so is a database in use: choose another name.",
)
def used_database(*, file: str, log: str) -> None:
    """A backup would overwrite a database that has a log."""


@condition(
    "tool.copy_damaged",
    uk="Копію {file} пошкоджено ({fault}), тож, можливо, і саму базу.",
    en="The copy of {file} is damaged ({fault}), so the database itself may be too.",
)
def copy_damaged(*, file: str, fault: str) -> None:
    """A copy does not pass its check."""


@condition(
    "tool.unfinished_backup",
    uk="Поруч із {file} є {log} із записами, тож це не завершена копія: спершу зробіть із нього копію.",
    en="{file} has commits in {log} beside it, so it is not a finished backup: make one of it first.",
)
def unfinished_backup(*, file: str, log: str) -> None:
    """A bare copy of a running database was named as a backup."""


@condition(
    "tool.backup_damaged",
    uk="{file} пошкоджено ({fault}); нічого не змінено.",
    en="{file} is damaged ({fault}); nothing was changed.",
)
def backup_damaged(*, file: str, fault: str) -> None:
    """The backup to restore does not pass its check."""


@condition(
    "tool.foreign_backup",
    uk="{file} не є базою цієї програми; нічого не змінено.",
    en="{file} is not a database of this program; nothing was changed.",
)
def foreign_backup(*, file: str) -> None:
    """The backup to restore is a database of something else."""


@condition(
    "tool.in_use",
    uk="Базою {place} користуються: зупиніть recorder і відновіть тоді; нічого не змінено.",
    en="{place} is in use: stop the recorder, then restore; nothing was changed.",
)
def in_use(*, place: str) -> None:
    """A database would be replaced under a process that has it open."""


@condition(
    "tool.not_upgraded",
    uk="{file} не оновлюється до схеми {known} ({cause}); нічого не змінено.",
    en="{file} cannot be upgraded to the schema {known} ({cause}); nothing was changed.",
)
def not_upgraded(*, file: str, known: str, cause: Reason) -> None:
    """The backup to restore is of an older version, and its upgrade fails."""


@condition(
    "tool.aside_exists",
    uk="{file} уже є: зачекайте секунду й спробуйте ще.",
    en="{file} exists already: wait a second and try again.",
)
def aside_exists(*, file: str) -> None:
    """Two restores in the same second."""


# the import

NO_VALID_TIME = simple("tool.no_valid_time", uk="немає придатного часу", en="no valid time")
NO_JSON_OBJECT = simple("tool.no_json_object", uk="немає об'єкта JSON", en="no JSON object")


@condition(
    "tool.bad_inverter_name",
    uk="«{given}» не може бути назвою інвертора: у ній не буває скісних рисок і пробілів.",
    en='"{given}" is not a valid inverter name: it must not contain slashes or spaces.',
)
def bad_inverter_name(*, given: str) -> None:
    """A name that no inverter can have."""


@condition(
    "tool.not_eamoon",
    uk="{file} не є базою попередника: немає таблиці `readings` з `created_at` і `payload`.",
    en="{file} is not a database of eamoon: no table `readings` with `created_at` and `payload`.",
)
def not_eamoon(*, file: str) -> None:
    """A database of another program was named for the import."""


@condition(
    "tool.import_stopped",
    uk="Імпорт зупинився: {cause} Перенесене лишається; запустіть його пізніше ще раз.",
    en="The import stopped: {cause} What was imported stays; run it again later.",
)
def import_stopped(*, cause: Reason) -> None:
    """The database could not be written in the middle of an import."""
