"""How the shape of a live answer differs from the mock's: fields, types, counts, sizes."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import JsonValue

from core.catalog.contract import Contract
from core.compare.fields import fields_of
from core.compare.reasons import Reason, Weight, field_name, shape_reason, size_reason
from core.localised import Localised
from core.run import ImageDetails, Run
from core.types import normalise

_FAR = 2.0  # times the mock's length, or one part of it, that is another size of text
_LOOKED_AT = 20  # items of a list whose shape is looked at
_CHARS = 10  # characters of difference that do not count
_TYPES: tuple[tuple[type, str, str], ...] = (
    (bool, "참/거짓", "true or false"),
    (str, "글", "text"),
    (int, "숫자", "a number"),
    (float, "숫자", "a number"),
    (list, "목록", "a list"),
    (dict, "묶음", "an object"),
    (type(None), "빈 값", "nothing"),
)


def of_answers(
    mock: Run, live: Run, contract: Contract | None, *, same_request: bool
) -> Iterator[Reason]:
    """What differs in the shape of two answers; sizes only where the same was asked."""
    ours, theirs = fields_of(mock), fields_of(live)
    if mock.format == live.format and (ours is None) != (theirs is None):
        place = field_name("", contract)
        yield shape_reason(
            "shape.form",
            "",
            place,
            ko="한쪽만 항목으로 나뉜 JSON이에요.",
            en="only one of the two is JSON with fields.",
        )
    if ours is not None and theirs is not None:
        schema = contract.schema if contract else {}
        yield from _objects(ours, theirs, "", schema, contract, sizes=same_request)
    elif ours is None and theirs is None and same_request:
        lengths = (len(normalise(mock.output)), len(normalise(live.output)))
        if _is_far(*lengths):
            yield size_reason("", field_name("", contract), lengths, weight=Weight.DIFFERS)


def of_pictures(mock: Run, live: Run) -> Iterator[Reason]:
    """What differs in number, size and format of pictures."""
    ours = (mock.image or ImageDetails()).pictures
    theirs = (live.image or ImageDetails()).pictures
    place = Localised(ko="그림", en="Pictures")
    asked = (live.image or ImageDetails()).options.batch or 1
    if len(theirs) != len(ours) or len(theirs) < asked:
        yield shape_reason(
            "pictures.count",
            "",
            place,
            ko=f"목업은 {len(ours)}장, 라이브는 {len(theirs)}장이에요.",
            en=f"{len(ours)} from the mock, {len(theirs)} live.",
        )
    sizes = [sorted({f"{one.width} × {one.height}" for one in side}) for side in (ours, theirs)]
    if sizes[0] != sizes[1]:
        before, after = (", ".join(side) or "–" for side in sizes)
        yield shape_reason(
            "pictures.size",
            "",
            place,
            ko=f"크기가 달라요. 목업 {before}, 라이브 {after}.",
            en=f"sizes differ: {before} from the mock, {after} live.",
        )
    formats = [sorted({one.format.upper() for one in side}) for side in (ours, theirs)]
    if formats[0] != formats[1]:
        before, after = (", ".join(side) or "–" for side in formats)
        yield shape_reason(
            "pictures.format",
            "",
            place,
            ko=f"파일 형식이 달라요. 목업 {before}, 라이브 {after}.",
            en=f"file formats differ: {before} from the mock, {after} live.",
        )


def _objects(
    ours: Mapping[str, JsonValue],
    theirs: Mapping[str, JsonValue],
    name: str,
    schema: Mapping[str, Any],
    contract: Contract | None,
    *,
    sizes: bool,
) -> Iterator[Reason]:
    for key in dict.fromkeys((*ours, *theirs)):
        inner = f"{name}.{key}" if name else key
        place = field_name(inner, contract)
        part = schema.get("properties", {}).get(key, {})
        if key not in theirs:
            yield shape_reason(
                "shape.missing",
                inner,
                place,
                ko="라이브 답변에는 이 항목이 없어요.",
                en="the live answer lacks it.",
            )
        elif key not in ours:
            yield shape_reason(
                "shape.extra",
                inner,
                place,
                ko="목업 답변에는 없는 항목이에요.",
                en="the mock's answer does not have it.",
            )
        else:
            yield from _values(ours[key], theirs[key], inner, part, contract, sizes=sizes)


def _values(
    ours: JsonValue,
    theirs: JsonValue,
    name: str,
    schema: Mapping[str, Any],
    contract: Contract | None,
    *,
    sizes: bool,
) -> Iterator[Reason]:
    place = field_name(name, contract)
    before, after = _type(ours), _type(theirs)
    if before != after:
        yield shape_reason(
            "shape.type",
            name,
            place,
            ko=f"목업은 {before.ko}, 라이브는 {after.ko} 형식이에요.",
            en=f"{before.en} in the mock's answer, {after.en} in the live one.",
        )
    elif isinstance(ours, dict) and isinstance(theirs, dict):
        yield from _objects(ours, theirs, name, schema, contract, sizes=sizes)
    elif isinstance(ours, list) and isinstance(theirs, list):
        yield from _lists(ours, theirs, name, schema, contract)
    elif sizes and isinstance(ours, str) and isinstance(theirs, str) and "enum" not in schema:
        lengths = (len(ours), len(theirs))
        if _is_far(*lengths):  # within the limits of a contract it is worth a note, no more
            weight = Weight.NOTE if "maxLength" in schema else Weight.DIFFERS
            yield size_reason(name, place, lengths, weight=weight)


def _lists(
    ours: list[JsonValue],
    theirs: list[JsonValue],
    name: str,
    schema: Mapping[str, Any],
    contract: Contract | None,
) -> Iterator[Reason]:
    place = field_name(name, contract)
    if len(ours) != len(theirs):
        reason = shape_reason(
            "shape.count",
            name,
            place,
            ko=f"목업은 {len(ours)}개, 라이브는 {len(theirs)}개예요.",
            en=f"{len(ours)} in the mock's answer, {len(theirs)} in the live one.",
        )
        bounded = "minItems" in schema or "maxItems" in schema
        yield reason.model_copy(update={"weight": Weight.NOTE}) if bounded else reason
    if not ours or not theirs:
        return
    kinds = {_type(item).en: _type(item) for item in ours}
    strange = [_type(item) for item in theirs if _type(item).en not in kinds]
    if strange:
        yield shape_reason(
            "shape.type",
            name,
            place,
            ko=f"목록에 목업에는 없던 종류({strange[0].ko})가 들어 있어요.",
            en=f"its list holds {strange[0].en}, which the mock's does not.",
        )
    first = schema.get("items", {})
    model = next((item for item in ours if isinstance(item, dict)), None)
    for place_in_list, item in enumerate(theirs[:_LOOKED_AT]):
        if isinstance(item, dict) and model is not None:
            inner = f"{name}[{place_in_list}]"
            yield from _objects(model, item, inner, first, contract, sizes=False)


def _is_far(mock: int, live: int) -> bool:
    low, high = sorted((mock, live))
    return high - low > _CHARS and high > low * _FAR


def _type(value: JsonValue) -> Localised:
    ko, en = next((ko, en) for kind, ko, en in _TYPES if isinstance(value, kind))
    return Localised(ko=ko, en=en)
