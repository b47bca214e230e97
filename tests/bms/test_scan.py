"""`scan` in the language of the settings, without a radio."""

import pytest

from services.bms import scan
from services.bms.settings import BmsSettings
from shared.clock import utc_now
from shared.conditions import bms, render
from shared.errors import DeviceOfflineError
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from tests.bms import fake_bleak
from tests.bms.jk import ADDRESS


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "SCAN_S", 0.0)


def scanned(language: Language) -> str:
    settings = BmsSettings(_env_file=None, ble_backend=fake_bleak.__name__)
    return scan.scan(settings, Localizer(language, utc_now()))


def test_a_battery_in_range_is_a_line_in_the_users_language() -> None:
    assert scanned(Language.EN) == f"Pack at {ADDRESS}, -60 dBm"
    assert scanned(Language.UK) == f"Pack, адреса {ADDRESS}, -60 дБм"


def test_none_in_range_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fake_bleak.Scanner, "in_range", ())
    with pytest.raises(DeviceOfflineError) as raised:
        scanned(Language.UK)
    assert raised.value.reason == bms.NONE_IN_RANGE()
    assert render(raised.value.reason, Language.UK).startswith("Батарей JK не знайдено")
