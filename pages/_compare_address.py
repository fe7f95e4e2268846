"""The address of a comparison: `?compare=id,id`, `&ref=id` the reference, `&only=diff`."""

from collections.abc import Sequence

import streamlit as st

from pages._history_address import change_address

MOST = 6
LETTERS = "ABCDEF"  # the columns, in order


def reference_of(ids: Sequence[str]) -> int:
    """The place of the reference among `ids`: as the address says, else the first."""
    asked = st.query_params.get("ref")
    return ids.index(asked) if asked in ids else 0


def is_only_differences() -> bool:
    """Whether the address asks for nothing but what differs."""
    return st.query_params.get("only") == "diff"


def set_reference(run_id: str) -> None:
    """Compare the others with this run from now on; for a callback."""
    change_address(ref=run_id)


def set_only(wanted: bool) -> None:
    """Show only what differs, or everything; for a callback."""
    change_address(only="diff" if wanted else None)


def set_compared(ids: Sequence[str]) -> None:
    """Compare these runs from now on; for a callback."""
    asked = st.query_params.get("ref")
    change_address(compare=",".join(ids), ref=asked if asked in ids else None)


def compare_address(ids: Sequence[str]) -> dict[str, str]:
    """What stands in the address of History to compare these runs."""
    return {"compare": ",".join(ids[:MOST])}
