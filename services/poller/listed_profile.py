"""A profile as its owner lists it, pure."""

from pydantic import BaseModel, ConfigDict, Field, field_validator

from shared.messages import ProfileName, SettingValue


class ListedProfile(BaseModel):
    """One entry: its name, and the values of settings by their names in `inverter/<name>/settings`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ProfileName
    settings: dict[str, SettingValue] = Field(min_length=1)

    @field_validator("name", mode="before")
    @classmethod
    def _number_to_text(cls, name: object) -> object:
        """YAML reads a name of digits as a number."""
        return str(name) if isinstance(name, int) and not isinstance(name, bool) else name
