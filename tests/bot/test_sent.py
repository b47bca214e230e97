"""An alert as an event: one sentence for every kind, in both languages, and another event when it is over."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.bot.alerts.alert import Alert, AlertKind
from services.bot.alerts.sent import SENTENCES, alert_sent
from shared.conditions import alerts, render
from shared.messages import AlertSent, Window
from shared.texts.language import Language
from tests.support.ukrainian import english_words

AT = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)


@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize("kind", AlertKind)
def test_every_kind_has_a_sentence(kind: AlertKind, *, over: bool) -> None:
    window = Window(start=AT, end=AT.replace(hour=18))
    reasons = (alerts.GRID_LOST(),)
    alert = Alert(kind=kind, key="k", at=AT, stored_at=AT, over=over, name="Кухня", reasons=reasons, missed=(window,))
    sent = alert_sent(alert, 2, AT)
    assert AlertSent.model_validate_json(sent.model_dump_json()) == sent
    assert (sent.recipients, sent.kind, sent.event) == (2, kind.value, "k/over" if over else "k")
    uk, en = (render(sent.what, language) for language in (Language.UK, Language.EN))
    assert uk != en
    assert not english_words(uk)
    assert uk.startswith("Минулося: ") == over


def test_every_kind_is_listed() -> None:
    assert set(SENTENCES) == set(AlertKind)


def test_a_reminder_is_an_event_of_now_not_of_the_outage_ahead() -> None:
    ahead = Alert(kind=AlertKind.REMIND_OUTAGE, key="k", at=AT.replace(hour=18), stored_at=AT, minutes=15)
    sent = alert_sent(ahead, 1, AT)
    assert sent.at == AT
    assert "20:30" in render(sent.what, Language.UK, ZoneInfo("Europe/Kyiv"))
