"""What a list that takes money back (환수) is read for and checked against, where that differs from a payment's list."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from django.utils.translation import gettext_lazy as _

from allowances.eligibility.facts import Fact, FactType

_SQL: Final = Path(__file__).parent / "sql"

REASON: Final = Fact(
    name="clawback_reason", label=_("환수 사유"), type=FactType.TEXT,
    aliases=("환수사유", "환수결정사유", "반환사유", "환수원인", "부정수급사유", "과오지급사유", "사유"),
)  # fmt: skip

AMOUNT: Final = Fact(
    name="amount", label=_("환수액"), type=FactType.DECIMAL,
    aliases=(
        "환수액", "환수금액", "환수결정액", "환수결정금액", "환수예정액", "환수예정금액", "환수할금액", "반환액", "반환금액",
        "반환금", "환수금",
    ),
)  # fmt: skip
"""Names of the amount that count before all others: beside 환수액, 지급액 is what was paid once."""

CHECKS: Final = (
    *(path.read_text(encoding="utf-8") for path in sorted((_SQL / "clawback").glob("*.sql"))),
    (_SQL / "checks" / "03_duplicate_in_file.sql").read_text(encoding="utf-8"),
)
