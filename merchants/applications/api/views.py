"""The views: check what is asked, call one service, answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse

from merchants.applications import selectors, services
from merchants.applications.api import documents
from merchants.applications.api.bodies import NewShopApplication, application_of
from merchants.applications.errors import CellsWrong
from vouchers.common.api import answer, read
from vouchers.common.problems import FieldProblem, FieldsInvalid
from vouchers.common.scope import scope
from vouchers.partners.api.views import PartnerView, moment_of, written
from vouchers.partners.rules import Scope

_FIELDS = {"category": "category_id", "dong": "dong_id"}
_MEMBERS = {field: member for member, field in _FIELDS.items()}


class ApplicationsView(PartnerView):
    """가맹점 등록 신청."""

    scopes: ClassVar[Mapping[str, str]] = {"POST": Scope.APPLICATIONS_WRITE}

    @documents.create_application
    def post(self, request: HttpRequest) -> HttpResponse:
        """Apply."""
        write, body = self.write(request)
        wanted = msgspec.structs.asdict(read(body, NewShopApplication))
        said = {_FIELDS.get(member, member): value for member, value in wanted.items()}
        try:
            made, replayed = services.apply(write=write, said=said, at=moment_of(request))
        except CellsWrong as error:
            wrong = [
                FieldProblem(f"/{_MEMBERS.get(name, name)}", "invalid", why) for name, why in error.reasons.items()
            ]
            raise FieldsInvalid(wrong) from error
        with scope(municipalities=[self.caller.municipality]):
            found = selectors.application(partner=self.caller.partner, key=made)
        return written(application_of(found), f"/api/v1/shop-applications/{made}", replayed=replayed)


class ApplicationView(PartnerView):
    """가맹점 등록 신청 하나."""

    scopes: ClassVar[Mapping[str, str]] = {"GET": Scope.APPLICATIONS_WRITE}

    @documents.read_application
    def get(self, request: HttpRequest, application: UUID) -> HttpResponse:
        """What became of it."""
        with scope(municipalities=[self.caller.municipality]):
            return answer(application_of(selectors.application(partner=self.caller.partner, key=application)))
