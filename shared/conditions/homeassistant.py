"""What the service for Home Assistant reports."""

from shared.conditions.condition import Severity, condition, simple

OFF = simple(
    "homeassistant.off",
    uk="Пристрої не показуються в Home Assistant: HOMEASSISTANT_DISCOVERY=false.",
    en="The devices are not shown in Home Assistant: HOMEASSISTANT_DISCOVERY=false.",
    severity=Severity.NOTICE,
)


@condition(
    "homeassistant.damaged_counters",
    uk="Файл лічильників енергії був пошкоджений і збережений як {aside}; лік триває від опублікованого останнім.",
    en="The file with the energy counters was damaged and is kept as {aside}; counting continues from what was "
    "published last.",
    severity=Severity.WARNING,
)
def damaged_counters(*, aside: str) -> None:
    """HOMEASSISTANT_ENERGY_FILE could not be read."""
