"""Texts made safe for spreadsheets, which take some of them for formulas.

A model or a stranger may have written any cell; `=HYPERLINK(…)` or `=cmd|…` opened in a
spreadsheet acts on the reader's machine. OWASP, "CSV Injection": a cell that begins with
= + - @ tab or carriage return gets an apostrophe in front, by which spreadsheets take it as text.
Their full-width forms are converted by some input methods and importers, so they count too, and
so does what importers strip before they look: spaces, quotes, invisible characters.
"""

import unicodedata

GUARD = "'"
_DANGEROUS = frozenset("=+-@\t\r\uff1d\uff0b\uff0d\uff20\u2212\ufe62\ufe63\ufe66\ufe6b")
_QUOTES = frozenset("\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb\uff02\uff07")
_STRIPPED = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})


def guarded(text: str) -> str:
    """`text`, with an apostrophe in front where a spreadsheet could take it for a formula."""
    return GUARD + text if _is_dangerous(text) else text


def _is_dangerous(text: str) -> bool:
    for char in text:
        if char in _DANGEROUS:
            return True
        if char not in _QUOTES and unicodedata.category(char) not in _STRIPPED:
            return False
    return False
