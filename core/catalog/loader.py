"""Reading the catalog from its files, with every fault named by file and place."""

from pathlib import Path

from core.catalog.audit import audit_task
from core.catalog.catalog import Catalog
from core.catalog.files import in_order, read_folder, refuse, toml_files
from core.catalog.models import Role, Task

SHIPPED = Path(__file__).parent


def load_catalog(directory: Path | None = None) -> Catalog:
    """The catalog in `directory` (default: the one shipped), from its `roles/` and `tasks/`.

    An entry's id is its file's name; entries are ordered by their key `order`, then by id.
    Raises CatalogError with all faults of all files, one a line.
    """
    directory = SHIPPED if directory is None else directory
    problems: list[str] = []
    roles = read_folder(directory / "roles", Role, problems)
    tasks = read_folder(directory / "tasks", Task, problems)
    role_ids = [path.stem for path in toml_files(directory / "roles")]
    for task, source in tasks:
        problems += [source.told(fault) for fault in audit_task(task, role_ids=role_ids)]
    refuse(f"The catalog in {directory} has", problems)
    return Catalog(roles=in_order(role for role, _ in roles), tasks=in_order(t for t, _ in tasks))
