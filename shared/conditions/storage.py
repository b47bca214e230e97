"""The database: why it cannot be read or written, and messages that cannot be recorded."""

from datetime import datetime, timedelta

from shared.conditions.condition import Reason, Severity, condition, simple

# what a database reports

LOCKED = simple("storage.locked", uk="вона зайнята іншою програмою", en="another program keeps it locked")
READ_ONLY = simple("storage.read_only", uk="вона доступна лише для читання", en="it is read-only")
NOT_OPENED = simple("storage.not_opened", uk="її файл не відкривається", en="its file cannot be opened")
MALFORMED = simple("storage.malformed", uk="її вміст пошкоджено", en="its contents are malformed")
NOT_A_DATABASE = simple("storage.not_a_database", uk="її файл не є базою даних", en="its file is not a database")
MOVED = simple("storage.moved", uk="її файл перейменовано", en="its file was moved")
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


@condition(
    "storage.not_connected",
    uk="сервер не приймає з'єднання: {detail}",
    en="the server accepts no connection: {detail}",
)
def not_connected(*, detail: str) -> None:
    """It does not answer, or rejects the user, the password or the name of the database: only its sentence tells."""


MIGRATION_STOPPED = simple(
    "storage.migration_stopped",
    uk="оновлення бази перервано, її не змінено",
    en="the upgrade of the database was interrupted; nothing was changed",
)

OLDER_SCHEMA = simple(
    "storage.older_schema",
    uk="база ще має схему попередньої версії, служба recorder її оновлює",
    en="the database still has the schema of an earlier version, and the recorder is upgrading it",
)


@condition("storage.other", uk="помилка бази: {detail}", en="{detail}")
def other(*, detail: str) -> None:
    """Any other error; the detail is the driver's own."""


# what that means for us

UPGRADING = simple(
    "storage.upgrading",
    uk="База оновлюється до схеми цієї версії; дані за роки потребують кількох хвилин. Показники чекають у брокера.",
    en="The database is being upgraded to the schema of this version, which takes minutes for years of data. Readings "
    "wait at the broker.",
    severity=Severity.NOTICE,
)


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
    "storage.log_lost",
    uk="Файл {name} зник або змінився під час запису: показники від {since:%d.%m %H:%M} до {until:%H:%M} втрачено.",
    en="The file {name} was removed or changed while recording: readings from {since:%d.%m %H:%M} to {until:%H:%M} are "
    "lost.",
)
def log_lost(*, name: str, since: datetime, until: datetime) -> None:
    """The write-ahead log was cut behind our back, with commits that were in no other place."""


@condition(
    "storage.lost_while_away",
    uk="Показники від {since:%d.%m %H:%M} до {until:%d.%m %H:%M} ({length}) втрачено: служба recorder не працювала, а "
    "брокер їх для неї не зберіг.",
    en="Readings from {since:%d.%m %H:%M} to {until:%d.%m %H:%M} ({length}) are lost: the recorder was away, and the "
    "broker did not keep them for it.",
    severity=Severity.WARNING,
)
def lost_while_away(*, since: datetime, until: datetime, length: timedelta) -> None:
    """More waited than the broker has room for, or for longer than it waits. Reported for a week."""


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
    uk="База {place} пошкоджена: {cause}. Її збережено як {name}, запис триває в новій, а все, що читається, "
    "переноситься до неї.",
    en="The database {place} is damaged: {cause}. It is kept as {name}, recording goes on in a new one, and what can "
    "be read is being brought over.",
)
def set_aside(*, place: str, cause: Reason, name: str) -> None:
    """A damaged database was renamed, and is being salvaged."""


@condition(
    "storage.salvaging",
    uk="База була пошкоджена, її збережено як {name}; усе, що читається, переноситься до нової.",
    en="The database was damaged and is kept as {name}; what can be read is being brought over to the new one.",
)
def salvaging(*, name: str) -> None:
    """A damaged database of before the last start is being salvaged."""


@condition(
    "storage.salvaged",
    uk="База була пошкоджена: врятовано {saved} {saved:запис|записи|записів}, втрачено приблизно {lost}. Пошкоджений "
    "файл збережено як {name}.",
    en="The database was damaged: {saved} {saved:record was|records were} saved, about {lost} lost. The damaged file "
    "is kept as {name}.",
    severity=Severity.WARNING,
)
def salvaged(*, name: str, saved: int, lost: int) -> None:
    """A damaged database was salvaged. Reported for a week."""


@condition(
    "storage.salvaged_with_backup",
    uk="База була пошкоджена: врятовано {saved} {saved:запис|записи|записів}, ще {restored} взято з резервної копії, "
    "втрачено приблизно {lost}. Пошкоджений файл збережено як {name}.",
    en="The database was damaged: {saved} {saved:record was|records were} saved, {restored} more came from the last "
    "backup, about {lost} {lost:is|are} lost. The damaged file is kept as {name}.",
    severity=Severity.WARNING,
)
def salvaged_with_backup(*, name: str, saved: int, restored: int, lost: int) -> None:
    """The same where a nightly backup had some of what could not be read."""


@condition(
    "storage.not_salvaged",
    uk="Записи з пошкодженої бази {name} поки не переносяться: {cause}. Спроба повториться.",
    en="What can be read of the damaged database {name} cannot be brought over yet: {cause}. It is tried again.",
)
def not_salvaged(*, name: str, cause: Reason) -> None:
    """A full disk, say; the damaged file stays as it is."""


@condition(
    "storage.not_set_aside",
    uk="База {place} пошкоджена: {cause}, і її не вдається перейменувати: {obstacle}. Показники чекають у брокера.",
    en="The database {place} is damaged: {cause}, and cannot be renamed: {obstacle}. Readings wait at the broker.",
)
def not_set_aside(*, place: str, cause: Reason, obstacle: Reason) -> None:
    """A damaged database stays where it is."""


# backups


@condition(
    "storage.backup_failed",
    uk="Нічна резервна копія в {directory} не створюється: {cause}. Спроба повториться.",
    en="The nightly backup in {directory} cannot be made: {cause}. It is tried again.",
    severity=Severity.WARNING,
)
def backup_failed(*, directory: str, cause: Reason) -> None:
    """Neither the recording nor the backups that are there are touched by it."""


@condition(
    "storage.backup_denied",
    uk="У {directory} заборонено писати, тож нічної резервної копії немає: віддайте цю теку користувачеві з номером "
    "{uid}.",
    en="The nightly backup may not be written into {directory}: give that directory to the user with the number {uid}.",
    severity=Severity.WARNING,
)
def backup_denied(*, directory: str, uid: int) -> None:
    """A disk that was just mounted belongs to root; in a container the service is user 1883."""


@condition(
    "storage.backup_no_space",
    uk="Нічна резервна копія не вміщається в {directory}: треба {needed_mb} МБ, вільно {free_mb} МБ. Остання копія "
    "залишається.",
    en="The nightly backup does not fit into {directory}: it needs {needed_mb} MB, and {free_mb} MB are free. The last "
    "one stays.",
    severity=Severity.WARNING,
)
def backup_no_space(*, directory: str, needed_mb: int, free_mb: int) -> None:
    """Even without the older backups there is too little room."""


@condition(
    "storage.backup_unmounted",
    uk="Диск для резервних копій не під'єднано: у {directory} тепер лише порожнє місце для нього. Під'єднайте диск або "
    "змініть BACKUP_DIR.",
    en="The disk for backups is not mounted: {directory} is only the place for it now. Mount it, or change BACKUP_DIR.",
    severity=Severity.WARNING,
)
def backup_unmounted(*, directory: str) -> None:
    """Nothing is written there, as it would fill the disk of the system."""


# databases that are not ours


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
    "storage.foreign",
    uk="{place} — не база цієї програми; файл не змінено. Вкажіть інший файл у DB_PATH.",
    en="{place} is not a database of this program; it is left as it is. Set DB_PATH to another file.",
)
def foreign(*, place: str) -> None:
    """DB_PATH names a file of another program."""


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


@condition(
    "storage.unknown_format",
    uk="{hours} {hours:годину|години|годин} показників стиснула новіша версія програми; ця їх не читає й не змінює.",
    en="{hours} {hours:hour|hours} of readings {hours:was|were} compressed by a newer version of this program; this "
    "one neither reads nor changes them.",
    severity=Severity.WARNING,
)
def unknown_format(*, hours: int) -> None:
    """After a downgrade; they are read again by the newer version."""


@condition(
    "storage.damaged_hours",
    uk="{hours} {hours:годину|години|годин} показників від {since:%d.%m.%Y} до {until:%d.%m.%Y} пошкоджено на диску: "
    "на докладних графіках і в експорті там прогалини, суми збережено. Якщо в нічній резервній копії така година ціла, "
    "її буде взято звідти автоматично. Диск або картка, мабуть, псується: замініть.",
    en="{hours} {hours:hour|hours} of readings from {since:%d.%m.%Y} to {until:%d.%m.%Y} {hours:is|are} damaged on the "
    "disk: detailed charts and exports have gaps there, totals remain. An hour that is intact in a nightly backup is "
    "taken from it automatically. The disk or card is probably failing: replace it.",
)
def damaged_hours(*, hours: int, since: datetime, until: datetime) -> None:
    """SQLite does not notice such damage; the recorder reads all compressed hours again and again."""


@condition(
    "storage.restored_hours",
    uk="{hours} {hours:годину|години|годин} показників було пошкоджено на диску, їх взято з нічної резервної копії. "
    "Диск або картка, мабуть, псується: замініть.",
    en="{hours} {hours:hour|hours} of readings {hours:was|were} damaged on the disk and {hours:was|were} taken from a "
    "nightly backup. The disk or card is probably failing: replace it.",
    severity=Severity.WARNING,
)
def restored_hours(*, hours: int) -> None:
    """Nothing is missing. Reported until the recorder is restarted."""


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
