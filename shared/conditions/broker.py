"""Between our services and the broker, and the messages that travel there."""

from shared.conditions.condition import Reason, Severity, condition, simple

STOPPED = simple("service.stopped", uk="Зупинено.", en="Stopped.", severity=Severity.NOTICE)
VANISHED = simple(
    "service.vanished",
    uk="Служба зникла без попередження: її процес убито, або зник її комп'ютер чи мережа.",
    en="The service vanished without a word: it was killed, or its network or host is gone.",
)
NOT_MQTT = simple("broker.not_mqtt", uk="там відповідає не брокер MQTT", en="what answers there is no MQTT broker")
NO_ROOM = simple(
    "broker.no_room",
    uk="Брокер не має місця для повідомлень: вони чекають у службі, спроби тривають.",
    en="The broker has no room for messages: they wait in the service. Trying again.",
)
OUTBOX_FULL = simple(
    "broker.outbox_full",
    uk="Брокера не було надто довго: найстаріші повідомлення відкинуто (MQTT_OUTBOX).",
    en="The broker has been away for too long: the oldest messages were dropped (MQTT_OUTBOX).",
)


@condition(
    "broker.unreachable",
    uk="Брокер {where} не відповідає ({cause}): чи працює Mosquitto? Спроби тривають.",
    en="No broker at {where} ({cause}): is Mosquitto running? Trying again.",
)
def unreachable(*, where: str, cause: Reason) -> None:
    """Nobody answers as an MQTT broker at the address in MQTT_HOST and MQTT_PORT."""


@condition(
    "broker.unreachable_tls",
    uk="Брокер {where} не відповідає ({cause}): чи працює Mosquitto, і чи з TLS на цьому порту? Спроби тривають.",
    en="No broker at {where} ({cause}): is Mosquitto running, and with TLS at this port? Trying again.",
)
def unreachable_tls(*, where: str, cause: Reason) -> None:
    """The same with MQTT_TLS on."""


@condition("broker.refused_connection", uk="він відмовив: {answer}", en="it refused: {answer}")
def refused_connection(*, answer: str) -> None:
    """The broker refuses the connection for a reason other than the password."""


@condition("broker.no_tls", uk="TLS там не працює: {detail}", en="TLS does not work there: {detail}")
def no_tls(*, detail: str) -> None:
    """The TLS handshake fails for a reason other than the certificate; the detail is OpenSSL's name for it."""


@condition(
    "broker.certificate",
    uk="Сертифікат брокера {where} не годиться для {host}, судячи з {authority} ({detail}): перевірте MQTT_CA_FILE і "
    "MQTT_HOST. Спроби тривають.",
    en="The certificate of the broker at {where} is not valid for {host} by {authority} ({detail}): check MQTT_CA_FILE "
    "and MQTT_HOST. Trying again.",
)
def certificate(*, where: str, host: str, authority: str, detail: str) -> None:
    """The broker's certificate is not trusted. Passing: certificates are renewed and clocks are set."""


@condition(
    "broker.certificate_of_system",
    uk="Сертифікат брокера {where} не годиться для {host} за сертифікатами цієї системи ({detail}): перевірте "
    "MQTT_CA_FILE і MQTT_HOST. Спроби тривають.",
    en="The certificate of the broker at {where} is not valid for {host} by the authorities that this system trusts "
    "({detail}): check MQTT_CA_FILE and MQTT_HOST. Trying again.",
)
def certificate_of_system(*, where: str, host: str, detail: str) -> None:
    """The same without MQTT_CA_FILE."""


@condition(
    "broker.wrong_password",
    uk="Брокер {where} не приймає користувача «{user}»: звірте MQTT_PASSWORD або {file} з файлом паролів брокера.",
    en='The broker at {where} refuses the user "{user}": check MQTT_PASSWORD, or {file}, against the password file of '
    "the broker.",
)
def wrong_password(*, where: str, user: str, file: str) -> None:
    """The broker does not accept our user name or password."""


@condition(
    "broker.not_allowed",
    uk="Брокер не дозволяє цьому обліковому запису писати в {topic}: див. mosquitto/acl.",
    en="The broker does not let this account write {topic}: see mosquitto/acl.",
)
def not_allowed(*, topic: str) -> None:
    """The broker's access list forbids a message of ours."""


@condition(
    "broker.twin",
    uk="Брокер одразу обриває кожне з'єднання: чи не працює десь іще одна служба {client}?",
    en="The broker ends every connection at once: does another {client} run somewhere?",
)
def twin(*, client: str) -> None:
    """Two clients with one id throw each other out, again and again."""


@condition(
    "broker.older_twin",
    uk="На брокері {where} вже давніше працює інша служба {client}, а двоє заважали б одна одній, тож ця зупиняється. "
    "Залиште одну з них: перевірте інші комп'ютери, контейнери та служби systemd.",
    en="Another {client} has been running on the broker at {where} for longer, and two would throw each other off, so "
    "this one stops. Keep one of them: look for it on other machines, in containers and among systemd's services.",
)
def older_twin(*, client: str, where: str) -> None:
    """A second process of a service was started against the same broker."""


@condition(
    "broker.bad_message",
    uk="Повідомлення в {topic} пропущено: {fault}.",
    en="A message on {topic} is ignored: {fault}.",
    severity=Severity.WARNING,
)
def bad_message(*, topic: str, fault: Reason) -> None:
    """A payload that does not fit its topic."""
