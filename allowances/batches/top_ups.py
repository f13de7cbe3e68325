"""What a list that gives people of a paid list more (추가 지급) is checked against: that list, and not the conditions again."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_SQL: Final = Path(__file__).parent / "sql"

CHECKS: Final = (
    *(
        (_SQL / "checks" / f"{name}.sql").read_text(encoding="utf-8")
        for name in ("01_not_a_member", "02_wallet", "03_duplicate_in_file")
    ),
    *(path.read_text(encoding="utf-8") for path in sorted((_SQL / "top_up").glob("*.sql"))),
)
