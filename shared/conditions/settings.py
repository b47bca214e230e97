"""Settings that cannot be used."""

from shared.conditions.condition import Reason, Severity, condition, simple

CA_WITHOUT_TLS = simple(
    "settings.ca_without_tls",
    uk="MQTT_CA_FILE задано, а MQTT_TLS ні: поставте MQTT_TLS=true або приберіть обидва",
    en="MQTT_CA_FILE is set but MQTT_TLS is not: set MQTT_TLS=true, or neither",
)
NOT_A_DATABASE_URL = simple(
    "settings.not_a_database_url",
    uk="не схоже на адресу на кшталт postgresql://user:password@host/database",
    en="not an address such as postgresql://user:password@host/database",
)
HOME_DIRECTORY = simple(
    "settings.home_directory",
    uk="потрібен повний шлях: ~ тут не означає домашню теку",
    en="the whole path is needed: ~ does not stand for a home directory here",
)
NOT_A_TIME_ZONE = simple(
    "settings.not_a_time_zone",
    uk="такого часового поясу немає; приклад: Europe/Kyiv",
    en="not a time zone such as Europe/Kyiv",
)


@condition("settings.wrong", uk="{faults}. Виправте в {file}.", en="{faults}. Correct it in {file}.")
def wrong(*, faults: tuple[Reason, ...], file: str) -> None:
    """Settings that cannot be used, in the settings file or the environment."""


@condition(
    "settings.wrong_in_environment",
    uk="{faults}. Виправте в середовищі (з Docker: у .env).",
    en="{faults}. Correct it in the environment (with Docker: .env).",
)
def wrong_in_environment(*, faults: tuple[Reason, ...]) -> None:
    """The same where there is no settings file."""


@condition("settings.value", uk="{name}: {fault}", en="{name}: {fault}")
def value(*, name: str, fault: Reason) -> None:
    """One variable that cannot be used; its value is a secret or was not given."""


@condition("settings.shown_value", uk="{name} має значення «{given}»: {fault}", en='{name} is "{given}": {fault}')
def shown_value(*, name: str, given: str, fault: Reason) -> None:
    """One variable that cannot be used, with its value."""


@condition(
    "settings.file_missing",
    uk="Файлу налаштувань {file}, на який вказує ENV_FILE, немає.",
    en="The settings file {file}, which ENV_FILE names, is not there.",
)
def file_missing(*, file: str) -> None:
    """ENV_FILE names a file that is not there."""


@condition(
    "settings.unreadable",
    uk="Файл налаштувань {file} не читається: {cause}.",
    en="The settings file {file} cannot be read: {cause}.",
)
def unreadable(*, file: str, cause: Reason) -> None:
    """The settings file cannot be read."""


@condition(
    "settings.unreadable_secret",
    uk="Секрет {file} не читається: {cause}.",
    en="The secret {file} cannot be read: {cause}.",
)
def unreadable_secret(*, file: str, cause: Reason) -> None:
    """A file in SECRETS_DIR is there and cannot be read."""


@condition(
    "settings.no_certificate",
    uk="У MQTT_CA_FILE {file} немає сертифіката у форматі PEM.",
    en="MQTT_CA_FILE {file} holds no certificate in PEM form.",
)
def no_certificate(*, file: str) -> None:
    """MQTT_CA_FILE is no certificate."""


@condition(
    "settings.no_password",
    uk="Немає пароля для брокера: задайте MQTT_PASSWORD або дозвольте цьому користувачеві читати {file} ({cause}).",
    en="No password for the broker: set MQTT_PASSWORD, or let this user read {file} ({cause}).",
)
def no_password(*, file: str, cause: Reason) -> None:
    """Neither MQTT_PASSWORD nor the file that Mosquitto's start leaves is there."""


@condition(
    "settings.open_quote",
    uk="{file}, рядок {line}: лапки значення {name} не закрито, або за ними стоїть щось іще.",
    en="{file}, line {line}: the quote of {name} does not end, or something stands behind it.",
)
def open_quote(*, file: str, line: int, name: str) -> None:
    """A line of the settings file that nobody can read."""


@condition(
    "settings.no_assignment",
    uk="Рядок {line} не має вигляду NAME=value, тому його пропущено.",
    en="Line {line} is not NAME=value and is ignored.",
    severity=Severity.WARNING,
)
def no_assignment(*, line: int) -> None:
    """A line of the settings file that sets nothing; a comment begins with #."""


@condition(
    "settings.read_differently",
    uk="Рядок {line}: Docker чи systemd прочитає {name} інакше, ніж ця програма. Візьміть значення в подвійні лапки, "
    'поставте \\ перед кожним ", \\ та $, а примітку винесіть на окремий рядок.',
    en="Line {line}: Docker or systemd reads {name} differently from this program. Put the value into double quotes, "
    'with a \\ before each ", \\ and $, and a comment on a line of its own.',
    severity=Severity.WARNING,
)
def read_differently(*, line: int, name: str) -> None:
    """A value whose notation the readers of the settings file do not share."""


@condition(
    "settings.typographic_quotes",
    uk='Рядок {line}: {name} стоїть у друкарських лапках, і вони стають частиною значення. Поставте прямі (") або '
    "жодних.",
    en='Line {line}: {name} stands in typographic quotes, which become a part of the value. Use straight ones (") or '
    "none.",
    severity=Severity.WARNING,
)
def typographic_quotes(*, line: int, name: str) -> None:
    """A value that was copied from a text with quotes of a printed page."""


@condition(
    "settings.invisible",
    uk="Рядок {line}: у значенні {name} є невидимий символ. Наберіть його заново, замість вставляти.",
    en="Line {line}: there is an invisible character in {name}. Type the value instead of pasting it.",
    severity=Severity.WARNING,
)
def invisible(*, line: int, name: str) -> None:
    """A value that was copied with a space of no width or one that does not break."""


@condition(
    "settings.prefix_without_slash",
    uk="Рядок {line}: MQTT_TOPIC_PREFIX не має косої риски в кінці, тож теми зливаються з ним, як-от "
    "homegrid/state. Щоб було home/grid/state, допишіть / і змініть теми в усьому, що їх уже читає.",
    en="Line {line}: MQTT_TOPIC_PREFIX has no slash at its end, so topics run together with it, as in homegrid/state. "
    "For home/grid/state add the /, and change the topics in whatever reads them already.",
    severity=Severity.WARNING,
)
def prefix_without_slash(*, line: int) -> None:
    """A prefix that runs together with the topics; it goes on working, for the topics of an installation must stay."""


@condition(
    "settings.cannot_be_written",
    uk="{name} містить розрив рядка чи інший керівний символ, а .env такого не тримає.",
    en="{name} holds a line break or another control character, which .env cannot hold.",
)
def cannot_be_written(*, name: str) -> None:
    """A value that does not fit into a line of the settings file."""


@condition(
    "settings.unknown_name",
    uk="{name} не є налаштуванням, тому його пропущено.",
    en="{name} is no setting and is ignored.",
    severity=Severity.WARNING,
)
def unknown_name(*, name: str) -> None:
    """A name in the settings file that no setting has."""


@condition(
    "settings.misspelt",
    uk="{name} не є налаштуванням, тому його пропущено: чи не {meant} малося на увазі?",
    en="{name} is no setting and is ignored: is {meant} meant?",
    severity=Severity.WARNING,
)
def misspelt(*, name: str, meant: str) -> None:
    """A name in the settings file that looks like that of a setting."""


@condition(
    "settings.of_eamoon",
    uk="{name} є налаштуванням попередника, тому його пропущено: {advice}.",
    en="{name} is a setting of eamoon and is ignored: {advice}.",
    severity=Severity.WARNING,
)
def of_eamoon(*, name: str, advice: Reason) -> None:
    """A name in the settings file that only the predecessor knows."""


@condition("settings.renamed", uk="тут воно зветься {name}", en="{name} is its name here", severity=Severity.NOTICE)
def renamed(*, name: str) -> None:
    """What a setting of the predecessor is called here."""


BATTERIES_ARE_FOUND = simple(
    "settings.batteries_are_found",
    uk="батареї знаходяться самі й стають до списку DEVICES_FILE",
    en="batteries are found by themselves and listed in DEVICES_FILE",
    severity=Severity.NOTICE,
)
DATABASES_HERE = simple(
    "settings.databases_here",
    uk="DATABASE_URL вказує на сервер PostgreSQL, а без нього DB_PATH на файл бази",
    en="DATABASE_URL names a PostgreSQL server, and without one DB_PATH a file of SQLite",
    severity=Severity.NOTICE,
)
NO_MYSQL = simple(
    "settings.no_mysql",
    uk="MySQL тут немає; DATABASE_URL вказує на сервер PostgreSQL",
    en="there is no MySQL here; DATABASE_URL names a PostgreSQL server",
    severity=Severity.NOTICE,
)
SECONDS_HERE = simple(
    "settings.seconds_here",
    uk="тут воно зветься SCHEDULE_INTERVAL і рахується в секундах",
    en="SCHEDULE_INTERVAL is its name here, in seconds",
    severity=Severity.NOTICE,
)
PLAN_IS_KEPT = simple(
    "settings.plan_is_kept",
    uk="графік зберігають брокер і база, тож заміни не треба",
    en="the broker and the database keep the plan, so nothing takes its place",
    severity=Severity.NOTICE,
)
TRIES_FOR_EVER = simple(
    "settings.tries_for_ever",
    uk="кожна служба пробує без кінця, тож заміни не треба",
    en="every service tries again for ever, so nothing takes its place",
    severity=Severity.NOTICE,
)
