"""The one visible table of checks. Adding a check is adding one here, and in docs/checks.md.

A check is a pure function from a `Subject` to findings; it never raises, whatever the text,
and takes time in proportion to its length.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from core.checks.ads import check_ads
from core.checks.amounts import check_amounts
from core.checks.answer_form import check_form
from core.checks.channels import check_channel
from core.checks.cut import check_cut
from core.checks.facts import check_features, check_numbers
from core.checks.fields import check_fields
from core.checks.filler import check_filler
from core.checks.headline import check_headline
from core.checks.language import check_language
from core.checks.leaks import check_leaks
from core.checks.lengths import check_lengths
from core.checks.lists import check_lists
from core.checks.markup import check_markup
from core.checks.pairs import check_pairs
from core.checks.placeholders import check_placeholders
from core.checks.refusals import check_refusals
from core.checks.repetition import check_repetition
from core.checks.runaway import check_runaway
from core.checks.speech import check_speech
from core.checks.subject import Subject
from core.checks.verdicts import check_verdict
from core.finding import Finding

Check = Callable[[Subject], Iterable[Finding]]


class Family(NamedTuple):
    """One check and every code that it can find."""

    check: Check
    codes: tuple[str, ...]


FAMILIES: tuple[Family, ...] = (
    Family(check_form, ("format.not_json", "format.fenced", "format.chatty")),
    Family(
        check_fields,
        (
            *("field.missing", "field.empty", "field.extra", "field.wrong_type"),
            *("field.wrong_form", "choice.unknown", "number.out_of_range"),
        ),
    ),
    Family(check_lengths, ("length.too_long", "length.too_short")),
    Family(check_lists, ("list.count", "list.item_empty")),
    Family(check_cut, ("cut.length_limit", "cut.mid_word")),
    Family(check_pairs, ("cut.unclosed",)),
    Family(check_placeholders, ("leak.placeholder",)),
    Family(check_leaks, ("leak.prompt",)),
    Family(check_refusals, ("refusal.refused", "refusal.ai_talk")),
    Family(check_runaway, ("repeat.runaway",)),
    Family(check_markup, ("markup.markdown",)),
    Family(check_verdict, ("review.approved_low", "review.rejected_high")),
    Family(check_amounts, ("budget.sum",)),
    Family(check_language, ("language.low_hangul", "language.cjk", "language.sentence")),
    Family(check_headline, ("headline.product_name",)),
    Family(check_filler, ("filler.phrase",)),
    Family(check_repetition, ("repeat.field", "repeat.bullet")),
    Family(check_numbers, ("facts.number",)),
    Family(check_features, ("facts.left_out",)),
    Family(check_speech, ("speech.mixed",)),
    Family(check_ads, ("ads.superlative", "ads.medical", "ads.cosmetic")),
    Family(check_channel, ("channel.too_long", "channel.hashtags", "channel.cp949")),
)
CODES: tuple[str, ...] = tuple(code for family in FAMILIES for code in family.codes)
