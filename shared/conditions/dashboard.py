"""What keeps the dashboard from being seen, or from showing the history."""

from shared.conditions.condition import Reason, Severity, condition, simple

NO_PASSWORD = simple(
    "dashboard.no_password",
    uk="Пароль не задано, тож сторінку видно лише на самому комп'ютері, а в Docker нікому. "
    "Вкажіть DASHBOARD_PASSWORD у .env.",
    en="No password is set, so the page is only shown on the machine itself, and in Docker to nobody. "
    "Set DASHBOARD_PASSWORD in .env.",
    severity=Severity.WARNING,
)
NOT_A_HASH = simple(
    "dashboard.not_a_hash",
    uk="DASHBOARD_PASSWORD починається як хеш, але не є ним. У .env його треба взяти в одинарні лапки, бо в ньому є "
    "знаки долара.",
    en="DASHBOARD_PASSWORD begins like a hash but is none. In .env it needs single quotes, because it contains dollar "
    "signs.",
)


@condition(
    "dashboard.cannot_listen",
    uk="Адреса {where} недоступна для панелі: {cause}. Можливо, панель уже запущено; інакше змініть DASHBOARD_HOST і "
    "DASHBOARD_PORT.",
    en="The dashboard cannot listen on {where}: {cause}. Perhaps it is running already; otherwise change "
    "DASHBOARD_HOST and DASHBOARD_PORT.",
)
def cannot_listen(*, where: str, cause: Reason) -> None:
    """The address or port of the web server is taken or not ours."""
