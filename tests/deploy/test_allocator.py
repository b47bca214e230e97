"""The allocator's settings, which stand in the units and in the image."""

from deploy.units import ALLOCATOR, units
from tests.support.broker import ROOT


def test_the_image_has_the_allocator_of_the_units() -> None:
    image = (ROOT / "Dockerfile").read_text()
    services = [text for text in units().values() if "Type=notify" in text and "services." in text]
    assert services
    for name, value in ALLOCATOR.items():
        assert f"{name}={value}" in image
        assert all(f"{name}={value}" in text for text in services)
