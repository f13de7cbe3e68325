"""환수 결정 조서: every column, the total in words, the boxes, the digest, and nobody's name in full."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reports.documents import decision, errors
from reports.documents.decision import Decision, DecisionDoesNotAddUp, decision_of, print_decision
from tests.factories import AT
from tests.factories.clawbacks import Desk, Till, paid_list, person
from tests.factories.lists import Office, make_office, submitted
from tests.reports.documents.papers import page_count, text
from vouchers.common.errors import NotPermitted
from vouchers.officials.rules import Role
from vouchers.officials.selectors import Authority
from vouchers.privacy.models import AccessAction, AccessRecord


@pytest.fixture
def office(db: None) -> Iterator[Office]:
    made = make_office(amount=120_000)
    with made.city.scope():
        yield made


@pytest.fixture
def desk(office: Office, tmp_path: Path) -> Desk:
    return Desk(office, tmp_path)


def words(pdf: bytes, folder: Path) -> str:
    return " ".join(text(pdf, folder).split())


def test_it_says_who_how_much_and_why(office: Office, desk: Desk, tmp_path: Path) -> None:
    paid = paid_list(office, rows=3)
    Till(office).pay(person(paid, 3).wallet_id, 50_000)
    done = desk.carry_out(desk.by_rows(paid, (2, 20_000), (3, None), reason="전출로 요건 미충족"))
    printed = print_decision(batch=done, at=AT, **office.acting(Role.APPROVER))
    said = words(printed, tmp_path)
    for column in ("연번", "성명", "생년월일", "지급일", "지급액", "환수액", "사유", "비고"):
        assert column in said
    assert "금140,000원(금일십사만원)" in said
    assert "총계 (2명) 240,000 140,000" in said
    assert "조례 제15조" in said
    assert "전출로" in said
    assert "전액 회수" in said
    assert "미회수 50,000" in said
    assert "이하 빈칸" in said
    assert "위와 같이 환수하고자 합니다. 끝." in said
    assert done.digest[:8] in said
    assert person(paid, 2).citizen_id is not None
    assert "가일" not in said  # masked
    assert all(str(office.officials[role].name) in said for role in (Role.DRAFTER, Role.REVIEWER, Role.APPROVER))
    assert page_count(printed, tmp_path) == 1
    access = AccessRecord.objects.get(action=AccessAction.PRINT)
    assert (access.count, access.subject) == (2, f"환수 결정 조서 batch {done.pk}")


def test_before_it_is_carried_out_nothing_is_said_of_the_outcome(office: Office, desk: Desk) -> None:
    waiting = submitted(office, desk.by_rows(paid_list(office, rows=1), (2, None)))
    (line,) = decision_of(waiting, at=AT).lines
    assert (line.note, line.taken, line.paid, line.amount) == ("", None, 120_000, 120_000)


def test_only_submitted_clawbacks_have_one_and_only_for_those_who_may(office: Office, desk: Desk) -> None:
    paid = paid_list(office, rows=1)
    draft = desk.by_rows(paid, (2, None))
    for batch in (paid, draft):
        with pytest.raises(errors.NoRegisterYet):
            print_decision(batch=batch, at=AT, **office.acting(Role.APPROVER))
    with pytest.raises(NotPermitted):
        print_decision(batch=draft, at=AT, official=office.officials[Role.PAYER], authority=Authority())


def test_a_long_one_is_refused(office: Office, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = submitted(office, desk.by_rows(paid_list(office, rows=2), (2, None), (3, None)))
    monkeypatch.setattr(decision, "LONGEST", 1)
    with pytest.raises(errors.DecisionTooLong):
        print_decision(batch=waiting, at=AT, **office.acting(Role.APPROVER))


def test_figures_that_do_not_add_up_are_never_printed(office: Office, desk: Desk) -> None:
    waiting = submitted(office, desk.by_rows(paid_list(office, rows=1), (2, None)))
    made = decision_of(waiting, at=AT)
    with pytest.raises(DecisionDoesNotAddUp):
        Decision(**{**vars(made), "total": made.total + 1})
