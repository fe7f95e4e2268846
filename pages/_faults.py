"""Faults of an answer, told in the session's language with the fields' own names.

core.catalog.faults writes one English sentence a fault (that is what the database keeps and
REST answers); this reads those sentences. One it does not know is shown as it is.
"""

import re

from core.catalog import Contract
from pages._i18n import N_, _, language


def _form(pattern: str) -> re.Pattern[str]:
    limit = pattern.replace("{limit}", rf"(?P<limit>{_NUMBER})")
    return re.compile(rf"^(?P<field>\S+) {limit}(?P<when> when .*)?\.$")


_NUMBER = r"-?[\d.]+"
_CHARACTERS = r"is (?P<n>\d+) characters?"
_ITEMS = r"has (?P<n>\d+) items?"
_WORDS = (
    (r"is missing", N_("{field} is missing")),
    (rf"{_CHARACTERS}, at most {{limit}} allowed", N_("{field}: {n} characters, at most {limit}")),
    (
        rf"{_CHARACTERS}, at least {{limit}} required",
        N_("{field}: {n} characters, at least {limit}"),
    ),
    (rf"{_CHARACTERS}, exactly {{limit}} required", N_("{field}: {n} characters, exactly {limit}")),
    (rf"{_ITEMS}, at most {{limit}} allowed", N_("{field}: {n} items, at most {limit}")),
    (rf"{_ITEMS}, at least {{limit}} required", N_("{field}: {n} items, at least {limit}")),
    (rf"{_ITEMS}, exactly {{limit}} required", N_("{field}: {n} items, exactly {limit}")),
    (rf"is (?P<n>{_NUMBER}), at most {{limit}} allowed", N_("{field} is {n}, at most {limit}")),
    (rf"is (?P<n>{_NUMBER}), at least {{limit}} required", N_("{field} is {n}, at least {limit}")),
    (
        rf"is (?P<n>{_NUMBER}), less than {{limit}} required",
        N_("{field} is {n}, below {limit} needed"),
    ),
    (
        r"is (?P<n>['\"].*['\"]), one of (?P<limit>.+) required",
        N_("{field} is {n}, one of {limit} needed"),
    ),
    (r"is not a field of the contract", N_("{field} was not asked for")),
)
_FORMS = [(_form(pattern), words) for pattern, words in _WORDS]
_STEP = re.compile(r"([a-z_]+)|\[(\d+)\]")
_NOT_JSON = re.compile(r"\bJSON\b")


def fault_in_words(sentence: str, contract: Contract | None) -> str:
    """`sentence`, one fault of core, for a reader of the session's language."""
    for form, words in _FORMS:
        if match := form.match(sentence):
            found = match.groupdict()
            field = field_label(found.pop("field"), contract)
            return _(words).format(field=field, **found) + (found["when"] or "")
    if _NOT_JSON.search(sentence):
        return _("The answer is not in the form that was asked for")
    return sentence


def field_label(path: str, contract: Contract | None) -> str:
    """`bullets[0]` as people read it: its label and number."""
    names: list[str] = []
    numbers: list[str] = []
    for name, index in _STEP.findall(path):
        if name:
            names.append(name)
        else:
            numbers.append(str(int(index) + 1))
    labels = contract.labels if contract else {}
    label = labels.get(".".join(names)) or labels.get(names[0] if names else "")
    shown = label.in_(language()) if label else path
    return " ".join([shown, *numbers]) if label else shown
