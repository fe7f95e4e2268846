"""The one-line test of a provider: an ordinary run, recorded as any other, but small."""

from core.errors import InvalidRequest
from core.media import ImageRequest
from core.types import GenerationOptions, ImageOptions, Language, TextRequest

QUESTION = "Which colours does a rainbow have? Answer in one short sentence."
PICTURE = "a white cup on a wooden table, morning light"
# Enough for a sentence; a model that thinks first may need all of it for that.
MOST_TOKENS = 64
SIDE = 256
STEPS = 4


def probe_request(component: str) -> TextRequest | ImageRequest:
    """What to submit to see "text/ollama", "image/comfyui" … at work, with its usual model.

    Raises InvalidRequest for components that make no runs.
    """
    kind, _, provider = component.partition("/")
    if kind == "text" and provider:
        return TextRequest(
            role="copywriter",
            task="free",
            payload={"prompt": QUESTION},
            language=Language.ENGLISH,
            provider=provider,
            format="text",
            options=GenerationOptions(temperature=0, max_tokens=MOST_TOKENS),
            source="page",
        )
    if kind == "image" and provider:
        return ImageRequest(
            task="free",
            prompt=PICTURE,
            language=Language.ENGLISH,
            provider=provider,
            options=ImageOptions(width=SIDE, height=SIDE, steps=STEPS, batch=1),
            source="page",
        )
    raise InvalidRequest(
        f"There is no test run for {component!r}: only providers make runs.",
        details={"component": component},
    )
