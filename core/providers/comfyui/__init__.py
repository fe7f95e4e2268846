"""ComfyUI through its HTTP API and its websocket."""

from core.providers.comfyui.pace import Pace
from core.providers.comfyui.provider import ComfyUIProvider

__all__ = ["ComfyUIProvider", "Pace"]
