"""The configured channels."""

from services.bot.channels.channel import Channel
from services.bot.channels.mail import Mail, MailServer
from services.bot.channels.ntfy import Ntfy
from services.bot.settings import BotSettings


def listed_channels(settings: BotSettings) -> list[Channel]:
    """Return the channels besides Telegram."""
    found: list[Channel] = []
    if topic := settings.ntfy_url.get_secret_value():
        found.append(Ntfy(topic, settings.ntfy_token.get_secret_value()))
    if settings.mail_addresses:
        password = settings.smtp_password.get_secret_value()
        server = MailServer(
            settings.smtp_host, settings.smtp_port, settings.smtp_security, settings.smtp_user, password
        )
        found.append(Mail(server, settings.email_from, settings.mail_addresses))
    return found
