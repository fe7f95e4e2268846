"""`PlaygroundClient`: the REST face of a running playground, for scripts and tests (R18).

A playground is asked like this, with the choices of `/v1/llm/generate` as keywords, and for
pictures with those of `/v1/media/generate`:
`PlaygroundClient().generate("copywriter", "sns", {"product_name": "…"}, model="…").output`
`PlaygroundClient().make("product_image", "…", options={"batch": 4}).outputs[0].sha256`.
What is wrong with an answer from anywhere says
`PlaygroundClient().check("copywriter", "sns", {"product_name": "…"}, {"caption": "…"}).scores`.
"""

from core.client.choices import Choices, Filter, PictureChoices
from core.client.client import DEFAULT_URL, PlaygroundClient
from core.client.shapes import Answer, Pictures, StreamEvent
from core.client.wire import PlaygroundApiError

__all__ = [
    "DEFAULT_URL",
    "Answer",
    "Choices",
    "Filter",
    "PictureChoices",
    "Pictures",
    "PlaygroundApiError",
    "PlaygroundClient",
    "StreamEvent",
]
