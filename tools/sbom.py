"""Prints a software bill of materials (CycloneDX 1.5, JSON) of the Python and the Debian it runs in.

It is piped into the image (`docker run -i IMAGE python -`), so it lists what is installed, not what was requested, and
needs only the standard library.
"""

import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

DPKG = Path("/var/lib/dpkg/status")


def main() -> None:
    """Print the bill of materials; arguments: NAME VERSION."""
    name, version = sys.argv[1:]
    json.dump(bill(name, version, [*python_packages(), *debian_packages(DPKG)]), sys.stdout, indent=1)
    sys.stdout.write("\n")


def bill(name: str, version: str, components: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the whole document."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": name, "version": version}},
        "components": sorted(components, key=lambda one: str(one["purl"])),
    }


def python_packages() -> Iterator[dict[str, Any]]:
    """Yield installed Python packages."""
    for one in distributions():
        name = re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower()
        purl = f"pkg:pypi/{name}@{one.version}"
        license_expression = one.metadata.get_all("License-Expression")
        licenses = {"licenses": [{"expression": license_expression[0]}]} if license_expression else {}
        yield {"type": "library", "name": name, "version": one.version, "purl": purl, "bom-ref": purl} | licenses


def debian_packages(status: Path) -> Iterator[dict[str, Any]]:
    """Yield installed Debian packages; none on other systems."""
    for entry in status.read_text().split("\n\n") if status.exists() else ():
        fields = dict(re.findall(r"^(Package|Version|Architecture|Status): (.*)$", entry, re.MULTILINE))
        if fields.get("Status", "").endswith(" installed"):
            version = fields["Version"].replace("+", "%2B").replace(":", "%3A")
            purl = f"pkg:deb/debian/{fields['Package']}@{version}?arch={fields['Architecture']}"
            name, number = fields["Package"], fields["Version"]
            yield {"type": "library", "name": name, "version": number, "purl": purl, "bom-ref": purl}


if __name__ == "__main__":
    main()
