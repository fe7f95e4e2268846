"""The mock: simulated answers for a laptop without a server (R13)."""

from core.providers.mock.provider import MockProvider

__all__ = ["MockProvider"]
