"""What every view of the API shares: strict reading of JSON, and answers without serializers.

DRF's serializers and negotiation cost five times what these views do (reference: 391 against 68 µs for a request). So
a request body is decoded by msgspec straight into a frozen Struct whose ``Meta`` holds the limits, and the same Struct
makes the schema in the OpenAPI document: one definition of what is accepted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, TypeVar

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from rest_framework.views import APIView

from vouchers.common import problems
from vouchers.common.problems import FieldProblem

LARGEST_BODY = 16 * 1024
"""Bytes. The largest sensible request has about 800."""

_encoder = msgspec.json.Encoder()


class RequestBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a request may contain. Unknown members are refused: with a mistyped ``amount``, a partial cancellation
    would be a full one. ``hints`` says for each member what it must look like."""

    hints: ClassVar[Mapping[str, Any]] = {}


Body = TypeVar("Body", bound=RequestBody)


class LeanView(APIView):
    """A view whose errors are problem documents. Authentication is what a subclass does in ``admit``.

    Of DRF's view it is what drf-spectacular describes; `dispatch` is its own, and methods get Django's request.
    """

    authentication_classes = ()
    permission_classes = ()
    http_method_names = ("get", "head", "post")
    largest_body: ClassVar[int] = LARGEST_BODY
    """Bytes. More where one request carries many things."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Instead of DRF's request, negotiation, versioning, permissions and throttles."""
        self.request, self.args, self.kwargs = request, args, kwargs  # type: ignore[assignment]
        try:
            self.initial(request)
            method = (request.method or "").lower()
            response: HttpResponseBase = getattr(self, method)(request, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - logged there, unless it was foreseen
            return self.handle_exception(error)
        return response

    def initial(self, request: HttpRequest) -> None:
        """Refuse what no method of this view would answer."""
        if request.method not in self.allowed_methods:
            raise problems.MethodNotAllowed
        refuse_unless_json_is_accepted(request)
        request.largest_body = self.largest_body  # type: ignore[attr-defined]
        self.admit(request)

    def admit(self, request: HttpRequest) -> None:
        """Raise what keeps this client out. Here: nothing."""

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        """Every error, foreseen or not, as a problem document."""
        return problems.response_to(exc, allow=self.allowed_methods)


def answer(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """A JSON answer. It concerns money and one client, so no cache may keep it."""
    return HttpResponse(
        _encoder.encode(value), status=status, content_type="application/json",
        headers={"Cache-Control": "no-store"} | dict(headers or {}),
    )  # fmt: skip


def refuse_unless_json_is_accepted(request: HttpRequest) -> None:
    """Raises NotAcceptable."""
    wanted = request.META.get("HTTP_ACCEPT", "*/*")
    if "*/*" not in wanted and not request.accepts("application/json"):
        raise problems.NotAcceptable


def body_of(request: HttpRequest) -> bytes:
    """The raw body. Raises BodyTooLarge before reading it, LengthRequired or MediaTypeUnsupported."""
    if "HTTP_TRANSFER_ENCODING" in request.META:
        raise problems.LengthRequired
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or len(length) > 9:
        raise problems.RequestProblem
    if int(length) > getattr(request, "largest_body", LARGEST_BODY):
        raise problems.BodyTooLarge
    if int(length) and request.content_type != "application/json":
        raise problems.MediaTypeUnsupported
    return request.body


def read(body: bytes, kind: type[Body]) -> Body:
    """The body as a ``kind``. Raises JsonInvalid, or FieldsInvalid that names every wrong member."""
    try:
        value = _decoder(kind).decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _diagnosis(body, kind) from error
    _refuse_members_twice(body)
    return value


@cache
def _decoder(kind: type[Body]) -> msgspec.json.Decoder[Body]:
    return msgspec.json.Decoder(kind)


def _refuse_members_twice(body: bytes) -> None:
    """msgspec takes the last of two members of one name; a proxy may have checked the first."""
    json.loads(body, object_pairs_hook=_once_each)


def _once_each(members: list[tuple[str, Any]]) -> None:
    if len({name for name, _value in members}) != len(members):
        raise problems.JsonInvalid


def _diagnosis(body: bytes, kind: type[RequestBody]) -> problems.RequestProblem:
    """Slower than decoding, and only for bodies already refused: every wrong member at once."""
    try:
        members = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return problems.JsonInvalid()
    if not isinstance(members, dict):
        return problems.FieldsInvalid([FieldProblem("", "type", _("JSON 객체여야 합니다."))])
    errors = [*_unknown(members, kind), *_missing(members, kind), *_wrong(members, kind)]
    return problems.FieldsInvalid(errors) if errors else problems.JsonInvalid()


def _unknown(members: Mapping[str, Any], kind: type[RequestBody]) -> list[FieldProblem]:
    return [
        FieldProblem(_pointer(name[:64]), "unknown", _("알 수 없는 항목입니다."))
        for name in sorted(members.keys() - set(kind.__struct_fields__))[:10]
    ]


def _missing(members: Mapping[str, Any], kind: type[RequestBody]) -> list[FieldProblem]:
    return [
        FieldProblem(_pointer(field.name), "required", _("반드시 보내야 하는 항목입니다."))
        for field in msgspec.structs.fields(kind)
        if field.required and field.name not in members
    ]


def _wrong(members: Mapping[str, Any], kind: type[RequestBody]) -> list[FieldProblem]:
    wrong = []
    for field in msgspec.structs.fields(kind):
        if field.name not in members:
            continue
        try:
            # From JSON again: converting Python values would take 1.0 for 1 and accept other forms of a UUID.
            _field_decoder(kind, field.name).decode(_encoder.encode(members[field.name]))
        except msgspec.ValidationError:
            wrong.append(FieldProblem(_pointer(field.name), "invalid", kind.hints[field.name]))
    return wrong


@cache
def _field_decoder(kind: type[RequestBody], name: str) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder({field.name: field.type for field in msgspec.structs.fields(kind)}[name])


def _pointer(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")
