"""The list of profiles in INVERTER_PROFILES_FILE: named sets of settings; it is edited by hand."""

from pathlib import Path

from services.poller.listed_profile import ListedProfile
from shared.list_file import ListFile
from shared.yaml_text import Row


def profile_list(file: Path) -> ListFile[ListedProfile]:
    """Return the list in a file."""
    return ListFile(
        setting="INVERTER_PROFILES_FILE",
        path=file,
        key="profiles",
        entry=ListedProfile,
        row=_row,
        unique={"name": lambda profile: profile.name.strip().casefold()},
    )


def _row(profile: ListedProfile) -> Row:
    return profile.model_dump(mode="json")
