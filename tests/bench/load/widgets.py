"""What a browser sends of the widgets on a page: their values, as it learned them."""

from collections.abc import Callable
from typing import Any

from streamlit.proto.Element_pb2 import Element
from streamlit.proto.WidgetStates_pb2 import WidgetState


def _text(widget: Any, state: WidgetState) -> None:
    state.string_value = widget.value if widget.set_value else widget.default


def _choice(widget: Any, state: WidgetState) -> None:
    if widget.set_value and widget.HasField("raw_value"):
        state.string_value = widget.raw_value
    elif widget.HasField("default"):
        state.string_value = widget.options[widget.default]


def _chosen(widget: Any, state: WidgetState) -> None:
    named = [
        f"{option.content_icon} {option.content}".strip()
        for option in (widget.options[index] for index in widget.default)
    ]
    state.string_array_value.data.extend(widget.raw_values if widget.set_value else named)


def _tick(widget: Any, state: WidgetState) -> None:
    state.bool_value = widget.value if widget.set_value else widget.default


_READ: dict[str, Callable[[Any, WidgetState], None]] = {
    "text_input": _text,
    "text_area": _text,
    "selectbox": _choice,
    "button_group": _chosen,
    "checkbox": _tick,
}


def id_of(element: Element) -> str:
    """The widget's id, empty for what is no widget."""
    kind = element.WhichOneof("type")
    return getattr(getattr(element, kind), "id", "") if kind else ""


def state_of(element: Element) -> WidgetState | None:
    """What the browser tells of a widget as it was drawn; None for what has no value."""
    kind = element.WhichOneof("type")
    if kind not in _READ:
        return None
    widget = getattr(element, kind)
    state = WidgetState(id=widget.id)
    _READ[kind](widget, state)
    return state


def is_set(element: Element) -> bool:
    """Whether the script, not the reader, says what the widget shows now."""
    kind = element.WhichOneof("type")
    return kind in _READ and getattr(element, kind).set_value
