"""Words cut into short overlapping pieces, which is what the search index holds.

Korean does not put spaces where a search would need them (김치냉장고, 커피를), and FTS5's own
tokenizers find no two-syllable word in there. So a word is stored as its pieces of two
characters, in Latin script and figures of three (there are fewer letters than syllables), and
its shorter ends: any part of a word is then either made of pieces or the beginning of one.
docs/search.md has the figures behind this.
"""

import itertools
from collections.abc import Iterator

LATIN_ENDS = "\u024f"
LATIN_PIECE = 3
OTHER_PIECE = 2


def grams(text: str) -> str:
    """The pieces of all words of a folded text, each once, for a tokenizer that splits at
    spaces.
    """
    pieces = {
        word[start : start + size] for size, word in _words(text) for start in range(len(word))
    }
    return " ".join(pieces)


def match(needle: str) -> list[str]:
    """FTS5 terms that every text with `needle` in it has; empty when it has no letter or digit.

    Only letters and digits get into them, each term in quotes: nothing in them is an operator.
    """
    words = list(_words(needle))
    ended = bool(needle) and not needle[-1].isalnum()
    terms = [
        term
        for place, (size, word) in enumerate(words, 1)
        for term in _terms(size, word, whole_end=ended or place < len(words))
    ]
    return list(dict.fromkeys(terms))


def _terms(size: int, word: str, *, whole_end: bool) -> list[str]:
    """Terms for a part of a word; with `whole_end` the word is known to end where the part does,
    as 1 does in "1.8kg", and its short end is a piece of its own.
    """
    if whole_end:
        return [f'"{word[start : start + size]}"' for start in range(len(word))]
    if len(word) < size:
        return [f'"{word}"*']
    return [f'"{word[start : start + size]}"' for start in range(len(word) - size + 1)]


def _words(text: str) -> Iterator[tuple[int, str]]:
    """Runs of letters and digits of one script, each with the length of its pieces."""
    for size, run in itertools.groupby(text, _size):
        if size:
            yield size, "".join(run)


def _size(character: str) -> int:
    if not character.isalnum():
        return 0
    return LATIN_PIECE if character <= LATIN_ENDS else OTHER_PIECE
