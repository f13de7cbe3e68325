"""The daily mail: what waits for an official, since when, with a link to each. It names no recipient of any list.

That somebody is written to is put down before the mail leaves. So a worker that dies in between costs one mail, and
nobody ever gets two in a day; a mail that cannot be sent stops nobody else's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import NamedTuple
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


class Alarm(NamedTuple):
    """Something else that the daily mail tells: a line of text, and the path of the page about it."""

    text: str
    path: str


ALARMS: list[Callable[[Authority, date], list[Alarm]]] = []
"""What upper rooms have to tell an official on a day; each answers in the language that is active."""

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
        alarms = _alarms(authority, day)
        if not waiting and not returned and not alarms:
            return False
        subject, text = compose(
            official=official, waiting=waiting, returned=returned, alarms=alarms, day=day, site=site
        )
        mail, is_new = DigestMail.objects.get_or_create(
            official=official, day=day,
            defaults={"municipality_id": official.municipality_id, "items": len(waiting) + len(returned) + len(alarms)},
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


def _alarms(authority: Authority, day: date) -> list[Alarm]:
    with translation.override("ko"):
        return [alarm for told in ALARMS for alarm in told(authority, day)][:ITEMS_SHOWN]


def compose(
    *, official: Official, waiting: list[Waiting], returned: list[Batch], day: date, site: str,
    alarms: Sequence[Alarm] = (),
) -> tuple[str, str]:  # fmt: skip
    """Subject and text, in Korean."""
    with translation.override("ko"):
        papers = len(waiting) + len(returned)
        title = (
            _("[장터] 처리할 결재 %(count)s건 (%(day)s)") if papers else _("[장터] 확인할 알림 %(count)s건 (%(day)s)")
        )
        subject = title % {"count": papers or len(alarms), "day": document_date(day)}
        text = render_to_string(
            "allowances/approvals/digest.txt",
            {
                "official": official, "site": site, "settings": site + reverse("admin:my_settings"), "today": day,
                "waiting": [{"one": one, "link": site + reverse("admin:batch_approval", args=[one.batch.pk])}
                            for one in waiting],
                "returned": [{"batch": batch, "link": site + reverse("admin:batch_approval", args=[batch.pk])}
                             for batch in returned],
                "alarms": [{"text": alarm.text, "link": site + alarm.path} for alarm in alarms],
            },
        )  # fmt: skip
    return subject, text


def _note(official: Official, mail: UUID, **fields: object) -> None:
    with scope(municipalities=[official.municipality_id]):
        DigestMail.objects.filter(pk=mail).update(**fields)
