"""Moments and days as the reader's clock and language tell them."""

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st
from babel.dates import format_date, format_skeleton, format_time

from core.types import Language
from pages._i18n import language


def reader_zone() -> tzinfo:
    """The time zone of the reader's browser."""
    try:
        if name := st.context.timezone:
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        pass
    offset = st.context.timezone_offset  # minutes that UTC is ahead of the reader
    return timezone(-timedelta(minutes=offset)) if offset else UTC


def today() -> date:
    """What day it is where the reader is."""
    return datetime.now(reader_zone()).date()


def clock(moment: datetime) -> str:
    """`moment` as briefly as it is clear: the time today, else day and time, else the date."""
    here = moment.astimezone(reader_zone())
    now = today()
    if here.date() == now:
        return _time(here)
    if here.year == now.year:
        between = " " if language() is Language.KOREAN else ", "
        return day(here) + between + _time(here)
    return day(here)


def exact_clock(moment: datetime) -> str:
    """The time of `moment` to the second, for what happened a moment ago."""
    here = moment.astimezone(reader_zone())
    return format_time(here, _TIMES[language()] + ":ss", locale=language().value)


def full_clock(moment: datetime) -> str:
    """`moment` with everything: day of the week, date and time to the second."""
    here, locale = moment.astimezone(reader_zone()), language().value
    words = format_date(here, format="full", locale=locale)
    return f"{words} {format_time(here, _TIMES[language()] + ':ss', locale=locale)}"


def day(moment: date) -> str:
    """A day of this year without the year, another one with it."""
    locale = language().value
    if moment.year == today().year:
        return format_skeleton("MMMd", moment, locale=locale)
    return format_date(moment, format="medium", locale=locale)


# Babel's own Korean times say AM and PM; people write 오전 and 오후.
_TIMES = {Language.KOREAN: "aaaa h:mm", Language.ENGLISH: "HH:mm"}


def _time(here: datetime) -> str:
    return format_time(here, _TIMES[language()], locale=language().value)
