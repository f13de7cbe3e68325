"""Where shops' papers are kept: sealed, outside the database, for this installation."""

from __future__ import annotations

from django.conf import settings

from vouchers.privacy.fields import key_ring
from vouchers.privacy.files import FileStore


def paper_store() -> FileStore:
    """The store of papers. For admin, which may read settings; services get it passed in."""
    return FileStore(directory=settings.SEALED_FILES_DIR / "papers", ring=key_ring())
