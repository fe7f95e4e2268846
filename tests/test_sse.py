import itertools

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BrokenAnswer
from core.providers.sse import EventParser, read_events

STREAM = (
    "\ufeff: a comment before anything\r\n\r\n"
    "data: 첫 번째\n\n"
    "event: message\rdata: one\rdata:two\r\r"
    ": ping\n\n"
    "id: 3\r\ndata:  two spaces, and \u2028 is no line end \U0001f98a\r\n\r\n"
    "data: three\r\ndata: four\r\n\r\n"
    "data\n\n"
    "data: cut off by the end of the stream\n"
).encode()
EVENTS = [
    "첫 번째",
    "one\ntwo",
    " two spaces, and \u2028 is no line end \U0001f98a",
    "three\nfour",
    "",
]


def parse(portions: list[bytes]) -> list[str]:
    parser = EventParser()
    return [data for portion in portions for data in parser.feed(portion)]


def test_events_are_read_as_the_standard_has_them():
    assert parse([STREAM]) == EVENTS


def test_bytes_may_come_one_by_one():
    assert parse([STREAM[at : at + 1] for at in range(len(STREAM))]) == EVENTS


def test_an_empty_portion_between_cr_and_lf_ends_no_line():
    assert parse([b"data: one\r", b"", b"\ndata: two\r\n\r\n"]) == ["one\ntwo"]


@settings(deadline=None)
@given(st.lists(st.integers(0, len(STREAM))))
def test_it_does_not_matter_where_the_bytes_are_split(cuts: list[int]):
    borders = [0, *sorted(cuts), len(STREAM)]
    portions = [STREAM[a:b] for a, b in itertools.pairwise(borders)]
    assert parse(portions) == EVENTS


def test_bytes_that_are_no_utf8_become_replacement_characters():
    assert parse([b"data: a\xff\n\n"]) == ["a\ufffd"]


@pytest.mark.parametrize("body", [b"data: " + b"x" * 200, b"data: x\n" * 50])
async def test_an_event_without_end_is_given_up(body: bytes):
    events = read_events(httpx.Response(200, content=body), provider="openai", max_bytes=100)
    with pytest.raises(BrokenAnswer):
        await anext(events)


async def test_events_from_a_body_are_read_to_its_end():
    response = httpx.Response(200, content=STREAM)
    assert [data async for data in read_events(response, provider="openai")] == EVENTS
