"""Every setting, once: name, default, help. Nothing else reads the environment.

A setting comes from the process's environment, else from `.env` in the working folder, else
from its default. `SETTINGS_TABLE` in the README is compared with this file by a test.
"""

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PrivateAttr, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from core.addresses import masked
from core.errors import SettingsError
from core.setting_sources import Origin, Source, read
from core.types import Mode, Tier

LEGACY_NAMES = {
    "OLLAMA_ENDPOINT": "OLLAMA_BASE_URL",
    "COMFYUI_ENDPOINT": "COMFYUI_BASE_URL",
}


class LegacySettingWarning(DeprecationWarning):
    """An old name of a setting is in use; the message names the new one."""


def _http_address(value: str) -> str:
    """`value` as an address to put paths behind: http or https, a host, no trailing slash."""
    if value == "":
        return value
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address such as http://127.0.0.1:11434")
    _ = parts.port  # raises ValueError for a port that is no number
    return value.rstrip("/")


Address = Annotated[str, AfterValidator(_http_address)]


class Settings(BaseSettings):
    """The playground's settings; the field's name in capitals is the variable's name."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", case_sensitive=False, protected_namespaces=()
    )
    _origins: dict[str, Origin] = PrivateAttr(default_factory=dict)

    generator_mode: Mode = Field(
        Mode.MOCK, description="`mock` or `live`: how a run is made that does not say it itself."
    )
    llm_live_provider: str = Field(
        "ollama", description="The text provider of a live run that does not name one."
    )
    ollama_base_url: Address = Field("http://127.0.0.1:11434", description="Where Ollama answers.")
    ollama_timeout: float = Field(
        120, gt=0, le=3600, description="Longest silence of Ollama, in seconds, before a run fails."
    )
    ollama_default_model: str = Field(
        "qwen2.5:14b", min_length=1, description="Ollama's model where no tier names another."
    )
    ollama_num_ctx: int | None = Field(
        None,
        ge=256,
        le=1_048_576,
        description="Context length asked of Ollama; the same for every run, because a change "
        "reloads the model. Empty: the server's own.",
    )
    ollama_keep_alive: str = Field(
        "",
        pattern=r"^(-?\d+|(-?\d+(\.\d+)?(ns|us|ms|s|m|h))+)?$",
        description="How long Ollama keeps a model loaded (`5m`, `1h`, seconds, `-1` for ever). "
        "Empty: the server's own.",
    )
    ollama_api_key: SecretStr = Field(
        SecretStr(""), description="Bearer token, for an Ollama behind a proxy that wants one."
    )
    ollama_concurrency: int = Field(
        1, ge=1, le=64, description="Runs sent to Ollama at once; the others wait in line."
    )
    llm_model_light: str = Field(
        "", description="Model for light tasks (sns, review). Empty: the provider's default model."
    )
    llm_model_standard: str = Field(
        "", description="Model for standard tasks (product_detail, free). Empty: as above."
    )
    llm_model_heavy: str = Field(
        "", description="Model for heavy tasks (brand_kit, campaign). Empty: as above."
    )
    openai_base_url: Address = Field(
        "",
        description="An OpenAI-compatible server, with its `/v1` (vLLM, llama.cpp, LM Studio, a "
        "LiteLLM proxy …). Empty: not used.",
    )
    openai_api_key: SecretStr = Field(
        SecretStr(""), description="That server's key, if it wants one."
    )
    openai_default_model: str = Field("", description="That server's model where none is chosen.")
    openai_timeout: float = Field(
        120, gt=0, le=3600, description="Longest silence of that server, in seconds."
    )
    openai_concurrency: int = Field(
        4, ge=1, le=256, description="Runs sent to that server at once; the others wait in line."
    )
    mock_tokens_per_second: float = Field(
        45, ge=0, le=100_000, description="How fast the mock writes; 0 writes at once."
    )
    mock_concurrency: int = Field(16, ge=1, le=256, description="Mock runs at once.")
    comfyui_base_url: Address = Field("http://127.0.0.1:8188", description="Where ComfyUI answers.")
    comfyui_timeout: float = Field(
        300,
        gt=0,
        le=3600,
        description="Longest silence of ComfyUI without progress, in seconds, before a run fails.",
    )
    comfyui_default_checkpoint: str = Field(
        "", description="Checkpoint where none is chosen. Empty: the first that ComfyUI offers."
    )
    comfyui_concurrency: int = Field(
        4, ge=1, le=64, description="Runs handed to ComfyUI at once; it has a queue of its own."
    )
    image_live_provider: str = Field(
        "comfyui", description="The picture provider of a live run that does not name one."
    )
    playground_data_dir: Path = Field(
        Path("data"), description="Folder of `playground.db` and the pictures."
    )
    playground_backup_dir: Path | None = Field(
        None,
        description="Folder of backups; best on another disk. Empty: `backups` in the data folder.",
    )
    playground_admin_password: SecretStr = Field(
        SecretStr(""),
        description="Opens the administrator's tools on Health. Empty: they are open on this "
        "machine only.",
    )
    playground_log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="What the log tells: `debug`, `info`, `warning` or `error`."
    )
    playground_log_format: Literal["text", "json"] = Field(
        "text", description="The log's lines: `text` for people, `json` for collectors."
    )
    health_interval: float = Field(
        30, ge=5, le=3600, description="Seconds between two checks of each server's health."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load_settings` hands over: it reads environment and file with old names."""
        return (init_settings,)

    def origin(self, field: str) -> Origin:
        """Where the value of `field` comes from."""
        return self._origins.get(field, Origin(Source.DEFAULT, field.upper()))

    def tier_models(self, default: str) -> dict[Tier, str]:
        """The model of each tier for the live provider, `default` where none is set."""
        return {
            Tier.LIGHT: self.llm_model_light or default,
            Tier.STANDARD: self.llm_model_standard or default,
            Tier.HEAVY: self.llm_model_heavy or default,
        }

    @property
    def database_path(self) -> Path:
        """The SQLite file of runs."""
        return self.playground_data_dir / "playground.db"

    @property
    def backups_path(self) -> Path:
        """The folder of backups."""
        return self.playground_backup_dir or self.playground_data_dir / "backups"

    @property
    def images_path(self) -> Path:
        """The folder of pictures."""
        return self.playground_data_dir / "images"

    @property
    def workflows_path(self) -> Path:
        """The folder of workflows that people have added."""
        return self.playground_data_dir / "workflows"


def load_settings(
    environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")
) -> Settings:
    """Read the settings from `environ` (default: the process's) over `env_file`.

    Raises SettingsError with one readable sentence a wrong setting; no value of a secret is
    in it. Warns with LegacySettingWarning for each deprecated name that is used.
    """
    found = read(os.environ if environ is None else environ, env_file)
    for old, new in LEGACY_NAMES.items():
        legacy = found.pop(old, None)
        if legacy is not None and new not in found:
            warnings.warn(
                f"{old} is deprecated, use {new} instead.", LegacySettingWarning, stacklevel=2
            )
            found[new] = legacy
    given = {name: found[name.upper()] for name in Settings.model_fields if name.upper() in found}
    try:
        settings = Settings.model_validate({name: item.value for name, item in given.items()})
    except ValidationError as error:
        problems = [_sentence(item) for item in error.errors(include_url=False)]
        raise SettingsError("\n".join(problems), details={"problems": problems}) from None
    settings._origins.update({name: item.origin for name, item in given.items()})
    return settings


def _sentence(error: ErrorDetails) -> str:
    """One readable sentence for one wrong setting, without the value of a secret."""
    name = str(error["loc"][0])
    field = Settings.model_fields[name]
    what = str(error["msg"]).removeprefix("Value error, ")
    what = what[0].lower() + what[1:]
    value = masked(str(error["input"]))
    shown = "" if field.annotation is SecretStr else f" (now {value!r})"
    return f"{name.upper()}{shown}: {what}. Change it in .env or in the environment."
