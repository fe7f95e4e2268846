"""One set of services a process: built once, shared by pages and routes."""

import atexit
import threading
from dataclasses import dataclass

from core.catalog import Catalog, load_catalog
from core.gateway import Gateway
from core.providers import build_text_providers
from core.runner import Runner
from core.settings import Settings, load_settings
from core.store import Database, RunStore


@dataclass
class Services:
    """Everything the pages and the routes work with."""

    settings: Settings
    catalog: Catalog
    store: RunStore
    gateway: Gateway
    _runner: Runner
    _database: Database

    def close(self) -> None:
        """End the runs under way as `interrupted`, keep their text, close the database."""
        self._runner.close()
        self._database.close()


def build_services(settings: Settings) -> Services:
    """Services for `settings`; runs a dead process left behind become `interrupted`.

    Raises CatalogError, StoreError or StoreTooNew.
    """
    catalog = load_catalog()
    providers = build_text_providers(settings, catalog)
    database = Database(settings.database_path)
    store = RunStore(database)
    store.interrupt_open().result()
    runner = Runner(store, providers)
    gateway = Gateway(
        settings=settings, catalog=catalog, store=store, providers=providers, runner=runner
    )
    return Services(settings, catalog, store, gateway, runner, database)


_lock = threading.Lock()
_services: Services | None = None


def get_services() -> Services:
    """The process's services, built at the first call. Raises SettingsError and the above."""
    global _services
    with _lock:
        if _services is None:
            _services = build_services(load_settings())
        return _services


def close_services() -> None:
    """Close the process's services, if there are any."""
    global _services
    with _lock:
        if _services is not None:
            _services.close()
            _services = None


atexit.register(close_services)
