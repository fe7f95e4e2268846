"""The layers of the house, read from the imports of its files."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Top to bottom: a file imports from its own layer or from those above it, never from below.
LAYERS: tuple[tuple[str, ...], ...] = (
    (
        "core.errors",
        "core.types",
        "core.media",
        "core.localised",
        "core.finding",
        "core.run",
        "core.listing",
        "core.figures",
        "core.opinion",
        "core.health",
        "core.addresses",
        "core.aside",
        "core.ids",
    ),
    (
        *("core.settings", "core.setting_sources", "core.effective_settings"),
        *("core.admin_door", "core.chores"),
        *("core.catalog", "core.checks", "core.workflows"),
        *("core.compare", "core.judgement"),
    ),
    ("core.providers", "core.store", "core.pictures", "core.router", "core.processes"),
    (
        *("core.answer", "core.draft", "core.text_draft", "core.image_draft"),
        *("core.feed", "core.lane", "core.loop", "core.endings", "core.saving", "core.stops"),
        *("core.runner", "core.orphans", "core.elsewhere"),
    ),
    ("core.plan", "core.image_plan"),
    ("core.offers", "core.model_memory", "core.probe"),
    ("core.gateway", "core.export", "core.monitor", "core.data_care", "core.metrics", "core.logs"),
    ("core.services", "core.recheck", "core.care", "core.care_words"),
    ("core.api", "core.client", "core.server"),
    ("pages",),
    ("app",),
)
# Who alone may use what comes from outside.
HOMES = {
    "httpx": ("core.providers", "core.client"),
    "sqlite_utils": ("core.store",),
    "sqlite3": ("core.store",),
    "PIL": ("core.pictures", "core.providers"),
    "websockets": ("core.providers",),
    "prometheus_client": ("core.metrics",),
    "structlog": ("core.logs",),
    "streamlit": ("pages", "app"),
}
MODEL_NAME = re.compile(
    r"\b(qwen|llama-?\d|gpt-|gemma|mi[sx]tral|exaone|deepseek|claude|phi-?\d)", re.IGNORECASE
)


def source_files() -> dict[str, Path]:
    """Every module of the product by its dotted name."""
    paths = [ROOT / "app.py", *(ROOT / "core").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    return {dotted_name(path): path for path in paths}


def dotted_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = source_files()
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def imports_of(tree: ast.AST) -> Iterator[str]:
    """Dotted names that a file imports: `from a import b` gives a.b, for b may be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def belongs(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def layer_of(module: str) -> int | None:
    """The layer's number; the package `core` itself and what is not ours have none."""
    for number, packages in enumerate(LAYERS):
        if any(belongs(module, package) for package in packages):
            return number
    return None


def upward_imports(module: str, tree: ast.AST) -> list[str]:
    own = layer_of(module)
    assert own is not None, f"{module} has no place in LAYERS: give it one"
    return [name for name in imports_of(tree) if (layer_of(name) or 0) > own]


def foreign_imports(module: str, tree: ast.AST) -> list[str]:
    """Outside packages that `module` imports although their home is elsewhere."""
    return [
        name
        for name in imports_of(tree)
        for package, homes in HOMES.items()
        if belongs(name, package) and not any(belongs(module, home) for home in homes)
    ]


def imports_in_functions(tree: ast.AST) -> list[int]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        inner.lineno
        for node in ast.walk(tree)
        if isinstance(node, functions)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]


def environment_reads(tree: ast.AST) -> list[int]:
    names = {"environ", "environb", "getenv", "getenvb", "putenv"}
    return [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in names)
        or (isinstance(node, ast.ImportFrom) and names & {alias.name for alias in node.names})
    ]


def model_names(tree: ast.AST) -> list[str]:
    """Strings with a model's name in them; what stands there by itself is documentation."""
    remarks = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in remarks
        and MODEL_NAME.search(node.value)
    ]


PRODUCT = sorted(set(MODULES) - {"core"})


@pytest.mark.parametrize("module", PRODUCT)
def test_a_file_imports_only_from_its_own_layer_and_those_above(module: str) -> None:
    assert upward_imports(module, TREES[module]) == []


@pytest.mark.parametrize("module", PRODUCT)
def test_outside_packages_stay_in_their_homes(module: str) -> None:
    assert foreign_imports(module, TREES[module]) == []


@pytest.mark.parametrize("module", PRODUCT)
def test_imports_stand_at_the_top(module: str) -> None:
    assert imports_in_functions(TREES[module]) == []


@pytest.mark.parametrize("module", sorted(set(PRODUCT) - {"core.settings"}))
def test_only_the_settings_read_the_environment(module: str) -> None:
    assert environment_reads(TREES[module]) == []


@pytest.mark.parametrize("module", sorted(set(PRODUCT) - {"core.settings"}))
def test_no_model_is_named_in_code(module: str) -> None:
    assert model_names(TREES[module]) == []


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    def ours(module: str) -> set[str]:
        named = set(imports_of(TREES[module]))
        targets = {name if name in MODULES else name.rpartition(".")[0] for name in named}
        return targets & set(MODULES) - {module}

    order = TopologicalSorter({module: ours(module) for module in MODULES}).static_order()

    assert set(order) == set(MODULES)


def test_the_product_is_there_to_be_read() -> None:
    assert {"app", "core.gateway", "core.providers.base", "core.api", "pages.main"} <= set(MODULES)


def test_the_rules_notice_a_file_that_breaks_them() -> None:
    tree = ast.parse(
        "import httpx\n"
        "from core import gateway\n"
        "import os\n"
        "def f():\n"
        "    import json\n"
        "    return os.environ['X'], 'qwen2.5:14b'\n"
    )

    assert upward_imports("core.store.runs", tree) == ["core.gateway"]
    assert foreign_imports("core.store.runs", tree) == ["httpx"]
    assert imports_in_functions(tree) == [5]
    assert environment_reads(tree) == [6]
    assert model_names(tree) == ["qwen2.5:14b"]
