"""Every provider, in two tables. A new one is one line here and one module beside it."""

from collections.abc import Callable, Mapping

from core.catalog import Catalog
from core.providers.base import LLMProvider, MediaProvider
from core.providers.comfyui import ComfyUIProvider
from core.providers.mock import MockProvider
from core.providers.mock_media import MockMediaProvider
from core.providers.ollama import OllamaProvider
from core.providers.openai import OpenAIProvider
from core.settings import Settings

TEXT_PROVIDERS: Mapping[str, Callable[[Settings, Catalog], LLMProvider]] = {
    "mock": MockProvider.from_settings,
    "ollama": OllamaProvider.from_settings,
    "openai": OpenAIProvider.from_settings,
}


MEDIA_PROVIDERS: Mapping[str, Callable[[Settings], MediaProvider]] = {
    "mock": MockMediaProvider.from_settings,
    "comfyui": ComfyUIProvider.from_settings,
}


def build_text_providers(settings: Settings, catalog: Catalog) -> dict[str, LLMProvider]:
    """One instance of each provider, by name. Nothing is connected yet."""
    return {name: build(settings, catalog) for name, build in TEXT_PROVIDERS.items()}


def build_media_providers(settings: Settings) -> dict[str, MediaProvider]:
    """One instance of each picture provider, by name. Nothing is connected yet."""
    return {name: build(settings) for name, build in MEDIA_PROVIDERS.items()}
