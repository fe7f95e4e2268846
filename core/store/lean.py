"""sqlite-utils without pandas: it would load it, where it is installed, only to know its types.

That costs the start of the app most of a second and every process 100 MB.
"""

import importlib
import sys
from types import ModuleType
from typing import cast


def _load() -> ModuleType:
    hidden = {"pandas", "numpy"} - sys.modules.keys()
    modules = cast("dict[str, ModuleType | None]", sys.modules)
    modules.update(dict.fromkeys(hidden))  # None: cannot be imported
    try:
        return importlib.import_module("sqlite_utils")
    finally:
        for name in hidden:
            del modules[name]


sqlite_utils = _load()
