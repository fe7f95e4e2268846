"""From a picture request to a job: preset, route, workflow, source (DESIGN.md, point 2)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import uuid4

from pydantic import JsonValue

from core.catalog.presets import ImagePreset, Note
from core.errors import InvalidRequest, UnknownTask
from core.ids import new_id
from core.image_draft import ImageDraft
from core.lane import Job
from core.media import ImageRequest, MediaRequest, SourceImage
from core.pictures import PictureFolder
from core.providers.base import MediaProvider, ProviderProfile
from core.router import Route, route
from core.run import (
    ImageDetails,
    Run,
)
from core.settings import Settings
from core.types import (
    ImageOptions,
    Message,
    Mode,
    Tier,
    utc_now,
)
from core.workflows import SOURCE_PLACEHOLDER, Workflow

ROLE = "vision_generator"
LARGEST_SEED = 2**48
# Put into a graph where the provider fills in the first checkpoint that its server offers.
CHECKPOINT = "{{checkpoint}}"


@dataclass(frozen=True)
class ImagePreview:
    """Exactly what a request would send; `notes` say what was changed to fit."""

    mode: Mode
    provider: str
    model: str
    workflow: str | None
    options: ImageOptions
    graph: dict[str, JsonValue] | None
    notes: tuple[Note, ...]


class ImagePlanner:
    """Plans runs of kind image."""

    def __init__(
        self,
        *,
        settings: Settings,
        presets: Mapping[str, ImagePreset],
        workflows: Mapping[str, Workflow],
        providers: Mapping[str, MediaProvider],
        pictures: PictureFolder,
    ) -> None:
        self._settings = settings
        self._presets = presets
        self._workflows = workflows
        self._providers = providers
        self._pictures = pictures

    def preview(self, request: ImageRequest) -> ImagePreview:
        """What `request` would send. Raises InvalidRequest and its children."""
        return self._plan(request)[0]

    def job(self, request: ImageRequest, batch_id: str | None = None) -> Job:
        """The job for `request`, not yet submitted. Raises as `preview`, and NotFound."""
        plan, preset = self._plan(request)
        job_id = str(uuid4())
        meta: dict[str, Any] = {"job_id": job_id}
        if plan.graph is not None:
            meta |= {"workflow": plan.workflow, "graph": plan.graph}
        if plan.notes:
            # Not "notes": those are the provider's own, in `MediaCompleted.meta`.
            meta["adjusted"] = [{"code": note.code, **note.numbers} for note in plan.notes]
        run = Run(
            id=new_id(),
            created_at=utc_now(),
            kind="image",
            mode=plan.mode,
            provider=plan.provider,
            model=plan.model,
            role=ROLE,
            task=preset.id,
            language=request.language,
            batch_id=batch_id,
            parent_id=request.parent_id,
            source=request.source,
            user=request.user,
            request_id=request.request_id,
            payload=request.model_dump(
                mode="json", include={"prompt", "negative", "workflow", "source_sha256"}
            ),
            prompt=(Message(role="user", content=request.prompt),),
            image=ImageDetails(options=plan.options),
            meta=meta,
        )
        return self._job(run, resume=False)

    def resumed(self, run: Run) -> Job | None:
        """The job that follows a run a dead process had sent, None where that cannot be."""
        provider = self._providers.get(run.provider)
        if provider is None or not provider.can_resume or "job_id" not in run.meta:
            return None
        return self._job(run, resume=True)

    def _job(self, run: Run, *, resume: bool) -> Job:
        options = run.image.options if run.image else ImageOptions()
        request = MediaRequest(
            job_id=str(run.meta["job_id"]),
            task=run.task,
            model=run.model,
            prompt=str(run.payload["prompt"]),
            negative=str(run.payload.get("negative") or ""),
            options=options,
            graph=_graph(run),
            source=None if resume else self._source(run.payload.get("source_sha256")),
            resume=resume,
        )
        return Job(run, request, partial(ImageDraft, folder=self._pictures))

    def _plan(self, request: ImageRequest) -> tuple[ImagePreview, ImagePreset]:
        preset = self._preset(request.task)
        chosen = self._route(request)
        options, notes = preset.fit(request.options.over(preset.options))
        if options.seed is None:
            options = options.model_copy(update={"seed": secrets.randbelow(LARGEST_SEED)})
        if options.batch is None:
            options = options.model_copy(update={"batch": 1})
        workflow = None
        if self._providers[chosen.provider].supports_workflows:
            workflow = self._workflow(request, preset)
        graph = None
        if workflow is not None:
            graph = workflow.fill(
                prompt=request.prompt,
                negative=request.negative,
                options=options,
                checkpoint=chosen.model or (None if workflow.own_checkpoint else CHECKPOINT),
                source_name=SOURCE_PLACEHOLDER if request.source_sha256 else None,
            )
        preview = ImagePreview(
            mode=chosen.mode,
            provider=chosen.provider,
            model=chosen.model,
            workflow=workflow.id if workflow else None,
            options=options,
            graph=graph,
            notes=tuple(notes),
        )
        return preview, preset

    def _preset(self, task: str) -> ImagePreset:
        if task not in self._presets:
            known = list(self._presets)
            raise UnknownTask(
                f"There is no image preset {task!r}. Known: {', '.join(known)}.",
                details={"known": known},
            )
        return self._presets[task]

    def _workflow(self, request: ImageRequest, preset: ImagePreset) -> Workflow:
        usual = "img2img" if request.source_sha256 else preset.workflow
        name = request.workflow or usual
        if name not in self._workflows:
            known = list(self._workflows)
            raise InvalidRequest(
                f"There is no workflow {name!r}. Known: {', '.join(known)}.",
                details={"known": known},
            )
        return self._workflows[name]

    def _route(self, request: ImageRequest) -> Route:
        profiles = {name: _with_model(item.profile) for name, item in self._providers.items()}
        found = route(
            request,
            tier=Tier.STANDARD,
            profiles=profiles,
            default_mode=self._settings.generator_mode,
            live_provider=self._settings.image_live_provider,
        )
        return replace(found, model="") if found.model == CHECKPOINT else found

    def _source(self, sha256: JsonValue) -> SourceImage | None:
        return self._pictures.source(str(sha256)) if sha256 else None


def _with_model(profile: ProviderProfile) -> ProviderProfile:
    """`profile` with a model for every tier: a server's own first one where none is set."""
    return replace(profile, models={tier: profile.models.get(tier) or CHECKPOINT for tier in Tier})


def _graph(run: Run) -> dict[str, JsonValue] | None:
    graph = run.meta.get("graph")
    return graph if isinstance(graph, dict) else None
