"""When alerts are merged, and into what."""

from datetime import timedelta

from services.bot.alerts.alert import Alert, AlertKind
from services.bot.alerts.digest import digest_entries, needs_digest
from services.bot.texts.alerts import digest_text
from tests.bot.facts import NOW, at, localizer_for


def alert(key: str = "a", kind: AlertKind = AlertKind.GRID_LOST, **facts: object) -> Alert:
    return Alert.model_validate({"kind": kind, "key": key, "at": NOW, "stored_at": NOW} | facts)


def test_fresh_alerts_are_sent_one_by_one_and_late_ones_together() -> None:
    two = [alert(), alert("b", AlertKind.GRID_BACK, at=NOW + timedelta(minutes=5))]
    assert not needs_digest(two, NOW)
    assert needs_digest(two, NOW + timedelta(minutes=10))
    assert not needs_digest(two[:1], NOW + timedelta(days=1))
    assert len(digest_entries(two, NOW)) == 1


def test_a_digest_of_past_reminders_is_empty() -> None:
    past = [alert(str(number), AlertKind.REMIND_POWER_BACK, at=at("12:00")) for number in range(3)]
    assert digest_text(localizer_for(), past) == ""
