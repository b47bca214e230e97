"""Settings that cannot be used."""

from shared.conditions.condition import Reason, condition, simple

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
    """The settings file, or a secret's file, cannot be read."""


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
