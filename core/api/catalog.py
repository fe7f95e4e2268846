"""`GET /v1/catalog` and `GET /v1/models`: what can be asked for, and of whom."""

from typing import TypeVar

from fastapi import APIRouter

from core import services
from core.api.schemas import (
    CatalogResponse,
    ModelListError,
    ModelsResponse,
    PresetInfo,
    ProviderModels,
    RoleInfo,
    TaskInfo,
    WorkflowInfo,
)

router = APIRouter(tags=["catalog"])

Shown = TypeVar("Shown", RoleInfo, TaskInfo, PresetInfo, WorkflowInfo)


@router.get("/catalog")
async def read_catalog() -> CatalogResponse:
    """Roles and tasks with the fields of their payloads and the contracts of their answers;
    presets and workflows for pictures."""
    known = services.get_services()
    return CatalogResponse(
        roles=tuple(_pick(RoleInfo, role) for role in known.catalog.roles.values()),
        tasks=tuple(_pick(TaskInfo, task) for task in known.catalog.tasks.values()),
        presets=tuple(_pick(PresetInfo, preset) for preset in known.presets.values()),
        workflows=tuple(_pick(WorkflowInfo, item) for item in known.workflows.values()),
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
    """`entry` without prompts and graphs, which are the playground's own business."""
    return shown(**{name: getattr(entry, name) for name in shown.model_fields})
