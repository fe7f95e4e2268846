"""The settings in force, each with where it comes from, fit to be shown: no secret is in them."""

from enum import Enum

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from core.addresses import masked
from core.setting_sources import Source
from core.settings import Settings
from core.types import Frozen


class EffectiveSetting(Frozen):
    """One setting. `name` is its variable's.

    `value` and `default` are as people write them, None where empty; the credentials of an
    address are masked. Of a secret only `is_set` is told. `deprecated_name` is the old name
    under which the value was given.
    """

    name: str
    value: str | None
    default: str | None
    is_set: bool
    is_secret: bool
    source: Source
    deprecated_name: str | None
    description: str

    @property
    def is_changed(self) -> bool:
        """Whether it differs from the default."""
        return self.is_set if self.is_secret else self.value != self.default


def effective(settings: Settings) -> list[EffectiveSetting]:
    """Every setting in the order of the README's table."""
    return [_effective(settings, *item) for item in Settings.model_fields.items()]


def _effective(settings: Settings, field: str, info: FieldInfo) -> EffectiveSetting:
    value, name, origin = getattr(settings, field), field.upper(), settings.origin(field)
    secret = isinstance(value, SecretStr)
    return EffectiveSetting(
        name=name,
        value=None if secret else _written(value),
        default=None if secret else _written(info.default),
        is_set=bool(value.get_secret_value()) if secret else _written(value) is not None,
        is_secret=secret,
        source=origin.source,
        deprecated_name=origin.variable if origin.variable != name else None,
        description=info.description or "",
    )


def _written(value: object) -> str | None:
    """`value` as it is written in `.env`; None of nothing."""
    if value is None or value == "":
        return None
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, float):
        return f"{value:g}"
    text = str(value)
    # A key may stand in the query of an address.
    return masked(text.partition("?")[0]) if "://" in text else text
