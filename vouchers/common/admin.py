"""Bases of every admin class.

What an official may see and change follows from ``request.authority`` alone; rows of other municipalities do not exist
here (row-level security). Nothing is deleted: what is over gets an end date or a state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, wraps
from inspect import isfunction, signature
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import flatten, flatten_fieldsets
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin, TabularInline

from vouchers.common.database import domain_errors
from vouchers.common.errors import DomainError
from vouchers.common.korean import document_date, document_datetime
from vouchers.common.money import money
from vouchers.common.paginator import CappedPaginator

YEARS = frozenset({"fiscal_year", "year"})
LAST_CHARACTER = "\U0010ffff"


class TenantForm(forms.ModelForm):
    """Checks uniqueness within the municipality even where the form does not ask for one."""

    fixed_municipality: ClassVar[str | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.fixed_municipality and not getattr(self.instance, "municipality_id", None):
            self.instance.municipality_id = self.fixed_municipality

    def _get_validation_exclusions(self) -> set[str]:
        exclusions: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # private to Django
        return exclusions - {"municipality"}


def _once(name: str, column: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    @wraps(column)
    def told(page: Any, row: Any) -> Any:
        known = vars(row).setdefault("_told", {})
        if name not in known:
            known[name] = column(page, row)
        return known[name]

    return told


class ReadMixin:
    """Permissions of a class whose rows nobody changes here.

    What its columns tell of a row is worked out once: the theme looks at a column several times, and some ask the database.
    """

    view_permission: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, column in list(vars(cls).items()):
            if isfunction(column) and hasattr(column, "short_description") and len(signature(column).parameters) == 2:
                setattr(cls, name, _once(name, column))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the menu lists it."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """At the row's own municipality; anywhere when no row is named."""
        return bool(request.authority.may(self.view_permission, municipality_of(obj)))  # type: ignore[attr-defined]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class EditMixin(ReadMixin):
    """Permissions of a class whose rows some roles add and change."""

    edit_permission: ClassVar[str]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.authority.may(self.edit_permission))  # type: ignore[attr-defined]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.authority.may(self.edit_permission, municipality_of(obj)))  # type: ignore[attr-defined]


def municipality_of(obj: Any) -> str | None:
    """The region code of a row's municipality; None for no row and for rows that all municipalities share."""
    if not isinstance(obj, models.Model):
        return None
    code: str | None = getattr(obj, getattr(obj, "tenant_column", "municipality_id"), None)
    return code


class ListAdmin(ReadMixin, ModelAdmin):
    """A list and a page for each row, to read."""

    actions: ClassVar[Sequence[str] | None] = None
    paginator = CappedPaginator
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_filter_sheet = True
    prefix_search: ClassVar[Sequence[str]] = ()
    """Fields found by how they begin."""
    exact_search: ClassVar[Sequence[str]] = ()
    """Fields found by their whole value."""
    empty_hint: ClassVar[Any] = ""
    """What an official can do when the list is empty."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.search_fields = [*cls.prefix_search, *cls.exact_search]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Called by what it lists. Django's own title is a sentence that Korean grammar does not survive."""
        title = self.model._meta.verbose_name_plural
        response: HttpResponse = super().changelist_view(request, {"title": title, **(extra_context or {})})
        return response

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The link to the history stands where there is one."""
        context = {"show_history": issubclass(type(self), SimpleHistoryAdmin), **(extra_context or {})}
        response: HttpResponse = super().changeform_view(request, object_id, form_url, context)
        return response

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What stands on the page to read links to a row only for those who may open that row; a year is no amount."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or is_old_version(request):
            return fieldsets
        fixed = self.get_readonly_fields(request, obj) if self.has_change_permission(request, obj) else None
        read = [field for field in self.model._meta.fields if fixed is None or field.name in fixed]
        columns = {
            field.name: unlinked(self.model, field.name)
            for field in read
            if field.related_model and not _may_open(request, field)
        }
        columns |= {field.name: ungrouped(self.model, field.name) for field in read if field.name in YEARS}
        return [(title, {**options, "fields": _in_columns(options["fields"], columns)}) for title, options in fieldsets]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        """Row-level security names a list of municipalities, which keeps no order of a key that begins with it. So where the
        list has but one, it is named here, and the newest rows are the last of the key."""
        rows = super().get_queryset(request)
        if getattr(request, "is_of_a_row", False):
            return rows.select_related(*self._named())
        codes = request.authority.municipalities  # type: ignore[attr-defined]
        return rows.filter(municipality=min(codes)) if len(codes) == 1 and self._is_tenant() else rows

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row of a page, in one query with the rows that the page names; to read a page it is asked for once."""
        request.is_of_a_row = True  # type: ignore[attr-defined]
        found = vars(request).setdefault("_found", {})
        if request.method != "GET" or (type(self), object_id) not in found:
            found[type(self), object_id] = super().get_object(request, object_id, from_field)
        return found[type(self), object_id]

    def _named(self) -> set[str]:
        fields = flatten_fieldsets(self.fieldsets) if self.fieldsets else flatten(self.fields or ())
        named = {field.name for field in self.model._meta.fields if field.related_model and field.name in fields}
        return named | set(self.list_select_related if isinstance(self.list_select_related, Sequence) else ())

    def _is_tenant(self) -> bool:
        return any(field.name == "municipality" for field in self.model._meta.fields)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        """Another municipality's row is a row that does not exist; Django would lead home and repeat the key."""
        raise Http404

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what the list offers as a filter. Django would take any column of the table in the address, so that
        masked values could be found out by guessing, and ten million rows read for a column without index."""
        offered = self.get_list_filter(request) if request else self.list_filter
        names = [name for name in offered if isinstance(name, str)]
        own = {getattr(offer, "parameter_name", None) for offer in offered}
        return lookup in own or any(lookup == name or lookup.startswith(f"{name}__") for name in names)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Rows that nobody changes have no history."""
        raise Http404

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet, search_term: str
    ) -> tuple[models.QuerySet, bool]:
        """Ranges and equality alone. LIKE is not leakproof, so under row-level security it would read every row."""
        term = search_term.strip()
        if not term:
            return queryset, False
        found = models.Q()
        for name in self.prefix_search:
            found |= models.Q(**{f"{name}__gte": term, f"{name}__lt": term + LAST_CHARACTER})
        for name in self.exact_search:
            found |= models.Q(**{name: term})
        try:
            return queryset.filter(found), False
        except ValidationError:  # a key that is none
            return queryset.none(), False


def is_old_version(request: HttpRequest) -> bool:
    """Its page builds a form of all fields, also for those who may only read."""
    return request.resolver_match is not None and str(request.resolver_match.url_name).endswith("_simple_history")


def _may_open(request: HttpRequest, field: models.Field) -> bool:
    other = admin.site._registry.get(field.related_model)  # type: ignore[arg-type]
    return other is not None and bool(other.has_view_permission(request))


def _in_columns(names: Sequence[Any], columns: dict[str, Any]) -> list[Any]:
    return [tuple(_in_columns(name, columns)) if isinstance(name, tuple) else columns.get(name, name) for name in names]


@cache
def ungrouped(model: type[models.Model], name: str) -> Callable[[models.Model], str]:
    """A year to read: 2026, where Django would write 2,026."""

    @admin.display(description=model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    def column(obj: models.Model) -> str:
        return str(getattr(obj, name))

    column.__name__ = name
    return column


@cache
def unlinked(model: type[models.Model], name: str) -> Callable[[models.Model], str]:
    """The name of the row that a foreign key refers to, without the link that Django makes of it."""

    @admin.display(description=model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    def column(obj: models.Model) -> str:
        other = getattr(obj, name)
        return "-" if other is None else str(other)

    column.__name__ = name
    return column


class EditAdmin(EditMixin, ListAdmin):
    """A list and a form."""

    form = TenantForm
    save_on_top = False

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        """Where the official may edit at one municipality only, a new row belongs there without asking."""
        form: type[forms.ModelForm] = super().get_form(request, obj, change=change, **kwargs)
        codes = self.editable_municipalities(request)
        fixed = codes[0] if len(codes) == 1 and not change else None
        return type(form.__name__, (form,), {"fixed_municipality": fixed})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for the municipality first where the official may choose one."""
        fieldsets = list(super().get_fieldsets(request, obj))
        if obj is None and self._is_tenant() and len(self.editable_municipalities(request)) > 1:
            return [(None, {"fields": ["municipality"]}), *fieldsets]
        return fieldsets

    def formfield_for_foreignkey(self, db_field: models.ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        """Only municipalities where the official may edit are offered."""
        if db_field.name == "municipality":
            remote: Any = db_field.remote_field.model
            kwargs["queryset"] = remote.objects.filter(pk__in=self.editable_municipalities(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Any:
        """Without buttons that open another form in a window of its own."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """What the database refuses in spite of the form is told, and nothing of it stays."""
        try:
            with transaction.atomic(), domain_errors():
                response: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
                return response
        except DomainError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(request.get_full_path())

    def editable_municipalities(self, request: HttpRequest) -> list[str]:
        """Region codes where the official may add rows."""
        authority = request.authority  # type: ignore[attr-defined]
        return [code for code in sorted(authority.municipalities) if authority.may(self.edit_permission, code)]


class HistoryAdmin(SimpleHistoryAdmin, EditAdmin):
    """A list, a form and who changed what. Old versions are read, never put back."""

    def revert_disabled(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def set_history_delta_changes(
        self, request: HttpRequest, historical_records: Any, *args: Any, **kwargs: Any
    ) -> None:
        """A change without a reason shows a dash, where the library would show 'None'."""
        super().set_history_delta_changes(request, historical_records, *args, **kwargs)
        for record in historical_records:
            record.history_change_reason = record.history_change_reason or "-"

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Who changed it is a link for those who may open the page of an official."""
        officials = self.admin_site.get_model_admin(get_user_model())
        hidden = {} if officials.has_view_permission(request) else {"admin_user_view": ""}
        response: HttpResponse = super().history_view(request, object_id, hidden | (extra_context or {}))
        return response

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """An old version is only shown."""
        if request.method != "GET":
            return HttpResponse(status=405)
        response: HttpResponse = super().history_form_view(request, object_id, version_id, extra_context)
        return response


class TenantFormSet(forms.BaseInlineFormSet):
    """Rows that belong to the municipality of the row they stand under.

    The name of a field stands above its column for the eye; to a screen reader each field says it itself.
    """

    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        """Also of the row that the button adds in the browser."""
        super().add_fields(form, index)
        for bound in form.visible_fields():
            widget: Any = bound.field.widget
            getattr(widget, "widget", widget).attrs.setdefault("aria-label", bound.label)

    def _construct_form(self, i: int, **kwargs: Any) -> forms.ModelForm:
        form: forms.ModelForm = super()._construct_form(i, **kwargs)  # type: ignore[misc]  # private to Django
        if not form.instance.municipality_id:
            form.instance.municipality_id = self.instance.municipality_id
        return form


class ReadInline(ReadMixin, TabularInline):
    """Rows under another row, to read."""

    extra = 0
    can_delete = False
    show_change_link = False


class EditInline(EditMixin, TabularInline):
    """Rows under another row, to add and change."""

    formset = TenantFormSet
    form = TenantForm
    extra = 0
    can_delete = False
    exclude: ClassVar[Sequence[str]] = ["municipality"]


# Columns


def won(name: str, label: Any) -> Callable[[Any, models.Model], str]:
    """A column of money: digits in groups of three with 원, sortable by nothing (the tables are large)."""

    @admin.display(description=label)
    def column(_: Any, obj: models.Model) -> str:
        amount = getattr(obj, name)
        return "-" if amount is None else money(amount)

    return column


def moment(name: str, label: Any) -> Callable[[Any, models.Model], str]:
    """A column of date and time, as offices write it."""

    @admin.display(description=label)
    def column(_: Any, obj: models.Model) -> str:
        at = getattr(obj, name)
        return document_datetime(at) if at else "-"

    return column


def day(name: str, label: Any) -> Callable[[Any, models.Model], str]:
    """A column of a day, as offices write it."""

    @admin.display(description=label)
    def column(_: Any, obj: models.Model) -> str:
        value = getattr(obj, name)
        return document_date(value) if value else "-"

    return column
