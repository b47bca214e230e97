"""Every region of Ukraine and who publishes its outages: addresses, group names, licences, signs of life. Pure data.

The table of docs/schedule.md is generated from it. A mirror whose author states no licence is named to the user and
used only where the user agrees (SCHEDULE_UNLICENSED).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

Provider = Literal["be_svitlo", "gpv_json", "yasno"]

BE_SVITLO = "https://be-svitlo.oe.if.ua"
YASNO = "https://app.yasno.ua"
YASNO_PATH = "/api/blackout-service/public/shutdowns/regions/{region}/dsos/{dso}/planned-outages"


class Sureness(StrEnum):
    """How sure it is that a region's sources are right and will last the winter."""

    HIGH = "high"
    FAIR = "fair"
    UNPROVEN = "unproven"
    NONE = "none"


@dataclass(frozen=True)
class Origin:
    """One source of a region, in the order in which they are asked.

    group is how it names a queue, region_id the region in its files, where that is known. is_free is false of a mirror
    whose author states no licence. seen is when it was last updated in public.
    """

    name: str
    provider: Provider
    url: str
    seen: date
    group: str = "{queue}"
    is_free: bool = True
    region_id: str | None = None


@dataclass(frozen=True)
class Region:
    """A region, or the part of it that one grid operator serves."""

    slug: str
    uk: str
    en: str
    sureness: Sureness
    origins: tuple[Origin, ...] = ()


def _yasno(region: int, dso: int) -> Origin:
    return Origin("yasno", "yasno", YASNO + YASNO_PATH.format(region=region, dso=dso), date(2026, 8, 18))


def _dtek(file: str, group: str = "{queue}") -> Origin:
    url = f"https://raw.githubusercontent.com/Baskerville42/outage-data-ua/main/data/{file}.json"
    return Origin("outage-data-ua", "gpv_json", url, date(2026, 8, 21), group, region_id=file)


def _oe(file: str) -> Origin:
    url = f"https://raw.githubusercontent.com/yaroslav2901/OE_OUTAGE_DATA/main/data/{file}.json"
    return Origin("OE_OUTAGE_DATA", "gpv_json", url, date(2026, 2, 6), is_free=False)


def _koly(slug: str) -> Origin:
    url = f"https://koly-svitlo.web.app/v1/{slug}.json"
    return Origin("koly-svitlo", "gpv_json", url, date(2026, 10, 1), is_free=False, region_id=slug)


def _vinnytsia(owner: str) -> Origin:
    url = f"https://raw.githubusercontent.com/{owner}/gpv-voe-vinnytsia/main/data/Vinnytsiaoblenerho.json"
    return Origin(owner, "gpv_json", url, date(2025, 12, 8), is_free=False)


def _by_mirrors(slug: str, uk: str, en: str, *origins: Origin) -> Region:
    return Region(slug, f"{uk} область", f"{en} region", Sureness.UNPROVEN, origins)


def _nobody(slug: str, uk: str, en: str) -> Region:
    return Region(slug, uk, en, Sureness.NONE)


_BE_SVITLO = Origin("be_svitlo", "be_svitlo", BE_SVITLO, date(2026, 10, 1))
_IVANO_FRANKIVSK = (_BE_SVITLO, _oe("Prykarpattiaoblenerho"), _koly("ivano-frankivsk"))

REGIONS = (
    Region("ivano-frankivsk", "Івано-Франківська область", "Ivano-Frankivsk region", Sureness.HIGH, _IVANO_FRANKIVSK),
    Region("kyiv", "Київ", "Kyiv", Sureness.HIGH, (_yasno(25, 902), _dtek("kyiv"), _koly("kyiv"))),
    Region(
        "kyiv-region", "Київська область", "Kyiv region", Sureness.FAIR, (_dtek("kyiv-region"), _koly("kyiv-region"))
    ),
    Region("dnipro-dnem", "Дніпро, ДнЕМ", "Dnipro, DnEM", Sureness.HIGH, (_yasno(3, 301), _dtek("dnipro"))),
    Region(
        "dnipro-cek", "Дніпро, ЦЕК", "Dnipro, TsEK", Sureness.FAIR, (_yasno(3, 303), _dtek("dnipro", "GPV100{queue}"))
    ),
    Region("odesa", "Одеса та область", "Odesa and its region", Sureness.FAIR, (_dtek("odesa"), _koly("odesa"))),
    _by_mirrors("lviv", "Львівська", "Lviv", _oe("Lvivoblenerho"), _koly("lviv")),
    _by_mirrors("ternopil", "Тернопільська", "Ternopil", _oe("Ternopiloblenerho"), _koly("ternopil")),
    _by_mirrors("khmelnytskyi", "Хмельницька", "Khmelnytskyi", _oe("Khmelnytskoblenerho"), _koly("khmelnytskyi")),
    _by_mirrors("zakarpattia", "Закарпатська", "Zakarpattia", _oe("Zakarpattiaoblenerho"), _koly("zakarpattia")),
    _by_mirrors("chernihiv", "Чернігівська", "Chernihiv", _oe("Chernihivoblenergo"), _koly("chernihiv")),
    _by_mirrors("zaporizhzhia", "Запорізька", "Zaporizhzhia", _oe("Zaporizhzhiaoblenergo"), _koly("zaporizhzhia")),
    _by_mirrors("zhytomyr", "Житомирська", "Zhytomyr", _oe("Zhytomyroblenergo"), _koly("zhytomyr")),
    _by_mirrors("poltava", "Полтавська", "Poltava", _oe("Poltavaoblenergo"), _koly("poltava")),
    _by_mirrors("rivne", "Рівненська", "Rivne", _oe("Rivneoblenergo"), _koly("rivne")),
    _by_mirrors("cherkasy", "Черкаська", "Cherkasy", _oe("Cherkasyoblenergo"), _koly("cherkasy")),
    _by_mirrors("kharkiv", "Харківська", "Kharkiv", _oe("Kharkivoblenerho"), _koly("kharkiv")),
    _by_mirrors(
        "vinnytsia", "Вінницька", "Vinnytsia", _vinnytsia("olnet93"), _vinnytsia("vn-progr"), _koly("vinnytsia")
    ),
    _by_mirrors("volyn", "Волинська", "Volyn", _koly("volyn")),
    _by_mirrors("mykolaiv", "Миколаївська", "Mykolaiv", _koly("mykolaiv")),
    _by_mirrors("kirovohrad", "Кіровоградська", "Kirovohrad", _koly("kirovohrad")),
    _by_mirrors("sumy", "Сумська", "Sumy", _koly("sumy")),
    _by_mirrors("chernivtsi", "Чернівецька", "Chernivtsi", _koly("chernivtsi")),
    _nobody("kherson", "Херсонська область", "Kherson region"),
    _nobody("donetsk", "Донецька область", "Donetsk region"),
    _nobody("luhansk", "Луганська область", "Luhansk region"),
    _nobody("crimea", "Крим", "Crimea"),
)


def region(slug: str) -> Region | None:
    """Return a region by its slug."""
    return next((one for one in REGIONS if one.slug == slug), None)


def region_of(asked: Iterable[tuple[str, str]]) -> Region | None:
    """Return the one region that all of these sources, by URL and group, belong to for the queue {queue}."""
    wanted = set(asked)
    fitting = (one for one in REGIONS if wanted <= {(origin.url, origin.group) for origin in one.origins})
    return next(fitting, None) if wanted else None
