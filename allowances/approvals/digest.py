"""The daily mail: what waits for an official, since when, with a link to each. It names no recipient of any list.

That somebody is written to is put down before the mail leaves. So a worker that dies in between costs one mail, and
nobody ever gets two in a day; a mail that cannot be sent stops nobody else's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from allowances.approvals.models import DigestMail
from allowances.approvals.selectors import Waiting, came_back_to, waiting_items
from allowances.batches.models import Batch
from vouchers.common.korean import document_date
from vouchers.common.scope import scope
from vouchers.common.seoul import business_date
from vouchers.officials.models import Official
from vouchers.officials.selectors import Authority, authority_of

ITEMS_SHOWN = 50

Send = Callable[[str, str, str], None]
"""Subject, text, address."""

logger = logging.getLogger(__name__)


def send_digests(*, municipality: str, at: datetime, send: Send, site: str) -> int:
    """Write to every official of the municipality for whom something waits; returns how many mails left.

    ``site`` is the address before the links. Repeating it on the same day writes to nobody again.
    """
    day = business_date(at)
    with scope(municipalities=[municipality]):
        wanted = Official.objects.filter(municipality=municipality, is_active=True, wants_digest=True).exclude(email="")
        officials = list(wanted.order_by("pk"))
    return sum(_write_to(official, day, at, send, site) for official in officials)


def _write_to(official: Official, day: date, at: datetime, send: Send, site: str) -> bool:
    authority = authority_of(official_id=official.pk, day=day)
    with scope(municipalities={official.municipality_id, *authority.municipalities}, official=str(official.pk)):
        waiting, returned = _gathered(authority)
        if not waiting and not returned:
            return False
        subject, text = compose(official=official, waiting=waiting, returned=returned, day=day, site=site)
        mail, is_new = DigestMail.objects.get_or_create(
            official=official, day=day,
            defaults={"municipality_id": official.municipality_id, "items": len(waiting) + len(returned)},
        )  # fmt: skip
    if not is_new:
        return False
    try:
        send(subject, text, official.email)
    except Exception as error:  # whatever one mailbox does must not cost the others their mail
        logger.exception("daily mail to official %s not sent", official.pk)
        _note(official, mail.pk, failure=type(error).__name__)
        return False
    _note(official, mail.pk, sent_at=at)
    return True


def _gathered(authority: Authority) -> tuple[list[Waiting], list[Batch]]:
    waiting = waiting_items(authority=authority, limit=ITEMS_SHOWN)
    return waiting, list(came_back_to(authority=authority)[:ITEMS_SHOWN])


def compose(
    *, official: Official, waiting: list[Waiting], returned: list[Batch], day: date, site: str
) -> tuple[str, str]:
    """Subject and text, in Korean."""
    with translation.override("ko"):
        subject = _("[장터] 처리할 결재 %(count)s건 (%(day)s)") % {
            "count": len(waiting) + len(returned), "day": document_date(day),
        }  # fmt: skip
        text = render_to_string(
            "allowances/approvals/digest.txt",
            {
                "official": official, "site": site, "settings": site + reverse("admin:my_settings"), "today": day,
                "waiting": [{"one": one, "link": site + reverse("admin:batch_approval", args=[one.batch.pk])}
                            for one in waiting],
                "returned": [{"batch": batch, "link": site + reverse("admin:batch_approval", args=[batch.pk])}
                             for batch in returned],
            },
        )  # fmt: skip
    return subject, text


def _note(official: Official, mail: UUID, **fields: object) -> None:
    with scope(municipalities=[official.municipality_id]):
        DigestMail.objects.filter(pk=mail).update(**fields)
