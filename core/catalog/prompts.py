"""From a task's templates and a payload to the messages that are sent.

A template sees:

- `role`: the persona's text (a value, never a template)
- `payload`: the form's fields by name; a field left empty is none
- `brief`: the filled fields as labelled lines
- `wants_json`: whether the answer is to be JSON
- `field(path)`: a contract field with its limits, "headline (헤드라인, 5~20자)"
- `example`: the example answer, as JSON or as labelled lines

Values are only ever inserted, never read as a template, whatever they contain.
"""

from collections.abc import Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any, Literal

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import SandboxedEnvironment
from pydantic import JsonValue

from core.catalog.models import Role, Task
from core.catalog.outline import describe_field, show_answer, show_brief
from core.types import Language, Message

Part = Literal["system", "user"]
PARTS: tuple[Part, ...] = ("system", "user")

_ENVIRONMENT = SandboxedEnvironment(
    undefined=StrictUndefined,
    autoescape=False,
    trim_blocks=True,
    lstrip_blocks=True,
)


class TaskPrompts:
    """The compiled templates of one task."""

    def __init__(self, task: Task) -> None:
        """Compile; raises jinja2.TemplateSyntaxError."""
        self._task = task
        self._templates = {
            (part, language): compile_template(task, part, language)
            for part in PARTS
            for language in Language
        }

    def render(
        self, role: Role, payload: Mapping[str, JsonValue], *, language: Language, wants_json: bool
    ) -> tuple[Message, ...]:
        """The messages; a part that renders to nothing is left out."""
        messages = []
        context = template_context(
            self._task, role, payload, language=language, wants_json=wants_json
        )
        for part in PARTS:
            content = self._templates[part, language].render(context).strip()
            if content:
                messages.append(Message(role=part, content=content))
        return tuple(messages)


def compile_template(task: Task, part: Part, language: Language) -> Template:
    """One template of `task`. Raises jinja2.TemplateSyntaxError."""
    source = task.system if part == "system" else task.user
    return _ENVIRONMENT.from_string(source.in_(language))


def template_context(
    task: Task,
    role: Role,
    payload: Mapping[str, JsonValue],
    *,
    language: Language,
    wants_json: bool,
) -> dict[str, Any]:
    """What a template sees, see this module's docstring."""
    fields = {field.name: payload.get(field.name) for field in task.fields}
    context: dict[str, Any] = {
        "role": role.system.in_(language).strip(),
        # A namespace, not a dict: in a template payload.copy must be the field, not dict.copy.
        "payload": SimpleNamespace(**fields),
        "brief": show_brief(task, payload, language=language),
        "wants_json": wants_json,
    }
    if task.contract is not None:
        shown = {"language": language, "wants_json": wants_json}
        context["field"] = partial(describe_field, task.contract, **shown)
        if task.example_answer is not None:
            answer = task.example_answer.in_(language)
            context["example"] = show_answer(task.contract, answer, **shown)
    return context
