"""How a page says that something went wrong: exceptions, red alerts and our own error cards."""

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.Delta_pb2 import Delta

STUMBLED = "This page stumbled."
DETAIL = "Technical detail"  # the fold of every error card, pages/_errors.py


def complaint_of(delta: Delta) -> str | None:
    """What an element says that should not be there, None for all others."""
    if delta.WhichOneof("type") == "add_block":
        is_card = delta.add_block.expandable.label == DETAIL
        return "an error card" if is_card else None
    element = delta.new_element
    match element.WhichOneof("type"):
        case "exception":
            return f"{element.exception.type}: {element.exception.message}"
        case "alert" if element.alert.format == Alert.ERROR:
            return f"alert: {element.alert.body}"
        case "text" if element.text.body == STUMBLED:
            return STUMBLED
    return None
