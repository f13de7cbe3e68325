"""일일 대사: the days of a currency, the equation of one day, the bank's file, and what explains a difference."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from vouchers.common.errors import DomainError, NotFound
from vouchers.common.filters import chosen_municipality
from vouchers.common.korean import document_date, grouped
from vouchers.common.pages import find, page, refusals_shown, render, require
from vouchers.common.seoul import business_date
from vouchers.currencies.models import Currency
from vouchers.municipalities.models import Municipality
from vouchers.reconciliation import errors, selectors, services, workbook
from vouchers.reconciliation.models import BankLine, BankMatch, BankStatement, DayReview

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ACCEPTED = (".xlsx", ".xls", ".csv", ".txt", ".htm", ".html")
_FILE_DAYS = 400
_STATEMENTS_SHOWN = 10


@page("reconciliation/", name="reconciliation")
def days(request: HttpRequest) -> HttpResponse:
    """The closed days of a currency, latest first."""
    require(request, "settlement.view")
    currency = _chosen_currency(request)
    before = _day_of(request.GET.get("before"))
    found = selectors.days_of(currency=currency.pk, before=before, limit=selectors.SHOWN_DAYS + 1) if currency else []
    shown = found[: selectors.SHOWN_DAYS]
    return render(
        request, "vouchers/reconciliation/days.html", title=_("일일 대사"), currency=currency, days=shown,
        currencies=_currencies(request), more=shown[-1].review.business_date if len(found) > len(shown) else None,
        address=urlencode({"currency": str(currency.pk)}) if currency else "",
        statements=BankStatement.objects.filter(currency=currency).select_related("uploaded_by", "partner")[
            :_STATEMENTS_SHOWN
        ],
        may_edit=currency is not None and _may_edit(request, currency.municipality_id),
    )  # fmt: skip


@page("reconciliation/days.xlsx", name="reconciliation_file")
def days_file(request: HttpRequest) -> HttpResponse:
    """The same as a workbook, for up to four hundred days. It names no citizen."""
    require(request, "settlement.view")
    currency = _chosen_currency(request)
    if currency is None:
        raise NotFound
    at = request.at  # type: ignore[attr-defined]
    found = selectors.days_of(currency=currency.pk, limit=_FILE_DAYS)
    first, last = (found[-1].review.business_date, found[0].review.business_date) if found else (date.max, date.min)
    content = workbook.render(
        found, sums=selectors.balances_of(currency=currency, first=first, last=last),
        lines=list(selectors.open_lines(currency=currency.pk).order_by("-day", "-id")[: selectors.SHOWN_ITEMS]),
        movements=selectors.open_movements(currency=currency.pk), currency=currency, at=at,
    )  # fmt: skip
    name = f"{gettext('일일대사')}_{currency.name}_{business_date(at):%Y%m%d}.xlsx"
    return HttpResponse(
        content, content_type=_XLSX, headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    )


@page("reconciliation/<uuid:review_id>/", name="reconciliation_day")
def day(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """The equation of one day, what is open on either side, and what was written about it."""
    review = _review(request, review_id)
    may_edit = _may_edit(request, review.municipality_id)
    wanted = request.GET.get("line", "")
    lines = selectors.open_lines(currency=review.currency_id)
    line = lines.filter(pk__in=_keys([wanted])).first() if wanted and may_edit else None
    neighbours = DayReview.objects.filter(currency=review.currency_id)
    of_day = BankMatch.objects.filter(currency=review.currency_id, undone_at=None, line_day=review.business_date)
    matched = list(of_day.select_related("line", "matched_by").order_by("line", "id")[: selectors.SHOWN_ITEMS])
    return render(
        request, "vouchers/reconciliation/day.html", review=review, picture=selectors.picture(review=review),
        title=_("%(day)s 일일 대사") % {"day": document_date(review.business_date)}, may_edit=may_edit, line=line,
        candidates=selectors.open_movements(currency=review.currency_id, around=line.day) if line else [],
        gap=None if review.bank_balance is None else review.bank_balance - review.ledger_balance,
        may_see_ledger=request.authority.may("audit.view", review.municipality_id),  # type: ignore[attr-defined]
        before=neighbours.filter(business_date__lt=review.business_date).order_by("-business_date").first(),
        after=neighbours.filter(business_date__gt=review.business_date).order_by("business_date").first(),
        matched=matched, posted=selectors.posted(matched),
    )  # fmt: skip


@page("reconciliation/<uuid:review_id>/explain/", name="reconciliation_explain", methods=("POST",))
def explain(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Sign for the difference."""
    review = _review(request, review_id, "reconciliation.edit")
    said = request.POST.get("unexplained", "")
    with refusals_shown(request):
        services.explain(
            review=review, unexplained=int(said) if said.lstrip("-").isdecimal() and len(said) < 20 else 0,
            text=request.POST.get("text", ""), **_acting(request),
        )  # fmt: skip
        messages.success(request, _("설명을 남기고 서명했습니다. 차이 금액이 그대로인 동안 유효합니다."))
    return redirect("admin:reconciliation_day", review.pk)


@page("reconciliation/line/<uuid:line_id>/match/", name="reconciliation_match", methods=("POST",))
def match(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """Say which movements of the ledger a line of the bank is."""
    line = _line(request, line_id)
    with refusals_shown(request):
        services.match(line=line, journals=_keys(request.POST.getlist("journal")), **_acting(request))
        messages.success(request, _("은행 거래와 원장 이동을 연결했습니다."))
    return _back(line)


@page("reconciliation/line/<uuid:line_id>/receive/", name="reconciliation_receive", methods=("GET", "POST"))
def receive(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """Say which top-ups a line of the bank pays: choose them, look at what is posted, post it.

    What was chosen stands in the address, so that a search keeps it and nothing is held between two requests.
    """
    line = _line(request, line_id)
    if line.amount <= 0:
        raise NotFound
    if request.method == "POST":
        return _receive(request, line)
    if line.matches.filter(undone_at=None).exists():
        messages.warning(request, str(errors.MatchConflict()))
        return _back(line)
    step, chosen = request.GET.get("step", ""), _chosen(request.GET)
    if step == "check" and not chosen:
        messages.warning(request, _("이 입금에 해당하는 충전을 먼저 고르십시오."))
    if step == "whole" or (step == "check" and chosen):
        found = selectors.deposits_of(line=line, top_ups=None if step == "whole" else chosen)
        return render(
            request, "vouchers/reconciliation/receive_check.html", title=_("충전 입금 반영 확인"), line=line, found=found,
            step=step, chosen=chosen, gone=0 if step == "whole" else len(chosen) - len(found.top_ups),
            top_ups=selectors.top_ups(
                municipality=line.municipality_id, keys=found.top_ups[: selectors.SHOWN_TOP_UPS]
            ),
        )  # fmt: skip
    text, amount = request.GET.get("q", "").strip()[:64], _won_of(request.GET.get("amount", ""))
    return render(
        request, "vouchers/reconciliation/receive.html", title=_("충전 입금으로 반영"), line=line, text=text, amount=amount,
        chosen=selectors.top_ups(municipality=line.municipality_id, keys=chosen),
        waiting=selectors.waiting_top_ups(line=line, text=text, amount=amount, without=chosen),
        most=selectors.SHOWN_TOP_UPS, back=_day_page(line),
    )  # fmt: skip


def _receive(request: HttpRequest, line: BankLine) -> HttpResponse:
    """Post it, if it is still what was shown; otherwise choose again."""
    whole = request.POST.get("step") == "whole"
    chosen = _chosen(request.POST)
    seen = selectors.Seen(*(_won_of(request.POST.get(name, "")) or 0 for name in selectors.Seen._fields))
    with refusals_shown(request):
        services.receive(line=line, top_ups=None if whole else chosen, seen=seen, **_acting(request))
        messages.success(request, _("충전 입금으로 원장에 반영했습니다."))
        return _back(line)
    query = urlencode({"top_up": [] if whole else [str(key) for key in chosen]}, doseq=True)
    return redirect(f"{reverse('admin:reconciliation_receive', args=[line.pk])}?{query}")


def _chosen(data: QueryDict) -> list[UUID]:
    return list(dict.fromkeys(_keys(data.getlist("top_up"))))


def _won_of(text: str) -> int | None:
    digits = text.replace(",", "").strip()
    return int(digits) if digits.isdecimal() and len(digits) < 16 else None


@page("reconciliation/line/<uuid:line_id>/unmatch/", name="reconciliation_unmatch", methods=("POST",))
def unmatch(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """Undo a wrong match."""
    line = _line(request, line_id)
    with refusals_shown(request):
        services.unmatch(line=line, **_acting(request))
        messages.success(request, _("연결을 해제했습니다. 해제한 기록은 남습니다."))
    return _back(line)


class StatementForm(forms.Form):
    """A currency's account, and its file."""

    currency = forms.ModelChoiceField(
        label=_("상품권"), queryset=Currency.objects.none(), empty_label=None, widget=UnfoldAdminSelectWidget
    )
    file = forms.FileField(
        label=_("은행 거래내역 파일(엑셀 또는 CSV)"), max_length=200,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ",".join(_ACCEPTED)}),
        error_messages={"empty": _("파일에 내용이 없습니다. 은행에서 다시 내려받으십시오.")},
    )  # fmt: skip
    through = forms.DateField(
        label=_("조회 마지막 날"), required=False, widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        help_text=_("파일의 마지막 거래 뒤로 거래가 없던 날까지 조회했으면 그 날을 적습니다. 비우면 마지막 거래일까지로 봅니다."),
    )  # fmt: skip

    def __init__(self, *args: Any, municipalities: list[str], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._today = today
        self.fields["currency"].queryset = Currency.objects.filter(municipality__in=municipalities)  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        """Its kind by its name, and its size."""
        file = self.cleaned_data["file"]
        if not file.name.lower().endswith(_ACCEPTED):
            raise forms.ValidationError(_("은행에서 내려받은 엑셀(.xlsx, .xls)이나 CSV 파일을 올리십시오."))
        if file.size > services.LARGEST_FILE:
            limit = {"limit": services.LARGEST_FILE // 1024**2}
            raise forms.ValidationError(
                _("파일이 너무 큽니다. %(limit)sMB 이하가 되도록 기간을 나누어 내려받으십시오.") % limit
            )
        return file

    def clean_through(self) -> date | None:
        """No day that has not come."""
        through: date | None = self.cleaned_data["through"]
        if through and through > self._today:
            raise forms.ValidationError(_("아직 오지 않은 날입니다."))
        return through


@page("reconciliation/upload/", name="reconciliation_upload", methods=("GET", "POST"))
def upload(request: HttpRequest) -> HttpResponse:
    """Take in the bank's file; the list of days then shows how they stand."""
    require(request, "reconciliation.edit")
    authority: Any = request.authority  # type: ignore[attr-defined]
    own = [code for code in sorted(authority.municipalities) if authority.may("reconciliation.edit", code)]
    at = request.at  # type: ignore[attr-defined]
    form = StatementForm(
        request.POST or None, request.FILES or None, municipalities=own, today=business_date(at),
        initial={"currency": request.GET.get("currency")},
    )  # fmt: skip
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        try:
            done = services.upload(
                currency=data["currency"], file=data["file"], file_name=data["file"].name, through=data["through"],
                **_acting(request),
            )  # fmt: skip
        except DomainError as error:
            form.add_error("file", str(error))
        else:
            made = done.statement
            messages.success(
                request,
                gettext("%(first)s ~ %(last)s 거래 %(lines)s건(새 거래 %(new)s건)을 올렸고, 원장과 %(matched)s건을 연결했습니다.") % {
                    "first": document_date(made.first_day), "last": document_date(made.last_day),
                    "lines": grouped(made.lines_total), "new": grouped(made.lines_new), "matched": grouped(done.matched),
                },
            )  # fmt: skip
            return redirect(f"{reverse('admin:reconciliation')}?{urlencode({'currency': data['currency'].pk})}")
    return render(
        request, "vouchers/reconciliation/upload.html", title=_("은행 거래내역 올리기"), form=form,
        status=200 if not form.is_bound or form.is_valid() else 422,
    )  # fmt: skip


def _acting(request: HttpRequest) -> dict[str, Any]:
    return {"official": request.user, "authority": request.authority, "at": request.at}  # type: ignore[attr-defined]


def _may_edit(request: HttpRequest, municipality: str) -> bool:
    return bool(request.authority.may("reconciliation.edit", municipality))  # type: ignore[attr-defined]


def _currencies(request: HttpRequest) -> list[Currency]:
    """The currencies of every municipality where the official sees settlements."""
    authority: Any = request.authority  # type: ignore[attr-defined]
    codes = [code for code in sorted(authority.municipalities) if authority.may("settlement.view", code)]
    names = {city.pk: city.name for city in Municipality.objects.filter(pk__in=codes)} if len(codes) > 1 else {}
    found = list(Currency.objects.filter(municipality__in=codes).order_by("municipality", "-is_active", "name")[:200])
    for currency in found:
        currency.place = names.get(currency.municipality_id, "")  # type: ignore[attr-defined]
    return found


def _chosen_currency(request: HttpRequest) -> Currency | None:
    """What the address names, else the first of the official's own municipality."""
    found = _currencies(request)
    if wanted := request.GET.get("currency"):
        chosen = [currency for currency in found if str(currency.pk) == wanted]
        if not chosen:
            raise NotFound
        return chosen[0]
    own = chosen_municipality(request)
    return next((one for one in found if one.municipality_id == own), found[0] if found else None)


def _day_of(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise NotFound from error


def _keys(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts[: selectors.SHOWN_ITEMS]]
    except ValueError as error:
        raise NotFound from error


def _review(request: HttpRequest, key: UUID, permission: str = "settlement.view") -> DayReview:
    review = find(DayReview.objects.select_related("currency"), key)
    require(request, permission, review.municipality_id)
    return review


def _line(request: HttpRequest, key: UUID) -> BankLine:
    line = find(BankLine.objects.all(), key)
    require(request, "reconciliation.edit", line.municipality_id)
    return line


def _back(line: BankLine) -> HttpResponse:
    return redirect(_day_page(line))


def _day_page(line: BankLine) -> str:
    """The day of the line, or the list while that day is not closed."""
    review = DayReview.objects.filter(currency=line.currency_id, business_date=line.day).first()
    if review is None:
        return f"{reverse('admin:reconciliation')}?{urlencode({'currency': line.currency_id})}"
    return reverse("admin:reconciliation_day", args=[review.pk])
