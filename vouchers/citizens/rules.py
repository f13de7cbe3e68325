"""What the record of a citizen distinguishes: categories that the law or an ordinance attaches rights to, and relations."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _


class Category(models.TextChoices):
    """자격 구분: what a person is registered as, from a day on and until a day."""

    DISABILITY = "disability", _("등록장애인")
    SEVERE_DISABILITY = "severe_disability", _("심한 장애")
    VETERAN = "veteran", _("국가보훈대상자")
    WAR_VETERAN = "war_veteran", _("참전유공자")
    SINGLE_PARENT = "single_parent", _("한부모가족")
    MULTI_CHILD = "multi_child", _("다자녀가정")
    FARMER = "farmer", _("농어업 경영체")
    BASIC_RECIPIENT = "basic_recipient", _("기초생활수급자")
    NEAR_POOR = "near_poor", _("차상위계층")
    BASIC_PENSION = "basic_pension", _("기초연금 수급자")
    ARTIST = "artist", _("예술활동증명자")
    MULTICULTURAL = "multicultural", _("다문화가족")
    DEFECTOR = "defector", _("북한이탈주민")
    CARE_LEAVER = "care_leaver", _("자립준비청년")
    RESTRICTED = "restricted", _("지급 제한")


class Relation(models.TextChoices):
    """세대주와의 관계."""

    HEAD = "head", _("세대주")
    SPOUSE = "spouse", _("배우자")
    CHILD = "child", _("자녀")
    PARENT = "parent", _("부모")
    OTHER = "other", _("기타")


LONGEST_NAME = 40
_HANGUL_AND_BLANKS = re.compile(r"[가-힣 ]+")


def tidy_name(text: str) -> str:
    """A name as it is stored: one form of each letter, no blanks in a Hangul name, single ones in any other.

    Empty when nothing is left, or when it holds what no name does: control characters, digits, stars of a mask.
    """
    name = " ".join(unicodedata.normalize("NFKC", text).split())
    if _HANGUL_AND_BLANKS.fullmatch(name):
        name = name.replace(" ", "")
    fine = 0 < len(name) <= LONGEST_NAME and all(
        unicodedata.category(letter)[0] in "LM" or letter in " .'-·’" for letter in name
    )
    return name if fine else ""


def age_on(birth_date: date, day: date) -> int:
    """만 나이: full years on that day. Who was born on 29 February is a year older on 1 March."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))
