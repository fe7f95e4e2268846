"""`GET /v1/catalog` and `GET /v1/models`: what can be asked for, and of whom."""

from typing import TypeVar

from fastapi import APIRouter

from core import services
from core.api.schemas import (
    CatalogResponse,
    ModelListError,
    ModelsResponse,
    ProviderModels,
    RoleInfo,
    TaskInfo,
)

router = APIRouter(tags=["catalog"])

Shown = TypeVar("Shown", RoleInfo, TaskInfo)


@router.get("/catalog")
async def read_catalog() -> CatalogResponse:
    """Roles and tasks, the fields of each task's payload and the contract of its answer."""
    known = services.get_services().catalog
    return CatalogResponse(
        roles=tuple(_pick(RoleInfo, role) for role in known.roles.values()),
        tasks=tuple(_pick(TaskInfo, task) for task in known.tasks.values()),
    )


@router.get("/models")
async def read_models() -> ModelsResponse:
    """The models of every provider; one that cannot be asked says why in `error`."""
    lists = await services.get_services().gateway.amodels()
    return ModelsResponse(
        providers=tuple(
            ProviderModels(
                provider=offer.provider,
                mode=offer.mode,
                configured=offer.configured,
                models=offer.models,
                error=ModelListError.of(offer.error),
            )
            for offer in lists.values()
        )
    )


def _pick(shown: type[Shown], entry: object) -> Shown:
    """`entry` of the catalog without its prompts, which are the playground's own business."""
    return shown(**{name: getattr(entry, name) for name in shown.model_fields})
