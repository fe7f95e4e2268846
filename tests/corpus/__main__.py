"""Prints how good the checks are: `python -m tests.corpus [--why]`."""

import argparse

from core.checks.engine import CHECKS_VERSION
from tests.corpus import corpus
from tests.corpus.figures import Figures, figures, findings_of, part, told

COLUMNS = ("labelled", "right", "false", "missed", "precision", "recall")
WIDTHS = (9, 7, 7, 8, 11, 8)
HEAD = f"{'check':24}" + "".join(
    f"{name:>{width}}" for name, width in zip(COLUMNS, WIDTHS, strict=True)
)


def main() -> None:
    """The table for both parts; with `--why`, every disagreement with what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    parser.add_argument("--why", action="store_true", help="list every miss and false alarm")
    why = parser.parse_args().why
    print(f"Version {CHECKS_VERSION} of the checks, {len(corpus())} answers")
    for held_out in (False, True):
        answers = part(held_out=held_out)
        good = sum(one.good for one in answers)
        name = "Held out" if held_out else "Seen"
        print(f"\n{name}: {len(answers)} answers, {good} of them good\n{HEAD}")
        table = figures(answers)
        for code, row in table.items():
            print(_line(code, row))
        print(_line("all", _sum(list(table.values()))))
        if why:
            _explain(table)


def _line(code: str, row: Figures) -> str:
    return (
        f"{code:24}{row.labelled:9}{row.right:7}{len(row.false):7}{len(row.missed):8}"
        f"{row.precision:11.2f}{row.recall:8.2f}"
    )


def _sum(rows: list[Figures]) -> Figures:
    return Figures(
        labelled=sum(row.labelled for row in rows),
        right=sum(row.right for row in rows),
        false=[one for row in rows for one in row.false],
        missed=[one for row in rows for one in row.missed],
    )


def _explain(table: dict[str, Figures]) -> None:
    answers = {one.id: one for one in corpus()}
    for code, row in table.items():
        for kind, ids in (("missed", row.missed), ("false", row.false)):
            for one in ids:
                print(f"\n{code} {kind}: {one}")
                for label in answers[one].expect:
                    print(f"  label  {label}")
                for found in told(findings_of(answers[one])):
                    print(f"  found  {found.code} {found.field!r} {found.evidence[:90]!r}")


if __name__ == "__main__":
    main()
