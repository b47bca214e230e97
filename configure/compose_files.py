"""COMPOSE_FILE: the further Compose files that connections need which a container does not have."""

from collections.abc import Collection

COMPOSE = "docker-compose.yml"


def compose_files(before: str, overlay: str, family: Collection[str]) -> dict[str, str]:
    """Return the setting with one overlay of a family, or none where `overlay` is empty; other files in it stay."""
    files = [file for file in before.split(":") if file and file not in family] or [COMPOSE]
    wanted = ":".join([*files, overlay] if overlay else files)
    return {"COMPOSE_FILE": wanted} if before or wanted != COMPOSE else {}
