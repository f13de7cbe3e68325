"""What bodies of several rooms are made of."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal

from django.utils.translation import gettext_lazy as _
from msgspec import Meta, Struct

LARGEST_AMOUNT: Final = 999_999_999_999
"""Won. What a currency allows is far less, and dated data; this only keeps nonsense out."""

Won = Annotated[int, Meta(ge=1, le=LARGEST_AMOUNT, examples=[15000])]
VISIBLE: Final = r"^[!-~]+\Z"
"""Visible ASCII. Not ``$``, which in Python also stands before a final line break."""
Moment = Annotated[datetime, Meta(tz=True)]
"""A point in time, which the document then calls a date-time; replies tell it in UTC."""
OrderId = Annotated[str, Meta(min_length=1, max_length=64, pattern=VISIBLE, examples=["ORD-20261122-0001"])]

WON_HINT: Final = _("1 이상 999,999,999,999 이하의 정수(원)여야 합니다. 소수, 지수 표기, 문자열은 사용할 수 없습니다.")
UUID_HINT: Final = _("UUID 형식이어야 합니다.")
ORDER_HINT: Final = _("공백 없는 ASCII 문자 1~64자여야 합니다.")


class Health(Struct, frozen=True):
    """The web server and its database answer."""

    about: ClassVar[Any] = _("웹 서버와 데이터베이스가 응답합니다.")

    status: Literal["ok"] = "ok"
