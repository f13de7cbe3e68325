"""Fields of the form of benefit terms: rates in percent, steps in pairs, shops by names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
)

from vouchers.common.admin import TenantForm
from vouchers.common.fields import PercentField
from vouchers.incentives.models import BenefitKind, BenefitTerms, BenefitTier
from vouchers.ledger.models import LotKind
from vouchers.municipalities.models import Dong

STEPS_OFFERED = 3
"""Pairs on the form, and always one that is empty."""


class StepsWidget(forms.MultiWidget):
    """소진율 80% 부터 지급률 50%, one below the other."""

    def __init__(self, pairs: int) -> None:
        widgets: list[forms.Widget] = []
        for number in range(1, pairs + 1):
            labels = (
                gettext("%(number)s단계 예산 소진율(%%)") % {"number": number},
                gettext("%(number)s단계 지급률(%%)") % {"number": number},
            )
            widgets += [UnfoldAdminIntegerFieldWidget({"aria-label": label}) for label in labels]
        super().__init__(widgets)

    def decompress(self, value: Any) -> list[Any]:
        """Nothing: what the form holds comes as a list (`StepsField.flat`)."""
        return []

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Each pair reads as a sentence."""
        context = self.get_context(name, value, attrs)
        shown = [
            self._render(part["template_name"], {"widget": part}, renderer)  # type: ignore[attr-defined]  # as MultiWidget does
            for part in context["widget"]["subwidgets"]
        ]
        line = gettext("소진율 {}% 부터 지급률 {}%")
        pairs = zip(shown[::2], shown[1::2], strict=True)
        return format_html_join("", '<div class="jt-step">{}</div>', ((format_html(line, *pair),) for pair in pairs))


class StepsField(forms.MultiValueField):
    """Pairs (percent of the budget used, 1/10000 of the rates), told in ascending order."""

    def __init__(self, *, pairs: int, **kwargs: Any) -> None:
        fields: list[forms.Field] = []
        for _number in range(pairs):
            fields += [forms.IntegerField(min_value=1, max_value=99, required=False), PercentField(required=False)]
        super().__init__(
            fields=fields, widget=StepsWidget(pairs), require_all_fields=False, required=False, **kwargs
        )  # fmt: skip

    def flat(self, steps: Sequence[tuple[int, int]]) -> list[Any]:
        """Pairs as the inputs show them, in percent, the rest empty."""
        told = [part for used, factor in steps for part in (used, f"{factor / 100:g}")]
        return told + [None] * (len(self.fields) - len(told))

    def compress(self, values: list[Any]) -> list[tuple[int, int]]:
        """Raises ValidationError unless both halves are given, no percentage twice, and the factors fall."""
        pairs = [pair for pair in zip(values[::2], values[1::2], strict=True) if pair != (None, None)]
        if any(None in pair for pair in pairs):
            raise ValidationError(_("소진율과 지급률을 함께 입력하십시오."))
        pairs.sort()
        factors = [10_000, *(factor for _, factor in pairs)]
        if any(before >= after for (before, _), (after, _) in pairwise(pairs)):
            raise ValidationError(_("소진율이 같은 단계가 있습니다."))
        if any(before <= after for before, after in pairwise(factors)):
            raise ValidationError(_("지급률은 100%보다 낮고, 소진율이 높은 단계일수록 더 낮아야 합니다."))
        return pairs


class ChoicesWidget(forms.CheckboxSelectMultiple):
    """Boxes to tick that open from a line which says what is ticked; it fits into a table's cell."""

    def __init__(self, *, nothing: Any) -> None:
        super().__init__()
        self.nothing = nothing

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Works without a script; with one, the line follows what is ticked."""
        groups = self.get_context(name, value, attrs)["widget"]["optgroups"]
        options = [option for _, group, _ in groups for option in group]
        boxes = format_html_join(
            "", '<label><input type="checkbox" name="{}" value="{}"{}> {}</label>',
            ((name, option["value"], " checked" if option["selected"] else "", option["label"]) for option in options),
        )  # fmt: skip
        chosen = ", ".join(str(option["label"]) for option in options if option["selected"])
        return format_html(
            '<details class="jt-choices" data-choices="{}"><summary>{}</summary><div>{}</div></details>',
            self.nothing, chosen or self.nothing, boxes,
        )  # fmt: skip


class NamesField(forms.MultipleChoiceField):
    """Some of what exists. A stored value that exists no longer stays visible, and is refused by its name."""

    def __init__(self, *, nothing: Any, **kwargs: Any) -> None:
        super().__init__(required=False, widget=ChoicesWidget(nothing=nothing), **kwargs)

    def offer(self, known: Iterable[tuple[str, str]], *, stored: Sequence[str]) -> None:
        """What may be chosen, and after it what was chosen and is gone."""
        choices = dict(known)
        self.known = frozenset(choices)
        self.choices = [*choices.items(), *((value, value) for value in stored if value not in choices)]

    def validate(self, value: list[str]) -> None:
        """Names what does not exist."""
        if unknown := [name for name in value if name not in self.known]:
            raise ValidationError(_("없는 항목입니다: %(names)s") % {"names": ", ".join(unknown)})


class TermsForm(TenantForm):
    """What holds for all tiers."""

    base_kinds = forms.MultipleChoiceField(
        label=_("혜택을 주는 돈"), choices=LotKind.choices, initial=[LotKind.PURCHASE.value],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("결제에 쓴 돈 가운데 혜택을 계산할 돈입니다. 캐시백에만 적용합니다."),
    )  # fmt: skip

    steps = forms.Field(
        label=_("예산 소진에 따른 지급률"), required=False,
        help_text=_("예산을 그만큼 쓴 뒤의 결제에는 구간의 지급률에 이 비율을 곱합니다. 10% 구간에 50%이면 5%를 줍니다."),
    )  # fmt: skip

    class Meta:
        model = BenefitTerms
        fields: ClassVar = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        steps = list(zip(self.instance.step_percents, self.instance.step_factors, strict=False))
        if asked := self.fields.get("steps"):
            pairs = max(STEPS_OFFERED, len(steps) + 1)
            field = StepsField(pairs=pairs, label=asked.label, help_text=asked.help_text)
            self.fields["steps"] = field
            self.initial["steps"] = field.flat(steps)

    def clean(self) -> dict[str, Any]:
        """Budgets and steps are for cashback; steps need a budget, and the fund the policy's currency."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        policy, fund = cleaned.get("policy"), cleaned.get("own_fund")
        if policy and fund and fund.currency_id != policy.currency_id:
            self.add_error("own_fund", _("이 상품권의 재원만 고를 수 있습니다."))
        if policy and policy.kind != BenefitKind.CASHBACK:
            for name in ("budget_month", "budget_year", "steps"):
                if cleaned.get(name):
                    self.add_error(name, _("충전 혜택의 예산은 재원에 남은 금액입니다. 이 칸을 비우십시오."))
        if "steps" in cleaned:
            self.instance.step_percents = [used for used, factor in cleaned["steps"]]
            self.instance.step_factors = [factor for used, factor in cleaned["steps"]]
            if cleaned["steps"] and not (cleaned.get("budget_month") or cleaned.get("budget_year")):
                self.add_error("steps", _("월 예산이나 연 예산을 함께 입력하십시오."))
        return cleaned


class TierForm(TenantForm):
    """One fund's share and where it holds."""

    dong_names: ClassVar[Sequence[tuple[str, str]]] = ()
    category_names: ClassVar[Sequence[tuple[str, str]]] = ()
    funds: ClassVar[Sequence[tuple[Any, str]]] = ()

    rate = PercentField(label=_("지급률(%)"))
    dongs = NamesField(label=_("읍면동"), nothing=_("관내 전체"))
    categories = NamesField(label=_("업종"), nothing=_("모든 업종"))

    class Meta:
        model = BenefitTier
        fields: ClassVar = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(fund := self.fields.get("fund"), forms.ModelChoiceField):
            fund.widget.choices = [("", fund.empty_label), *self.funds]  # else each row would ask for them
        for name, known in (("dongs", self.dong_names), ("categories", self.category_names)):
            if isinstance(field := self.fields.get(name), NamesField):
                field.offer(known, stored=getattr(self.instance, name))

    def clean_dongs(self) -> list[str]:
        """A province offers the dongs of all its municipalities; the terms belong to one."""
        names: list[str] = self.cleaned_data["dongs"]
        terms = self.instance.terms
        if names and terms.municipality_id:
            there = Dong.objects.filter(municipality=terms.municipality_id, name__in=names)
            if unknown := set(names) - set(there.values_list("name", flat=True)):
                raise ValidationError(_("없는 항목입니다: %(names)s") % {"names": ", ".join(sorted(unknown))})
        return names

    def clean(self) -> dict[str, Any]:
        """Bounds in their order, a fund of the policy's currency, and of a top-up no shop."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for above, up_to in (("spend_above", "spend_up_to"), ("sales_above", "sales_up_to")):
            low, high = cleaned.get(above), cleaned.get(up_to)
            if low is not None and high is not None and high <= low:
                self.add_error(up_to, _("'초과' 금액보다 커야 합니다."))
        policy = self.instance.terms.policy if self.instance.terms.policy_id else None
        if policy is None:
            return cleaned
        fund = cleaned.get("fund")
        if fund and fund.currency_id != policy.currency_id:
            self.add_error("fund", _("이 상품권의 재원만 고를 수 있습니다."))
        if policy.kind != BenefitKind.CASHBACK:
            for name in ("sales_above", "sales_up_to", "dongs", "categories"):
                if cleaned.get(name) not in (None, []):
                    self.add_error(name, _("충전 혜택에는 가맹점 조건을 둘 수 없습니다."))
        return cleaned
