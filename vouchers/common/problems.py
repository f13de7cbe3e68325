"""RFC 9457 problem documents: the one place that says over HTTP what went wrong.

Whatever a view raises goes through `response_to`. A person reads ``title`` and ``detail`` in the request's language, a
program reads ``code``, which never changes once published. Nobody learns anything of the inside from it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import msgspec
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views import defaults
from rest_framework.exceptions import APIException

from vouchers.common.errors import DomainError, NotFound, NotPermitted

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
RETRY_SECONDS = 1

TITLES: Mapping[int, Any] = {
    400: _("잘못된 요청"),
    401: _("인증 실패"),
    403: _("권한 없음"),
    404: _("대상 없음"),
    405: _("허용되지 않는 메서드"),
    406: _("제공할 수 없는 응답 형식"),
    409: _("현재 상태와 충돌"),
    411: _("본문 길이 누락"),
    413: _("요청 본문 크기 초과"),
    415: _("지원하지 않는 요청 형식"),
    422: _("처리할 수 없는 요청"),
    429: _("요청 횟수 초과"),
    500: _("서버 오류"),
    503: _("일시적 이용 불가"),
}


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one value: an RFC 6901 pointer to it, a stable code, and the reason for a person."""

    pointer: str
    code: str
    detail: Any


class RequestProblem(DomainError):
    """The request itself is wrong, before any rule of the domain is asked."""

    code = "request_invalid"
    status = 400
    message = _("요청을 읽을 수 없습니다.")
    headers: ClassVar[Mapping[str, str]] = {}


class JsonInvalid(RequestProblem):
    """The body is not one JSON document in UTF-8, or names a member twice."""

    code = "json_invalid"
    message = _("요청 본문이 올바른 JSON이 아닙니다. 같은 이름의 항목을 두 번 보낼 수 없습니다.")


class FieldsInvalid(RequestProblem):
    """Members are missing, unknown or not of the documented form; ``errors`` names each of them."""

    code = "fields_invalid"
    status = 422
    message = _("요청 항목에 잘못된 값이 있습니다. errors를 확인하십시오.")

    def __init__(self, errors: Sequence[FieldProblem]) -> None:
        super().__init__()
        self.errors = tuple(errors)


class CredentialsInvalid(RequestProblem):
    """No credentials, unknown or revoked ones, or a wrong secret. Which of them is not told."""

    code = "credentials_invalid"
    status = 401
    message = _("연계 인증키가 없거나 올바르지 않습니다.")
    headers = {"WWW-Authenticate": 'Bearer realm="jangteo"'}


class IdempotencyKeyMissing(RequestProblem):
    """A write request needs the header Idempotency-Key."""

    code = "idempotency_key_missing"
    message = _("Idempotency-Key 헤더가 필요합니다.")


class IdempotencyKeyInvalid(RequestProblem):
    """The key is not 1 to 255 visible ASCII characters."""

    code = "idempotency_key_invalid"
    message = _("Idempotency-Key 헤더는 공백 없는 ASCII 문자 1~255자여야 합니다.")


class NotAcceptable(RequestProblem):
    """The client accepts no JSON."""

    code = "not_acceptable"
    status = 406
    message = _("응답은 application/json 형식으로만 제공합니다.")


class LengthRequired(RequestProblem):
    """The body came without Content-Length."""

    code = "length_required"
    status = 411
    message = _("요청에 Content-Length 헤더가 필요합니다.")


class BodyTooLarge(RequestProblem):
    """More bytes than any request of this API needs."""

    code = "body_too_large"
    status = 413
    message = _("요청 본문이 너무 큽니다.")


class MediaTypeUnsupported(RequestProblem):
    """The body is not declared as JSON."""

    code = "media_type_unsupported"
    status = 415
    message = _("요청 본문은 application/json 형식이어야 합니다.")


class Unavailable(RequestProblem):
    """The database does not answer, or is too busy. Nothing is known to have happened: send the same request again."""

    code = "unavailable"
    status = 503
    message = _("일시적으로 처리할 수 없습니다. 같은 Idempotency-Key로 잠시 후 다시 요청하십시오.")
    headers = {"Retry-After": str(RETRY_SECONDS)}


class ServerError(RequestProblem):
    """A fault of ours. The log has it."""

    code = "server_error"
    status = 500
    message = _("서버 오류로 요청을 처리하지 못했습니다. 계속되면 운영 기관에 알려 주십시오.")


class MethodNotAllowed(RequestProblem):
    """This address does not know this method."""

    code = "method_not_allowed"
    status = 405
    message = _("이 주소에서는 허용되지 않는 메서드입니다.")


class TooManyRequests(RequestProblem):
    """More requests in a minute than agreed, or too many wrong keys. ``headers`` say when to come back."""

    code = "too_many_requests"
    status = 429
    message = _("요청이 너무 많습니다. Retry-After 헤더의 시간(초)이 지난 뒤 다시 요청하십시오.")
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "60"}

    def __init__(self, *, headers: Mapping[str, str] = headers) -> None:
        super().__init__()
        self.headers = headers  # type: ignore[misc]  # of this refusal, in place of the example's


_BY_STATUS: Mapping[int, type[DomainError]] = {
    error.status: error
    for error in (
        RequestProblem, CredentialsInvalid, NotPermitted, NotFound, MethodNotAllowed, NotAcceptable, BodyTooLarge,
        MediaTypeUnsupported, TooManyRequests, Unavailable,
    )
}  # fmt: skip


_FORESEEN: Sequence[tuple[tuple[type[Exception], ...], type[DomainError]]] = (
    ((Http404,), NotFound),
    ((PermissionDenied,), NotPermitted),
    ((RequestDataTooBig,), BodyTooLarge),
    ((SuspiciousOperation,), RequestProblem),
    ((OperationalError, InterfaceError), Unavailable),
)


class WrongMember(msgspec.Struct):
    """What is wrong with one member: an RFC 6901 pointer to it, a stable code, and the reason for a person."""

    about: ClassVar[Any] = _("잘못된 항목의 위치(RFC 6901), 바뀌지 않는 code, 사람에게 보일 이유.")

    pointer: str
    code: str
    detail: str


class Document(msgspec.Struct, omit_defaults=True):
    """What is sent: RFC 9457's members, then ours."""

    about: ClassVar[Any] = _("RFC 9457의 항목과 이 API의 항목(code, errors, params).")

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[WrongMember] = []
    params: dict[str, Any] = {}


@dataclass
class Answer:
    """An error as it leaves: its document and the headers that belong to it."""

    document: Document
    headers: dict[str, str] = field(default_factory=dict)


def response_to(exception: BaseException, *, allow: Sequence[str] = ()) -> HttpResponse:
    """The problem document for anything a view raised. ``allow``: the methods to name when the method was wrong."""
    error = error_behind(exception)
    if error.status >= 500:
        logger.error("answered %s", error.code, exc_info=exception)
    answer = described(error)
    if error.status == 405:
        answer.headers["Allow"] = ", ".join(allow)
    return HttpResponse(
        msgspec.json.encode(answer.document), status=error.status, content_type=CONTENT_TYPE, headers=answer.headers
    )


def error_behind(exception: BaseException) -> DomainError:
    """The domain error that an exception amounts to; ServerError for what nobody foresaw."""
    if isinstance(exception, DomainError):
        return exception
    if isinstance(exception, APIException):
        return _BY_STATUS.get(exception.status_code, ServerError)()
    return next((error() for kinds, error in _FORESEEN if isinstance(exception, kinds)), ServerError())


def described(error: DomainError) -> Answer:
    """The document of a domain error in the active language."""
    errors = [
        WrongMember(problem.pointer, problem.code, str(problem.detail)) for problem in getattr(error, "errors", ())
    ]
    document = Document(
        type=f"urn:jangteo:problem:{error.code}",
        title=str(TITLES.get(error.status, TITLES[400])),
        status=error.status,
        detail=str(error),
        code=error.code,
        errors=errors,
        params=error.params,
    )
    return Answer(document, dict(getattr(error, "headers", {})))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's ``handler400``, for what fails before a view is reached: a problem document where the API is meant."""
    if is_api(request):
        return response_to(exception)
    return defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's ``handler500``, for what fails outside a view. Django has logged it."""
    return response_to(ServerError()) if is_api(request) else defaults.server_error(request)


def is_api(request: HttpRequest) -> bool:
    """Whether a program asks, not a person with a browser."""
    return request.path.startswith(("/api/", "/healthz"))
