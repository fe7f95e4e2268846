"""Roles and tasks as data: what each asks for, what is sent, what the answer must look like.

A role is a file in `roles/`, a task a file in `tasks/`; `load_catalog()` reads and checks them.
"""

from core.catalog.catalog import Catalog
from core.catalog.contract import Contract
from core.catalog.loader import load_catalog
from core.catalog.models import (
    Choice,
    ExampleAnswer,
    FieldExample,
    Localised,
    PayloadField,
    Role,
    Task,
)

__all__ = [
    "Catalog",
    "Choice",
    "Contract",
    "ExampleAnswer",
    "FieldExample",
    "Localised",
    "PayloadField",
    "Role",
    "Task",
    "load_catalog",
]
