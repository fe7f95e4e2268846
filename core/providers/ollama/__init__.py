"""Ollama through its own API."""

from core.providers.ollama.provider import OllamaProvider

__all__ = ["OllamaProvider"]
