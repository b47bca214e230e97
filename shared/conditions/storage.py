"""The database: why it cannot be read or written, and messages that cannot be recorded."""

from shared.conditions.condition import Reason, Severity, condition, simple

# what a database reports

LOCKED = simple("storage.locked", uk="вона зайнята іншою програмою", en="another program keeps it locked")
READ_ONLY = simple("storage.read_only", uk="вона доступна лише для читання", en="it is read-only")
NOT_OPENED = simple("storage.not_opened", uk="її файл не відкривається", en="its file cannot be opened")
MALFORMED = simple("storage.malformed", uk="її вміст пошкоджено", en="its contents are malformed")
NOT_A_DATABASE = simple("storage.not_a_database", uk="її файл не є базою даних", en="its file is not a database")
WRONG_PASSWORD = simple(
    "storage.wrong_password",
    uk="сервер не приймає користувача або пароль",
    en="the server rejects the user or password",
)
NO_SUCH_DATABASE = simple(
    "storage.no_such_database",
    uk="на сервері немає такої бази або користувача",
    en="the server has no such database or user",
)
SERVER_UNREACHABLE = simple("storage.server_unreachable", uk="сервер не відповідає", en="the server does not answer")


@condition("storage.other", uk="помилка бази: {detail}", en="{detail}")
def other(*, detail: str) -> None:
    """Any other error; the detail is the driver's own."""


# what that means for us


@condition(
    "storage.unwritable",
    uk="База не записується: {cause}. Показники чекають у брокера.",
    en="The database cannot be written: {cause}. Readings wait at the broker.",
)
def unwritable(*, cause: Reason) -> None:
    """An error that may pass; nothing is lost meanwhile."""


@condition(
    "storage.unavailable",
    uk="База {place} не відкривається для запису: {cause}. Показники чекають у брокера.",
    en="The database {place} cannot be opened for writing: {cause}. Readings wait at the broker.",
)
def unavailable(*, place: str, cause: Reason) -> None:
    """The same when the recorder starts."""


@condition(
    "storage.unusable",
    uk="База {place} не відкривається для запису: {cause}. Перевірте {setting}.",
    en="The database {place} cannot be opened for writing: {cause}. Check {setting}.",
)
def unusable(*, place: str, cause: Reason, setting: str) -> None:
    """An error that only the user can correct."""


@condition("storage.unreadable", uk="Історія не читається: {cause}.", en="The history cannot be read: {cause}.")
def unreadable(*, cause: Reason) -> None:
    """A query failed."""


@condition(
    "storage.set_aside",
    uk="База {place} пошкоджена: {cause}. Її збережено як {name} і створено нову.",
    en="The database {place} is damaged: {cause}. It is kept as {name}, and a new one was created.",
)
def set_aside(*, place: str, cause: Reason, name: str) -> None:
    """A damaged database was renamed. Reported until the recorder is restarted."""


@condition(
    "storage.not_set_aside",
    uk="База {place} пошкоджена: {cause}, і її не вдається перейменувати: {obstacle}. Показники чекають у брокера.",
    en="The database {place} is damaged: {cause}, and cannot be renamed: {obstacle}. Readings wait at the broker.",
)
def not_set_aside(*, place: str, cause: Reason, obstacle: Reason) -> None:
    """A damaged database stays where it is."""


@condition(
    "storage.newer",
    uk="Базу {place} записала новіша версія програми (схема {found}, а ця знає {known}); її не змінено. Встановіть ту "
    "версію знову або вкажіть іншу базу в DB_PATH чи DATABASE_URL.",
    en="The database {place} was written by a newer version of this program (schema {found}, this one knows {known}); "
    "it is left as it is. Install that version again, or set DB_PATH or DATABASE_URL to another database.",
)
def newer(*, place: str, found: str, known: str) -> None:
    """The schema of the database is newer than the program."""


@condition(
    "storage.draft",
    uk="Базу {place} записала версія програми до 0.1 (схема {found}), її не можна оновити; її не змінено. Вкажіть іншу "
    "базу в DB_PATH чи DATABASE_URL.",
    en="The database {place} was written by a version of this program before 0.1 (schema {found}) and cannot be "
    "upgraded; it is left as it is. Set DB_PATH or DATABASE_URL to another database.",
)
def draft(*, place: str, found: str) -> None:
    """The schema of the database is one of the drafts before version 0.1."""


@condition(
    "storage.eamoon",
    uk="База {place} належить x-mentat/eamoon; її не змінено. Вкажіть інший файл у DB_PATH, а її показники "
    "перенесіть командою `python -m services.recorder import-eamoon {place}`.",
    en="The database {place} is one of eamoon's; it is left as it is. Set DB_PATH to another file, and take its "
    "readings over with `python -m services.recorder import-eamoon {place}`.",
)
def eamoon(*, place: str) -> None:
    """DB_PATH names the database of x-mentat/eamoon."""


@condition(
    "storage.rejected",
    uk="Повідомлення в {topic} не записано: {cause}. Його збережено в dead_letter.",
    en="A message on {topic} is not recorded: {cause}. It is kept in dead_letter.",
    severity=Severity.WARNING,
)
def rejected(*, topic: str, cause: Reason) -> None:
    """The last message on a topic could not be recorded."""


# why a message cannot be recorded

NOT_RECORDED = simple("storage.not_recorded", uk="ця тема не записується", en="this topic is not recorded")


@condition(
    "storage.too_long",
    uk="{size} байтів, а приймається {most}",
    en="it has {size} bytes, more than the {most} accepted",
)
def too_long(*, size: int, most: int) -> None:
    """A payload that is far longer than any of ours."""


@condition(
    "storage.too_early",
    uk="час {at} випереджає цей годинник ({now}) більш ніж на 10 хвилин",
    en="its time {at} is more than 10 minutes ahead of this clock ({now})",
)
def too_early(*, at: str, now: str) -> None:
    """The message's time is too far in the future, by our clock."""
