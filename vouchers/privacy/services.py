"""Writing down who saw whose personal data. The record is part of the same transaction as the act."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from vouchers.privacy.models import AccessAction, AccessRecord


def record_access(
    *, municipality: str, official: UUID, address: str | None, action: AccessAction, subject: str, reason: str,
    at: datetime, count: int = 1,
) -> AccessRecord:  # fmt: skip
    """Add one 접속기록. ``subject`` names the people by id or list, never by name or number; ``count`` how many."""
    return AccessRecord.objects.create(
        municipality_id=municipality, official_id=official, address=address, action=action, subject=subject,
        reason=reason, at=at, count=count,
    )  # fmt: skip
