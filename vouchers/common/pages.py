"""Pages of the admin that are neither a list nor a form, and what all pages share.

A page is a function of the request, registered with its address. The admin site serves it behind the login; the page
itself asks ``require`` for the permission at the municipality of what it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from types import TracebackType
from typing import Any, TypeVar
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from vouchers.common.errors import DomainError, NotFound, NotPermitted

View = Callable[..., HttpResponseBase]
Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True)
class Page:
    """One page: ``route`` below /admin/, ``name`` below the namespace admin."""

    route: str
    name: str
    view: View


PAGES: list[Page] = []


def page(route: str, *, name: str, methods: tuple[str, ...] = ("GET",)) -> Callable[[View], View]:
    """Register a page. What changes something takes ``methods=("POST",)`` and nothing else."""

    def register(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            with _as_http_errors():
                return view(request, **arguments)

        PAGES.append(Page(route, name, answer))
        return answer

    return register


@contextmanager
def _as_http_errors() -> Iterator[None]:
    try:
        yield
    except NotFound as error:
        raise Http404(str(error)) from error
    except NotPermitted as error:
        raise PermissionDenied(str(error)) from error


class refusals_shown:  # noqa: N801  (reads as the verb it is, like contextlib.suppress)
    """Run a step; when a rule refuses it, nothing of it stays and the person is told why."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._step = transaction.atomic()

    def __enter__(self) -> None:
        self._step.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._step.__exit__(kind, error, trace)
        if not isinstance(error, DomainError) or isinstance(error, (NotFound, NotPermitted)):
            return False
        messages.error(self._request, str(error))
        return True


def require(request: HttpRequest, permission: str, municipality: str | None = None) -> None:
    """Raise PermissionDenied unless the official's roles grant it there."""
    if not request.authority.may(permission, municipality):  # type: ignore[attr-defined]
        raise PermissionDenied(str(NotPermitted()))


def find(rows: models.QuerySet[Row] | models.Manager[Row], key: UUID | str) -> Row:
    """The row with this key inside the scope, or a 404, also for a key that is none."""
    row = rows.filter(pk=key).first()
    if row is None:
        raise NotFound
    return row


def render(request: HttpRequest, template: str, *, title: Any, status: int = 200, **context: Any) -> TemplateResponse:
    """A page inside the admin's frame."""
    context = {**admin.site.each_context(request), "title": title, **context}
    return TemplateResponse(request, template, context, status=status)
