"""공무원과 역할 부여."""

from __future__ import annotations

from itertools import combinations
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from vouchers.common.admin import EditInline, HistoryAdmin, ListAdmin, TenantForm, TenantFormSet, day, moment
from vouchers.common.pages import find, page, refusals_shown, render
from vouchers.common.seoul import business_date
from vouchers.officials import services
from vouchers.officials.models import Absence, IncompatibleRoles, Official, RoleAssignment
from vouchers.officials.rules import Role
from vouchers.officials.selectors import absences_of, deputyships_of
from vouchers.officials.services import forget_failures


class OfficialForm(TenantForm):
    """An official, and a password: needed at the beginning, later only to replace a forgotten one."""

    new_password = forms.CharField(
        label=_("새 비밀번호"),
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = Official
        fields: ClassVar = [
            "municipality",
            "username",
            "name",
            "department",
            "position",
            "email",
            "wants_digest",
            "is_active",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "new_password" in self.fields:
            self.fields["new_password"].required = self.instance._state.adding
            self.fields["new_password"].help_text = (
                password_validators_help_text_html() if self.instance._state.adding else _("바꿀 때만 입력합니다.")
            )

    def clean_new_password(self) -> str:
        """The rules of passwords, told at the field."""
        password: str = self.cleaned_data["new_password"]
        if password:
            validate_password(password, self.instance)
        return password

    def save(self, commit: bool = True) -> Official:
        """Store the password one-way."""
        if self.cleaned_data.get("new_password"):
            self.instance.set_password(self.cleaned_data["new_password"])
            forget_failures(username=self.instance.username)
        official: Official = super().save(commit)
        return official


class AssignmentFormSet(TenantFormSet):
    """Roles of one official. Two that exclude each other are told before the database refuses them."""

    def clean(self) -> None:
        """Compare every two roles that share a day."""
        super().clean()
        pairs = {frozenset((pair.role, pair.other)): pair.reason for pair in IncompatibleRoles.objects.all()}
        held = [form for form in self.forms if form.is_bound and form.cleaned_data.get("role") and not form.errors]
        for first, second in combinations(held, 2):
            roles = frozenset((first.cleaned_data["role"], second.cleaned_data["role"]))
            if roles in pairs and _share_a_day(first.cleaned_data, second.cleaned_data):
                names = {
                    "role": Role(first.cleaned_data["role"]).label,
                    "other": Role(second.cleaned_data["role"]).label,
                }
                second.add_error(
                    "role",
                    _(
                        "%(role)s 역할과 %(other)s 역할은 같은 기간에 함께 가질 수 없습니다. 기존 역할의 종료일을 먼저 입력하십시오."
                    )
                    % names,
                )


def _share_a_day(first: dict[str, Any], second: dict[str, Any]) -> bool:
    def begins_before_end(one: dict[str, Any], other: dict[str, Any]) -> bool:
        return other["valid_until"] is None or bool(one["valid_from"] <= other["valid_until"])

    return begins_before_end(first, second) and begins_before_end(second, first)


class RoleAssignmentInline(EditInline):
    """The roles under their official; a role that is over gets an end date."""

    model = RoleAssignment
    formset = AssignmentFormSet
    view_permission = "audit.view"
    edit_permission = "officials.edit"
    fields: ClassVar = ["role", "valid_from", "valid_until", "reason"]


@admin.register(Official)
class OfficialAdmin(HistoryAdmin):
    """Officials of the municipality."""

    view_permission = "audit.view"
    edit_permission = "officials.edit"
    form = OfficialForm
    list_display: ClassVar = ["name", "username", "department", "position", "roles", "is_active", "last_login_seoul"]
    list_filter: ClassVar = ["is_active", "assignments__role"]
    prefix_search: ClassVar = ["username", "name"]
    search_help_text = _("아이디 또는 성명의 앞부분")
    inlines: ClassVar = [RoleAssignmentInline]
    fieldsets: ClassVar = [
        (None, {"fields": [("name", "username"), ("department", "position"), ("email", "wants_digest"), "is_active"]}),
        (_("비밀번호"), {"fields": ["new_password"]}),
    ]

    last_login_seoul = moment("last_login", _("최근 로그인"))

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the roles, in one more query."""
        return super().get_queryset(request).prefetch_related("assignments")

    @admin.display(description=_("역할"))
    def roles(self, official: Official) -> str:
        """Every role of today or later, without those that are over."""
        names = {str(held.get_role_display()) for held in official.assignments.all() if held.valid_until is None}
        return ", ".join(sorted(names)) or "-"


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(ListAdmin):
    """Who has held which role when, for the auditor."""

    view_permission = "audit.view"
    list_display: ClassVar = ["official", "role", "from_day", "until_day", "reason", "municipality"]
    list_select_related: ClassVar = ["official", "municipality"]
    list_filter: ClassVar = ["role"]
    prefix_search: ClassVar = ["official__username", "official__name"]
    search_help_text = _("아이디 또는 성명의 앞부분")
    fields: ClassVar = ["official", "role", "from_day", "until_day", "reason"]

    from_day = day("valid_from", _("시작일"))
    until_day = day("valid_until", _("종료일"))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With the official, whom the scope must hold: a role of somebody of the province is a row of the province's."""
        return super().get_queryset(request).select_related("official", "municipality")


@admin.register(Absence)
class AbsenceAdmin(HistoryAdmin):
    """Who is away when, and who signs in their place. Everybody plans their own on the page 'my_settings'."""

    view_permission = "audit.view"
    edit_permission = "officials.edit"
    list_display: ClassVar = ["official", "deputy", "from_day", "until_day", "reason", "is_cancelled"]
    list_select_related: ClassVar = ["official", "deputy"]
    list_filter: ClassVar = ["is_cancelled"]
    prefix_search: ClassVar = ["official__username", "official__name"]
    search_help_text = _("아이디 또는 성명의 앞부분")
    autocomplete_fields: ClassVar = ["official", "deputy"]
    fields: ClassVar = [("official", "deputy"), ("valid_from", "valid_until"), "reason", "is_cancelled"]
    empty_hint = _("휴가나 출장으로 자리를 비우는 동안 결재를 대신할 사람을 기간을 정하여 등록합니다.")

    from_day = day("valid_from", _("시작일"))
    until_day = day("valid_until", _("종료일"))


@admin.register(IncompatibleRoles)
class IncompatibleRolesAdmin(ListAdmin):
    """The pairs that nobody may combine."""

    view_permission = "audit.view"
    list_display: ClassVar = ["role", "other", "reason_text"]
    fields: ClassVar = ["role", "other", "reason_text"]

    @admin.display(description=_("사유"))
    def reason_text(self, pair: IncompatibleRoles) -> str:
        """In the reader's language."""
        return str(_(pair.reason))


@admin.register(LogEntry)
class OwnActionsAdmin(ListAdmin):
    """What the official has done here themselves; row-level security hides what others did."""

    list_display: ClassVar = ["action_time_seoul", "kind", "object_named", "what"]
    list_select_related: ClassVar = ["content_type"]
    fields: ClassVar = ["action_time_seoul", "kind", "object_named", "what"]
    list_display_links = None
    empty_hint = _("화면에서 등록하거나 고친 내용이 여기에 남습니다.")

    action_time_seoul = moment("action_time", _("처리일시"))

    @admin.display(description=_("업무"))
    def kind(self, entry: LogEntry) -> str:
        """By the name of its list, without the Django app."""
        return str(entry.content_type.name) if entry.content_type else "-"

    @admin.display(description=_("대상"))
    def object_named(self, entry: LogEntry) -> str:
        """As it was called then."""
        return entry.object_repr

    @admin.display(description=_("처리"))
    def what(self, entry: LogEntry) -> str:
        """Added, or which fields were changed."""
        return str(entry.get_change_message())

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Everybody, their own."""
        return True


class AbsenceForm(forms.ModelForm):
    """One's own absence. The deputy is chosen among colleagues of the same municipality."""

    class Meta:
        model = Absence
        fields: ClassVar = ["deputy", "valid_from", "valid_until", "reason"]
        widgets: ClassVar = {
            "deputy": UnfoldAdminSelectWidget, "valid_from": UnfoldAdminTextInputWidget(attrs={"type": "date"}),
            "valid_until": UnfoldAdminTextInputWidget(attrs={"type": "date"}),
            "reason": UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        }  # fmt: skip

    def __init__(self, *args: Any, official: Official, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        colleagues = Official.objects.filter(municipality=official.municipality_id, is_active=True)
        self.fields["deputy"] = forms.ModelChoiceField(
            label=_("대결자"), queryset=colleagues.exclude(pk=official.pk).order_by("department", "name"),
            widget=UnfoldAdminSelectWidget, empty_label=_("대결자를 고르십시오"),
        )  # fmt: skip
        self.fields["deputy"].label_from_instance = _with_department  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The order of the days, told at the field."""
        values: dict[str, Any] = super().clean() or {}
        first, last = values.get("valid_from"), values.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", _("종료일은 시작일보다 빠를 수 없습니다."))
        return values


def _with_department(official: Official) -> str:
    return f"{official.department} · {official}" if official.department else str(official)


@page("my/settings/", name="my_settings", methods=("GET", "POST"))
def my_settings(request: HttpRequest) -> HttpResponse:
    """One's own absences with their deputies, whose deputy one is, and the daily mail."""
    official: Any = request.user
    today = business_date(request.at)  # type: ignore[attr-defined]
    form = AbsenceForm(request.POST or None, official=official)
    if form.is_bound and form.is_valid():
        with refusals_shown(request):
            services.plan_absence(official=official, by=official, authority=request.authority, day=today,  # type: ignore[attr-defined]
                                  **form.cleaned_data)  # fmt: skip
            messages.success(request, _("부재를 등록했습니다. 그 기간에는 대결자도 내 결재를 처리할 수 있습니다."))
            return redirect("admin:my_settings")
    return render(
        request, "vouchers/officials/my_settings.html", title=_("내 부재와 알림"), form=form,
        absences=absences_of(official=official, day=today),
        deputyships=deputyships_of(official_id=official.pk, day=today), today=today,
        status=422 if form.is_bound and not form.is_valid() else 200,
    )  # fmt: skip


@page("my/absence/<uuid:absence_id>/end/", name="my_absence_end", methods=("POST",))
def end_my_absence(request: HttpRequest, absence_id: UUID) -> HttpResponse:
    """Back again, or not going after all."""
    official: Any = request.user
    absence = find(Absence.objects.select_related("official", "municipality"), absence_id)
    with refusals_shown(request):
        services.end_absence(
            absence=absence, by=official, authority=request.authority, day=business_date(request.at),  # type: ignore[attr-defined]
        )  # fmt: skip
        messages.success(request, _("부재를 끝냈습니다. 대결자는 더 이상 대신 서명할 수 없습니다."))
    return redirect("admin:my_settings")


@page("my/digest/", name="my_digest", methods=("POST",))
def choose_my_digest(request: HttpRequest) -> HttpResponse:
    """The daily mail: wanted or not."""
    official: Any = request.user
    wanted = request.POST.get("wants_digest") == "1"
    services.choose_digest(official=official, wanted=wanted)
    messages.success(request, _("하루 한 번 메일로 알립니다.") if wanted else _("알림 메일을 보내지 않습니다."))
    return redirect("admin:my_settings")
