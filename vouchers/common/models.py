"""Bases that every room's models share."""

from __future__ import annotations

import os
import time
import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


def uuid7() -> uuid.UUID:
    """A time-ordered id (RFC 9562, version 7). Sorts by creation; never used as business time.

    ``uuid.uuid7`` of the standard library comes with Python 3.14.
    """
    value = int.from_bytes(os.urandom(16)) & ((1 << 80) - 1)
    value |= (time.time_ns() // 1_000_000) << 80
    value = value & ~(0xF << 76) | (0x7 << 76)
    return uuid.UUID(int=value & ~(0x3 << 62) | (0x2 << 62))


class UUID7(models.Func):
    """PostgreSQL 18's ``uuidv7()``, for rows that SQL or COPY inserts."""

    function = "uuidv7"
    arity = 0
    output_field = models.UUIDField()


class IdModel(models.Model):
    """A row with a time-ordered UUID as key, whoever inserts it."""

    id = models.UUIDField(_("번호"), primary_key=True, default=uuid7, db_default=UUID7(), editable=False)

    class Meta:
        abstract = True


class TenantModel(IdModel):
    """A row that belongs to one municipality; row-level security is derived from the field's presence."""

    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.PROTECT, related_name="+", verbose_name=_("지자체")
    )

    class Meta:
        abstract = True


class Stamped(models.Model):
    """When a row came into being, by the database's clock: for people who search, never for business rules."""

    created_at = models.DateTimeField(_("등록일시"), db_default=Now(), editable=False)

    class Meta:
        abstract = True


class LedgerModel(models.Model):
    """A table that only SQL functions of the owner write; the application may read it."""

    app_privileges: ClassVar[str] = "SELECT"

    class Meta:
        abstract = True
        managed = False
