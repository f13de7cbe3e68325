"""``manage.py audit_ledger``: prove the ledger of all municipalities, or say where it differs."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from vouchers.common.korean import grouped
from vouchers.ledger.audit import Finding, audit


class Command(BaseCommand):
    """Runs as the owner, because an auditor sees every municipality."""

    help = "Check every invariant of the ledger in SQL; exit status 1 on any difference."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each invariant with its figure."""
        findings = audit(using="owner")
        for found in findings:
            self.stdout.write(_line(found))
        wrong = sum(found.difference != 0 for found in findings)
        if wrong:
            raise CommandError(_("원장이 맞지 않습니다: %(wrong)s개 항목에 차이가 있습니다.") % {"wrong": wrong})
        self.stdout.write(_("원장이 모두 맞습니다: %(count)s개 항목") % {"count": len(findings)})


def _line(found: Finding) -> str:
    verdict = _("일치") if found.difference == 0 else _("차이 %(amount)s") % {"amount": grouped(found.difference)}
    rule = found.invariant
    return f"[{verdict}] {rule.title} · {rule.figure} {grouped(found.figure)}{rule.unit}"
