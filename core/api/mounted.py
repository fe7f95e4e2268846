"""Where the API stands among an app's routes."""

import re
from collections.abc import Sequence

from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp


class _WholeMount(Mount):
    """A mount that takes every path below its own.

    Starlette's lets one with a line break in it pass by, which the app then answers with a page.
    """

    def __init__(self, path: str, app: ASGIApp) -> None:
        super().__init__(path, app)
        self.path_regex = re.compile(self.path_regex.pattern, re.DOTALL)


def mounted(path: str, api: ASGIApp) -> Sequence[BaseRoute]:
    """The routes that lead to `api`: `path` itself, which no mount matches, and all below it."""
    return [Route(path, api), _WholeMount(path, api)]
