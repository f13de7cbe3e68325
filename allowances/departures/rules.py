"""The two columns of a departure list that recipient lists do not have."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from allowances.eligibility.facts import Fact, FactType

DEPARTED_ON: Final = Fact(
    name="departed_on", label=_("사망·전출일"), type=FactType.DATE,
    aliases=(
        "사망일", "사망일자", "전출일", "전출일자", "사망전출일", "사망전출일자", "변동일", "변동일자",
        "사유발생일", "발생일", "발생일자", "일자", "처리일", "신고일",
    ),
)  # fmt: skip
DEPARTURE: Final = Fact(
    name="departure", label=_("사망·전출 구분"), type=FactType.CHOICE,
    aliases=("구분", "사망전출구분", "변동구분", "변동사유", "변동내용", "사유", "종류"),
    choices={
        "deceased": ("사망", "사망말소", "사망신고", "사망자", "사망처리"),
        "moved_out": ("전출", "전출자", "관외전출", "타시군전출", "타시군구전출", "타시도전출", "국외이주", "이민"),
    },
    choice_labels={"deceased": _("사망"), "moved_out": _("전출")},
)  # fmt: skip
