"""What people think of a run: stars, reasons and a comment, each person their own."""

from core.run import Run


def draw_rating(run: Run) -> None:
    """Draw the rating of `run`."""
