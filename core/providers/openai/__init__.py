"""Any OpenAI-compatible server."""

from core.providers.openai.provider import OpenAIProvider

__all__ = ["OpenAIProvider"]
