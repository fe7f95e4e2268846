"""Blind votes between two answers, and the ranking they give."""


def draw_vote() -> None:
    """Draw the next pair, or the ranking where the address asks for it."""
