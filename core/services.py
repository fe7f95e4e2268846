"""One set of services a process: built once, shared by pages and routes."""

import atexit
import logging
import threading
from dataclasses import dataclass, field
from functools import cached_property

from core.admin_door import AdminDoor
from core.catalog import Catalog, load_catalog
from core.catalog.presets import ImagePreset, load_presets
from core.chores import Chores
from core.data_care import DataCare, Places, finish_restore, left_open
from core.elsewhere import Elsewhere
from core.errors import ShuttingDown
from core.export import Exports
from core.gateway import Gateway
from core.image_plan import ImagePlanner
from core.metrics import Metrics, State
from core.monitor import DatabaseCheck, DiskCheck, HealthMonitor
from core.orphans import Orphans
from core.pictures import Kept, PictureFolder, check_upload
from core.plan import TextPlanner
from core.processes import Processes
from core.providers import build_media_providers, build_text_providers
from core.run import Run
from core.runner import Runner
from core.settings import Settings, load_settings
from core.store import (
    Database,
    ImageStore,
    OpinionStore,
    RecentRuns,
    RunList,
    RunStats,
    RunStore,
    UploadRecord,
)
from core.store.owners import RunOwners
from core.store.search_index import keep_indexed
from core.types import utc_now
from core.workflows import Bindings, Draft, Workflow, load_workflows, save_workflow

log = logging.getLogger("playground.services")


@dataclass
class Services:
    """Everything the pages and the routes work with."""

    settings: Settings
    catalog: Catalog
    presets: dict[str, ImagePreset]
    workflows: dict[str, Workflow]
    store: RunStore
    pictures: PictureFolder
    images: ImageStore
    runs: RunList
    stats: RunStats
    recent: RecentRuns
    opinions: OpinionStore
    gateway: Gateway
    admin: AdminDoor
    metrics: Metrics
    health: HealthMonitor
    care: DataCare
    processes: Processes
    _runner: Runner
    _orphans: Orphans
    _database: Database
    chores: Chores = field(default_factory=Chores)

    @cached_property
    def exports(self) -> Exports:
        """Runs to take away."""
        return Exports(
            catalog=self.catalog,
            store=self.store,
            runs=self.runs,
            opinions=self.opinions,
            pictures=self.pictures,
        )

    def keep_upload(self, data: bytes, *, name: str, user: str | None = None) -> Kept:
        """Check a picture from outside, keep it as a bare PNG and note who sent it.

        Blocks. Raises InvalidRequest, RequestTooLarge and StoreError.
        """
        upload = check_upload(data, name=name)
        kept = self.pictures.keep(upload.data)
        record = UploadRecord(
            sha256=kept.sha256,
            created_at=utc_now(),
            name=upload.name,
            width=kept.width,
            height=kept.height,
            bytes=kept.bytes,
            user=user,
        )
        self.images.add_upload(record).result()
        return kept

    def add_workflow(self, draft: Draft, *, name: str, bindings: Bindings) -> Workflow:
        """Save an imported workflow under `name`; it can be chosen at once.

        Raises InvalidRequest for a name that is taken or bindings that do not fit.
        """
        workflow = save_workflow(
            self.settings.workflows_path, draft, id=name, label=name, bindings=bindings
        )
        self.workflows[workflow.id] = workflow
        return workflow

    def check_ready(self) -> None:
        """Blocks. Raises StoreError unless the database can be read and its writer is at work."""
        self._database.check()

    def close(self) -> None:
        """End the runs under way as `interrupted`, keep their text, close the database."""
        self.health.close()
        self.care.close()
        self._orphans.close()
        self._runner.close()
        self._database.close()
        self.processes.close()


def build_services(settings: Settings) -> Services:
    """Services for `settings`; runs that dead processes left behind become `interrupted`, or are
    followed to their end.

    Raises CatalogError, StoreError or StoreTooNew.
    """
    catalog = load_catalog()
    presets = load_presets()
    if finish_restore(Places.of(settings)):
        log.warning("a restore that was killed at its very end is finished")
    workflows = _workflows(settings)
    providers = build_text_providers(settings, catalog)
    media = build_media_providers(settings)
    processes = Processes(settings.playground_data_dir / "processes")
    with processes.alone():
        abrupt = left_open(settings.database_path) and not processes.others()
        database = Database(settings.database_path)
    store = RunStore(database, processes.id)
    owners = RunOwners(database, processes.id)
    pictures = PictureFolder(settings.images_path)
    images = ImagePlanner(
        settings=settings,
        presets=presets,
        workflows=workflows,
        providers=media,
        pictures=pictures,
    )
    texts = TextPlanner(settings=settings, catalog=catalog, providers=providers)
    metrics = Metrics()
    runner = Runner(
        store,
        {("text", name): item for name, item in providers.items()}
        | {("image", name): item for name, item in media.items()},
        on_end=lambda run: _tell(run, metrics, health),
        asked_to_stop=owners.asked_to_stop,
    )
    orphans = Orphans(
        processes=processes, owners=owners, resumed=images.resumed, resume=runner.resume
    )
    gateway = Gateway(
        catalog=catalog,
        store=store,
        providers=providers,
        media=media,
        texts=texts,
        images=images,
        runner=runner,
        elsewhere=Elsewhere(store=store, owners=owners, orphans=orphans),
    )
    care = DataCare(settings, database)
    health = HealthMonitor(
        {f"text/{name}": item.health_check for name, item in providers.items()}
        | {f"image/{name}": item.health_check for name, item in media.items()}
        | {
            "database": DatabaseCheck(database, last_check=lambda: care.last_check),
            "disk": DiskCheck(settings.playground_data_dir),
        },
        on_loop=runner.call,
        interval_s=settings.health_interval,
    )
    metrics.watch(State(runner, health, settings.database_path))
    orphans.take(starting=True)
    orphans.watch()
    keep_indexed(database)
    if abrupt:
        care.check_behind()
    return Services(
        settings=settings,
        catalog=catalog,
        presets=presets,
        workflows=workflows,
        store=store,
        pictures=pictures,
        images=ImageStore(database),
        runs=RunList(database),
        stats=RunStats(database),
        recent=RecentRuns(database),
        opinions=OpinionStore(database),
        gateway=gateway,
        admin=AdminDoor(settings.playground_admin_password),
        metrics=metrics,
        health=health,
        care=care,
        processes=processes,
        _runner=runner,
        _orphans=orphans,
        _database=database,
    )


def _tell(run: Run, metrics: Metrics, health: HealthMonitor) -> None:
    """A run has ended: count it, and see to its provider where it says that something is wrong."""
    metrics.count(run)
    health.observe(run)


def _workflows(settings: Settings) -> dict[str, Workflow]:
    """Those shipped and those people added; a broken one of theirs is said and left out."""
    problems: list[str] = []
    workflows = load_workflows([settings.workflows_path], problems=problems)
    for problem in problems:
        log.warning("workflow left out", extra={"problem": problem})
    return workflows


_lock = threading.Lock()
_services: Services | None = None
_closed = False


def open_services() -> Services:
    """The process's services as the app starts, also where an app ended in it before.

    Raises SettingsError and what `build_services` raises.
    """
    global _closed
    with _lock:
        _closed = False
    return get_services()


def get_services() -> Services:
    """The process's services, built at the first call.

    Raises ShuttingDown once they were closed, SettingsError and what `build_services` raises.
    """
    global _services
    with _lock:
        if _closed:
            raise ShuttingDown("The playground is being shut down. Start it again, then go on.")
        if _services is None:
            _services = build_services(load_settings())
        return _services


def present_services() -> Services | None:
    """The process's services if they are there: builds nothing, waits for nothing."""
    return _services


def close_services() -> None:
    """Close the process's services, if there are any; from now on nobody gets them."""
    global _services, _closed
    with _lock:
        closing, _services, _closed = _services, None, True
    # Not under the lock: a page that asks meanwhile is refused instead of kept waiting.
    if closing is not None:
        closing.close()


atexit.register(close_services)
