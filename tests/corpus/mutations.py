"""Ways to spoil a good answer, one fault each, with the code that a check must then find."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any, NamedTuple

from core.catalog.contract import Contract
from core.checks.subject import FieldText, Subject
from tests.corpus import Labelled, subject_of

Answer = dict[str, Any]
Spoil = Callable[[Labelled, Subject], Subject | None]


class Mutation(NamedTuple):
    """A fault: `spoil` gives the spoilt answer, None where the answer has no place for it."""

    code: str
    spoil: Spoil


MUTATIONS: list[Mutation] = []


def fault(code: str) -> Callable[[Spoil], Spoil]:
    """Puts a mutation into the table."""

    def remember(spoil: Spoil) -> Spoil:
        MUTATIONS.append(Mutation(code, spoil))
        return spoil

    return remember


def _with(labelled: Labelled, answer: Answer) -> Subject:
    return subject_of(labelled, json.dumps(answer, ensure_ascii=False))


def _first_text(subject: Subject) -> FieldText:
    """The text with the most room: a field of its own, or else the first item of a list."""
    texts = [text for text in subject.texts if text.name in (text.top, f"{text.top}[0]")]
    return max(texts, key=lambda text: (text.name == text.top, text.maximum or 0))


def _say(labelled: Labelled, subject: Subject, said: str) -> Subject:
    """The answer with `said` as its roomiest text."""
    name = _first_text(subject)
    value: object = said
    if name.name != name.top:
        value = [said, *subject.answer[name.top][1:]]
    return _set(labelled, subject, name.top, value)


def _set(labelled: Labelled, subject: Subject, name: str, value: object) -> Subject:
    return _with(labelled, subject.answer | {name: value})


def _contract(subject: Subject) -> Contract:
    assert subject.contract is not None
    return subject.contract


@fault("language.cjk")
def chinese_run(labelled: Labelled, subject: Subject) -> Subject | None:
    text = _first_text(subject)
    middle = text.text.find(" ")
    spoilt = f"{text.text[:middle]} 品质优良{text.text[middle:]}"
    return _say(labelled, subject, spoilt)


@fault("cut.mid_word")
def cut_at_the_limit(labelled: Labelled, subject: Subject) -> Subject | None:
    text = _first_text(subject)
    limit = text.maximum
    if labelled.language != "ko" or limit is None or labelled.task == "brand_kit":
        return None
    words = (f"{text.text} " * (2 + limit // len(text.text))).split(" ")
    last = "꼼꼼하고차분하게하나하나살펴보고있습"
    kept = ""
    while len(kept) + 1 + len(words[0]) < limit - 4:
        kept = f"{kept} {words.pop(0)}".strip()
    return _say(labelled, subject, f"{kept} {last[-(limit - len(kept) - 1) :]}")


@fault("cut.length_limit")
def stopped_by_the_token_limit(labelled: Labelled, subject: Subject) -> Subject | None:
    return replace(subject, finish_reason="length")


@fault("format.fenced")
def fence(labelled: Labelled, subject: Subject) -> Subject | None:
    return subject_of(labelled, f"```json\n{subject.raw}\n```")


@fault("format.chatty")
def greeting(labelled: Labelled, subject: Subject) -> Subject | None:
    return subject_of(labelled, f"네, 아래와 같이 작성해 보았습니다.\n\n{subject.raw}")


@fault("format.not_json")
def broken_json(labelled: Labelled, subject: Subject) -> Subject | None:
    return subject_of(labelled, subject.raw.replace(":", " =", 1))


@fault("refusal.refused")
def refusal(labelled: Labelled, subject: Subject) -> Subject | None:
    return subject_of(labelled, "죄송하지만 요청하신 내용은 도와드릴 수 없습니다.")


@fault("field.missing")
def field_left_out(labelled: Labelled, subject: Subject) -> Subject | None:
    name = _contract(subject).schema["required"][-1]
    return _with(labelled, {key: value for key, value in subject.answer.items() if key != name})


@fault("field.empty")
def field_left_empty(labelled: Labelled, subject: Subject) -> Subject | None:
    return _say(labelled, subject, "") if labelled.task != "review" else None


@fault("field.extra")
def field_made_up(labelled: Labelled, subject: Subject) -> Subject | None:
    return _set(labelled, subject, "reasoning", "타깃에 맞춰 썼어요.")


@fault("field.wrong_type")
def number_for_a_text(labelled: Labelled, subject: Subject) -> Subject | None:
    return _set(labelled, subject, _contract(subject).schema["required"][-1], 12345)


@fault("length.too_long")
def too_long(labelled: Labelled, subject: Subject) -> Subject | None:
    text = _first_text(subject)
    sentences = text.text
    while len(sentences) <= (text.maximum or 0):
        sentences += f" {text.text}"
    return _say(labelled, subject, sentences)


@fault("leak.placeholder")
def placeholder(labelled: Labelled, subject: Subject) -> Subject | None:
    text = _first_text(subject)
    return _say(labelled, subject, f"[제품명] {text.text}")


@fault("markup.markdown")
def bold(labelled: Labelled, subject: Subject) -> Subject | None:
    first, *rest = _first_text(subject).text.split(" ")
    return _say(labelled, subject, " ".join([f"**{first}**", *rest]))


@fault("repeat.runaway")
def runaway(labelled: Labelled, subject: Subject) -> Subject | None:
    text = _first_text(subject)
    return _say(labelled, subject, " ".join([text.text] * 12))


@fault("refusal.ai_talk")
def ai_talk(labelled: Labelled, subject: Subject) -> Subject | None:
    text = _first_text(subject)
    said = "저는 AI 언어 모델이라" if labelled.language == "ko" else "As an AI language model,"
    return _say(labelled, subject, f"{said} {text.text}")


@fault("repeat.field")
def body_as_subheadline(labelled: Labelled, subject: Subject) -> Subject | None:
    if labelled.task != "product_detail":
        return None
    start = subject.answer["body"][:30].rsplit(" ", 1)[0]
    return _set(labelled, subject, "subheadline", start)


@fault("repeat.bullet")
def bullets_alike(labelled: Labelled, subject: Subject) -> Subject | None:
    if labelled.task != "product_detail":
        return None
    bullets = subject.answer["bullets"]
    return _set(labelled, subject, "bullets", [bullets[0], bullets[0], bullets[2]])


@fault("headline.product_name")
def product_name_as_headline(labelled: Labelled, subject: Subject) -> Subject | None:
    if labelled.task != "product_detail":
        return None
    return _set(labelled, subject, "headline", labelled.payload["product_name"])


@fault("facts.number")
def number_made_up(labelled: Labelled, subject: Subject) -> Subject | None:
    if labelled.task not in ("product_detail", "sns"):
        return None
    text = _first_text(subject)
    claim = "98,765명이 골랐어요." if labelled.language == "ko" else "98,765 people chose it."
    return _say(labelled, subject, f"{text.text} {claim}")


@fault("list.count")
def bullet_too_many(labelled: Labelled, subject: Subject) -> Subject | None:
    if labelled.task != "product_detail":
        return None
    return _set(labelled, subject, "bullets", [*subject.answer["bullets"], "하나 더"])


@fault("list.item_empty")
def empty_item(labelled: Labelled, subject: Subject) -> Subject | None:
    name = {"product_detail": "bullets", "sns": "hashtags", "brand_kit": "do"}.get(labelled.task)
    if name is None:
        return None
    items = deepcopy(subject.answer[name])
    return _set(labelled, subject, name, ["", *items[1:]])


@fault("choice.unknown")
def platform_made_up(labelled: Labelled, subject: Subject) -> Subject | None:
    return _set(labelled, subject, "platform", "블로그") if labelled.task == "sns" else None


@fault("number.out_of_range")
def score_of_a_hundred(labelled: Labelled, subject: Subject) -> Subject | None:
    return _set(labelled, subject, "clarity", 100) if labelled.task == "review" else None


@fault("review.approved_low")
def approved_low(labelled: Labelled, subject: Subject) -> Subject | None:
    if labelled.task != "review":
        return None
    return _with(labelled, subject.answer | {"approval_status": "approved", "overall_score": 6.9})


@fault("review.rejected_high")
def rejected_high(labelled: Labelled, subject: Subject) -> Subject | None:
    if labelled.task != "review":
        return None
    return _with(labelled, subject.answer | {"approval_status": "rejected", "overall_score": 7.0})


@fault("budget.sum")
def percents_beyond_a_hundred(labelled: Labelled, subject: Subject) -> Subject | None:
    if labelled.task != "campaign":
        return None
    parts = deepcopy(subject.answer["budget_allocation"])
    parts[0]["percent"] += 7
    return _set(labelled, subject, "budget_allocation", parts)
