"""Where the broker is, and the account and client id we connect with."""

import hashlib
import ssl
from dataclasses import dataclass, field

from shared.settings import MqttSettings


@dataclass(frozen=True)
class BrokerAddress:
    """How to reach the broker and log in; session_s is how long it keeps our session after a disconnect.

    tls verifies the broker's certificate; None connects without encryption. mqtt5=False connects by MQTT 3.1.1, in
    which the broker decides how long it keeps a session (unless session_s is 0) and how many messages it sends
    before we acknowledge.
    """

    host: str
    port: int
    client_id: str
    user: str
    password: str = field(repr=False)
    session_s: int = 0
    mqtt5: bool = True
    tls: ssl.SSLContext | None = None


def broker_address(settings: MqttSettings, *, user: str, client_id: str, session_s: int, mqtt5: bool) -> BrokerAddress:
    """Return the address from the settings; the topic prefix also separates the client ids of two homes."""
    password = settings.password_for(user)
    return BrokerAddress(
        host=settings.mqtt_host,
        port=settings.mqtt_port,
        client_id=f"{settings.mqtt_topic_prefix}{client_id}-{_client_id_suffix(password)}",
        user=user,
        password=password,
        session_s=session_s,
        mqtt5=mqtt5,
        tls=settings.tls_context(),
    )


def _client_id_suffix(password: str) -> str:
    """Return a suffix that only those who know the password can compute.

    The broker accepts any client id from any account; a client with ours would end our connection and our session.
    """
    return hashlib.sha256(f"easun client {password}".encode()).hexdigest()[:10]
