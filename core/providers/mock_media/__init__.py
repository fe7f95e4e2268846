"""The mock of pictures: posters drawn on this machine, no network (R11)."""

from core.providers.mock_media.provider import MockMediaProvider

__all__ = ["MockMediaProvider"]
