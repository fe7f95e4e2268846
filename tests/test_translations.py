"""Every word a person reads has a Korean translation, and every translation is used."""

import ast
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

PAGES = Path(__file__).parents[1] / "pages"
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}


def spoken() -> set[str | tuple[str, ...]]:
    """The messages that Babel finds in the pages."""
    found = extract_from_dir(PAGES, method_map=[("**.py", "python")], keywords=KEYWORDS)
    return {message for _, _, message, _, _ in found}


@pytest.fixture(scope="module")
def korean() -> Catalog:
    path = PAGES / "locale" / "ko" / "LC_MESSAGES" / "playground.po"
    with path.open("rb") as source:
        return read_po(source, locale="ko")


def translations(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id]


def forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_message_has_a_translation(korean: Catalog) -> None:
    known = {message.id for message in translations(korean)}
    assert spoken() - known == set()


def test_no_translation_is_left_over(korean: Catalog) -> None:
    known = {message.id for message in translations(korean)}
    assert known - spoken() == set()
    assert list(korean.obsolete) == []


def test_no_translation_is_empty_or_doubtful(korean: Catalog) -> None:
    bad = [
        message.id
        for message in translations(korean)
        if message.fuzzy or not all(form.strip() for form in forms(message))
    ]
    assert bad == []


def test_translations_fill_in_the_same_names(korean: Catalog) -> None:
    for message in translations(korean):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        expected = set().union(*(placeholders(text) for text in ids))
        for form in forms(message):
            # A form that tells no number is allowed: "Run" for one.
            assert placeholders(form) <= expected, message.id
            assert (
                expected - placeholders(form) <= {"n"}
                if len(ids) > 1
                else (placeholders(form) == expected)
            ), message.id


def test_translations_hold_hangul_unless_they_are_names(korean: Catalog) -> None:
    same = {message.id for message in translations(korean) if message.string == message.id}
    assert same <= {"Top p", "top p {n}", "× {n}", "CFG", "CFG {n}"}


def test_babel_sees_every_message_in_the_code() -> None:
    """A `_()` inside an f-string is invisible to the extractor, and so to this test."""
    heard = {part for message in spoken() for part in _parts(message)}
    for path in PAGES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in KEYWORDS:
                for argument in node.args:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        assert argument.value in heard, f"{path.name}:{node.lineno}"


def _parts(message: str | tuple[str, ...]) -> tuple[str, ...]:
    return message if isinstance(message, tuple) else (message,)
