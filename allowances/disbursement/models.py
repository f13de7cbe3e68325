"""지급: the chunks in which an approved list is posted to the ledger, each exactly once."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from allowances.batches.models import StagingModel


class DisbursementChunk(StagingModel):
    """지급 묶음: a range of an approved list's rows with their count, sum and digest; posted when it has a journal."""

    app_privileges: ClassVar[str] = "SELECT"

    pk = models.CompositePrimaryKey("municipality_id", "batch_id", "number")
    municipality = models.ForeignKey(
        "vouchers.Municipality", on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    batch_id = models.UUIDField()
    number = models.IntegerField(_("묶음"))
    first_row = models.IntegerField()
    last_row = models.IntegerField()
    rows = models.IntegerField(_("건수"))
    amount = models.BigIntegerField(_("금액"))
    digest = models.TextField()
    journal_id = models.UUIDField(null=True)
    posted_at = models.DateTimeField(_("지급일시"), null=True)

    class Meta(StagingModel.Meta):
        verbose_name = _("지급 묶음")
        verbose_name_plural = _("지급 묶음")
