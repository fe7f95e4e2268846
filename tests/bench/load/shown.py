"""What is on a page, as a browser keeps it: the elements by place, the widgets' values."""

from dataclasses import dataclass

from streamlit.proto.Element_pb2 import Element
from streamlit.proto.WidgetStates_pb2 import WidgetState

from tests.bench.load.widgets import id_of, is_set, state_of


@dataclass
class _Drawn:
    """An element, and by which run of which script or fragment it was drawn."""

    element: Element
    run: int
    fragment: str
    script: str


class Shown:
    """The elements that a page shows now, and what its widgets hold."""

    def __init__(self) -> None:
        self.states: dict[str, WidgetState] = {}
        self._drawn: dict[tuple[int, ...], _Drawn] = {}

    def draw(
        self, element: Element, place: tuple[int, ...], *, run: int, fragment: str, script: str
    ) -> None:
        """Put an element where it belongs, over what stood there."""
        self._drawn[place] = _Drawn(element, run, fragment, script)
        widget = id_of(element)
        if widget and (widget not in self.states or is_set(element)):
            state = state_of(element)
            if state is not None:
                self.states[widget] = state

    def forget_stale(self, run: int, ran: set[str]) -> None:
        """Take away what `run`, of the whole script or of the fragments `ran`, did not draw."""
        self._drawn = {
            place: one
            for place, one in self._drawn.items()
            if one.run == run or (ran and one.fragment not in ran)
        }
        self._keep_states({id_of(one.element) for one in self._drawn.values()})

    def leave_page(self, script: str) -> None:
        """Forget the values of all widgets but those that `script`, the frame of pages, drew."""
        common = {id_of(one.element) for one in self._drawn.values() if one.script == script}
        self._keep_states(common)

    def has(self, key: str) -> bool:
        """Whether there is a widget whose key begins like this."""
        return any(f"-{key}" in id_of(one.element) for one in self._drawn.values())

    def element(self, key: str) -> Element | None:
        """The widget with this key, the one drawn last of several."""
        found = [one for one in self._drawn.values() if id_of(one.element).endswith(f"-{key}")]
        return max(found, key=lambda one: one.run).element if found else None

    def _keep_states(self, widgets: set[str]) -> None:
        self.states = {name: self.states[name] for name in self.states if name in widgets}
