"""What people call each finding, by its code: for filters and chips, where no place is told."""

from pages._i18n import N_, _

_NAMES = {
    "format.not_json": N_("Not JSON"),
    "format.fenced": N_("JSON in a code fence"),
    "format.chatty": N_("Talk around the JSON"),
    "field.missing": N_("A field is missing"),
    "field.empty": N_("A field is empty"),
    "field.extra": N_("A field nobody asked for"),
    "field.wrong_type": N_("A field of the wrong type"),
    "field.wrong_form": N_("A field of the wrong form"),
    "choice.unknown": N_("None of the choices"),
    "number.out_of_range": N_("A number out of range"),
    "length.too_long": N_("Too long"),
    "length.too_short": N_("Too short"),
    "list.count": N_("Wrong number of items"),
    "list.item_empty": N_("An empty item"),
    "cut.length_limit": N_("Cut off at the limit of tokens"),
    "cut.mid_word": N_("Cut off in mid-word"),
    "cut.unclosed": N_("A bracket or quote left open"),
    "leak.placeholder": N_("A placeholder left in"),
    "leak.prompt": N_("Words of the prompt"),
    "refusal.refused": N_("A refusal"),
    "refusal.ai_talk": N_("Talk about being an AI"),
    "repeat.runaway": N_("The same over and over"),
    "markup.markdown": N_("Markdown in plain text"),
    "review.approved_low": N_("Approved with a low score"),
    "review.rejected_high": N_("Rejected with a high score"),
    "budget.sum": N_("A budget that is not 100 %"),
    "language.low_hangul": N_("Too little Hangul"),
    "language.cjk": N_("Foreign letters"),
    "language.sentence": N_("A sentence in another language"),
    "headline.product_name": N_("The product's name as headline"),
    "filler.phrase": N_("An empty phrase"),
    "repeat.field": N_("One field repeats another"),
    "repeat.bullet": N_("Bullets alike"),
    "facts.number": N_("A number not in the brief"),
    "facts.left_out": N_("A feature left out"),
    "speech.mixed": N_("Mixed speech levels"),
    "ads.superlative": N_("A superlative"),
    "ads.medical": N_("A medical claim"),
    "ads.cosmetic": N_("A cosmetic claim"),
    "channel.too_long": N_("Too long for the channel"),
    "channel.hashtags": N_("Too many or few hashtags"),
    "channel.cp949": N_("Letters that SMS cannot hold"),
    "error": N_("any error"),
    "warning": N_("any warning"),
}


def finding_label(code: str) -> str:
    """A finding's name, or that of any finding of a severity; an unknown code as it is."""
    return _(_NAMES[code]) if code in _NAMES else code
