"""How amounts, dates and times stand on pages."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from fractions import Fraction

from django import template
from django.utils.translation import get_language

from vouchers.common.korean import document_amount, document_date, document_datetime, grouped
from vouchers.common.money import money

register = template.Library()


@register.filter
def won(amount: int | None) -> str:
    """1,200원."""
    return "-" if amount is None else money(amount)


@register.filter
def digits(number: int | None) -> str:
    """1,200."""
    return "-" if number is None else grouped(number)


@register.filter
def percent(rate: Fraction | None) -> str:
    """33.3%, rounded down, so that 100.0% is the whole."""
    return "-" if rate is None else f"{math.floor(rate * 1000) / 10:.1f}%"


@register.filter
def in_words(amount: int) -> str:
    """금1,200원(금일천이백원), as official documents write it; other languages have no such form."""
    return document_amount(amount) if get_language() == "ko" else money(amount)


@register.filter
def seoul_day(day: date | None) -> str:
    """2026. 11. 22."""
    return document_date(day) if day else "-"


@register.filter
def seoul_time(at: datetime | None) -> str:
    """2026. 11. 22. 14:05."""
    return document_datetime(at) if at else "-"


@register.filter
def last_day(end: datetime | None) -> str:
    """The last day of something that ends at ``end``, which itself is no part of it."""
    return document_date(end - timedelta(microseconds=1)) if end else "-"
