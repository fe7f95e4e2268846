"""The catalog: every role and task by id, and what can be asked of them."""

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue, PrivateAttr

from core.catalog.models import Role, Task
from core.catalog.payload import check_payload
from core.catalog.prompts import TaskPrompts
from core.errors import UnknownRole, UnknownTask
from core.types import Frozen, GenerationOptions, Language, Message


class Catalog(Frozen):
    """Every role and task, by id, in the order in which people see them."""

    roles: dict[str, Role]
    tasks: dict[str, Task]
    _prompts: dict[str, TaskPrompts] = PrivateAttr(default_factory=dict)

    def model_post_init(self, context: object, /) -> None:
        """Compile every template. Raises jinja2.TemplateSyntaxError."""
        self._prompts.update({name: TaskPrompts(task) for name, task in self.tasks.items()})

    def role(self, role_id: str) -> Role:
        """The role. Raises UnknownRole with the known ones."""
        if role_id not in self.roles:
            known = list(self.roles)
            raise UnknownRole(
                f"There is no role {role_id!r}. Known: {', '.join(known)}.",
                details={"known": known},
            )
        return self.roles[role_id]

    def task(self, task_id: str) -> Task:
        """The task. Raises UnknownTask with the known ones."""
        if task_id not in self.tasks:
            known = list(self.tasks)
            raise UnknownTask(
                f"There is no task {task_id!r}. Known: {', '.join(known)}.",
                details={"known": known},
            )
        return self.tasks[task_id]

    def default_options(self, role: str, task: str) -> GenerationOptions:
        """The role's options under the task's: temperature from the one, length from the other.

        Raises UnknownRole or UnknownTask.
        """
        return self.task(task).options.over(self.role(role).options)

    def check_payload(self, task_id: str, payload: Mapping[str, Any]) -> dict[str, JsonValue]:
        """`payload` stripped, checked and in the form's order, without its empty fields.

        A list may also come as a text with one item a line. Raises UnknownTask, or
        InvalidPayload whose `details["fields"]` maps each wrong field to a sentence.
        """
        return check_payload(self.task(task_id), payload)

    def render(
        self,
        role_id: str,
        task_id: str,
        payload: Mapping[str, JsonValue],
        *,
        language: Language,
        wants_json: bool,
    ) -> tuple[Message, ...]:
        """The messages to send: system, then user. `payload` is a checked one.

        Any role goes with any task; `Task.roles` are those that are offered. Raises
        UnknownRole or UnknownTask.
        """
        role = self.role(role_id)
        self.task(task_id)
        prompts = self._prompts[task_id]
        return prompts.render(role, payload, language=language, wants_json=wants_json)
