"""Pages of long lists: the newest rows first, each page beginning where the one before ended.

A cursor is the id of the last row shown, with a tag that binds it to the partner and to the address it came from: it is
opaque to whoever holds it, cannot be made up, and leads nowhere in another list. Ids are uuidv7, so their order is that
of time, and rows that come in between two pages move nothing.

    page = cursors.page_of(request, caller=self.caller)
    found = selectors.transactions(caller=self.caller, before=page.before, limit=page.fetch)   # newest first
    shown, next_cursor = page.cut(found)
    return answer(Transactions([transaction_of(row) for row in shown], next_cursor))
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Collection, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from vouchers.common.problems import FieldProblem, FieldsInvalid
from vouchers.partners.selectors import Caller

DEFAULT_LIMIT: Final = 50
LARGEST_LIMIT: Final = 100
CURSOR_LENGTH: Final = 32
LIMIT_HINT: Final = _("1 이상 100 이하의 정수여야 합니다.")
CURSOR_HINT: Final = _("같은 주소의 앞 응답에 있던 next_cursor여야 합니다.")
UNKNOWN_HINT: Final = _("알 수 없는 항목입니다.")
_TAG_BYTES = 8

Row = TypeVar("Row")


class Page(NamedTuple):
    """What of a list is asked for: ``limit`` rows with an id below ``before``; None: from the newest."""

    before: UUID | None
    limit: int
    list_id: bytes

    @property
    def fetch(self) -> int:
        """How many rows to read: one more than are shown tells whether there is a next page."""
        return self.limit + 1

    def cut(
        self, rows: Sequence[Row], *, id_of: Callable[[Row], UUID] = attrgetter("id")
    ) -> tuple[Sequence[Row], str | None]:
        """The rows to show, and the cursor of the next page; None at the end. ``id_of`` gives the id of a row."""
        if len(rows) <= self.limit:
            return rows, None
        shown = rows[: self.limit]
        return shown, _sealed(id_of(shown[-1]), self.list_id)


def page_of(request: HttpRequest, *, caller: Caller, also: Collection[str] = ()) -> Page:
    """Read ``?cursor=&limit=``. ``also``: names of further parameters, which the view reads itself.

    Raises FieldsInvalid that names every unknown, repeated or wrong parameter.
    """
    query = request.GET
    list_id = f"{caller.partner}|{request.path}".encode()
    limit, before = DEFAULT_LIMIT, None
    wrong = [FieldProblem(f"/{name[:64]}", "unknown", UNKNOWN_HINT)
             for name in sorted(query.keys() - {"cursor", "limit", *also})[:10]]  # fmt: skip
    if "limit" in query:
        found = _limit(query.getlist("limit"))
        limit = found or limit
        wrong += [] if found else [FieldProblem("/limit", "invalid", LIMIT_HINT)]
    if "cursor" in query:
        before = _opened(query.getlist("cursor"), list_id)
        wrong += [] if before else [FieldProblem("/cursor", "invalid", CURSOR_HINT)]
    if wrong:
        raise FieldsInvalid(wrong)
    return Page(before, limit, list_id)


def _limit(values: Sequence[str]) -> int | None:
    if len(values) != 1 or len(values[0]) > 3 or not (values[0].isascii() and values[0].isdecimal()):
        return None
    number = int(values[0])
    return number if 1 <= number <= LARGEST_LIMIT else None


def _sealed(position: UUID, list_id: bytes) -> str:
    return base64.urlsafe_b64encode(position.bytes + _tag(position.bytes, list_id)).decode()


def _opened(values: Sequence[Any], list_id: bytes) -> UUID | None:
    if len(values) != 1 or len(values[0]) != CURSOR_LENGTH or not values[0].isascii():
        return None
    try:
        sealed = base64.b64decode(values[0], altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    position, tag = sealed[:-_TAG_BYTES], sealed[-_TAG_BYTES:]
    return UUID(bytes=position) if hmac.compare_digest(tag, _tag(position, list_id)) else None


def _tag(position: bytes, list_id: bytes) -> bytes:
    key = hashlib.sha256(b"jangteo:cursor:" + settings.SECRET_KEY.encode()).digest()
    return hmac.digest(key, position + list_id, "sha256")[:_TAG_BYTES]
