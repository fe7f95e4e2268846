"""`POST /v1/llm/generate`: a brief in, copy out, whole or streamed (R12)."""

from fastapi import APIRouter
from starlette.responses import Response

from core.api.generate import GENERATE_RESPONSES, Streamed, generate
from core.api.schemas import GenerateRequest, GenerateResponse

router = APIRouter(prefix="/llm", tags=["text"])


@router.post("/generate", response_model=GenerateResponse, responses=GENERATE_RESPONSES)
async def generate_text(body: GenerateRequest, stream: Streamed = False) -> Response:
    """Write copy for a task. The run is recorded and goes on even if the caller goes away.

    An answer that breaks its task's contract is still 200: `meta.contract.valid` is false.
    """
    return await generate(body.to_text_request(), stream=stream)
